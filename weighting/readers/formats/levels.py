"""A list of indicators with a column for each level of the tree: Pillar, Indicator, or 一级指标, 二级指标.

Whatever its columns are called, a list without codes and parents that begins with names of which each groups
those beside it is one, too. A group is written where it begins or in each of its rows; a row that goes no
further than a group is about the group itself. Levels without codes are given letters and numbers: A1, B1,
C1.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import accumulate
from string import ascii_uppercase

from weighting.readers.columns import Column
from weighting.readers.formats.parcel import Format, Parcel
from weighting.readers.heads import columns_called
from weighting.readers.table import Table, as_known, with_heads

# What groups are called, level by level from the top.
GROUPS = (
    "subindex 子指数 分指数 分项指数 准则层",
    "pillar dimension goal domain theme category topic component group 维度 领域 支柱 分类 类别 指标类别"
    " pilier volet thème domaine catégorie pilar dimensión tema ámbito säule themenfeld bereich",
    "subpillar subdimension subgoal subdomain subtheme subcategory subtopic subgroup 子维度 子类"
    " souspilier sousvolet sousthème sousdomaine souscatégorie subpilar subdimensión subtema",
)
LEVELS = {word: level for level, words in enumerate(GROUPS) for word in words.split()}
INDICATOR = {
    *("indicator", "indicators", "indicatorname", "variable", "metric"),
    *("指标", "指标名称", "具体指标", "基础指标", "指标层"),
    *("indicateur", "indicador", "indikator", "indicatore"),
}
NUMBERED = re.compile(r"(?:level|tier)([1-6])|([一二三四五六1-6])级(?:指标)?(?:名称)?")
NUMERALS = "一二三四五六"
WEIGHT = re.compile(r".*(?:weight|权重).*", re.IGNORECASE)
# What a row is called that adds up the weights of the others.
SUMS = {"total", "totals", "subtotal", "sum", "grandtotal", "合计", "总计", "小计", "总和"}
LEFT_OUT, KEPT = "left out", "kept"
BETWEEN_WORDS = re.compile(r"[\s_-]+")


@dataclass(frozen=True)
class _Entry:
    """A node by the names from the top down to it; ``first`` names it first, ``row`` is about it, if any."""

    path: tuple[str, ...]
    level: int
    first: int
    row: int | None = None


def levels_of(header: Sequence[str]) -> list[int]:
    """Return the columns of the levels, the top one first; none where parents are named, or no levels."""
    if "parent" in header or "parent" in columns_called(header, ("parent",)).values():
        return []
    words = [_folded(head) for head in header]
    numbered = {
        place: _number(found) for place, word in enumerate(words) if (found := NUMBERED.fullmatch(word))
    }
    named = {place: LEVELS[word] for place, word in enumerate(words) if word in LEVELS}
    indicator = [place for place, word in enumerate(words) if word in INDICATOR][:1]
    groups = sorted(numbered or named, key=lambda place: ((numbered or named)[place], place))
    levels = [*groups, *indicator]
    return levels if len(levels) > 1 and (numbered or indicator) and groups else []


def _folded(name: str) -> str:
    return BETWEEN_WORDS.sub("", name).casefold()


def _number(found: re.Match[str]) -> int:
    said = found[1] or found[2]
    return NUMERALS.index(said) + 1 if said in NUMERALS else int(said)


def _tells(parcel: Parcel) -> bool:
    return parcel.plain is not None and bool(_levels(parcel.plain, parcel.kind))


def _levels(table: Table, kind: str) -> list[int]:
    """Return the columns of the levels by their heads, or else by what they hold."""
    return levels_of(table.header) or (_nested(table) if kind == "framework" else [])


def _nested(table: Table) -> list[int]:
    """Return the first columns, where each groups the next and the last names every row in a way of its own.

    None where a column holds codes, or by whatever name the parents of what another one names.
    """
    if {*table.header, *columns_called(table.header, ("code", "parent")).values()} & {"code", "parent"}:
        return []
    groups = [""] * len(table.lines)
    for place, column in enumerate(table.columns):
        if all(column) and len({*column}) == len(column):
            is_tree = place and all(map(_is_name, column)) and not _has_parents(table, {*column})
            return list(range(place + 1)) if is_tree else []
        # A merged cell is written once.
        names = list(accumulate(column, lambda above, cell: cell or above))
        if not all(map(_is_name, names)) or not _divide(groups, names):
            return []
        groups = names
    return []


def _has_parents(table: Table, names: Set[str]) -> bool:
    """Whether a column says nothing but names of rows, as one does that tells what each is part of."""
    said = ({*column} - {""} for column in table.columns)
    return any(names > cells for cells in said if cells)


def _divide(groups: Sequence[str], names: Sequence[str]) -> bool:
    """Whether these are more groups than those, and each of them lies within one of those."""
    found = len({*names})
    return found > len({*groups}) and len({*zip(groups, names, strict=True)}) == found


def _is_name(cell: str) -> bool:
    return any(map(str.isalpha, cell))


def _table(parcel: Parcel) -> Table | None:
    table = parcel.plain
    assert table is not None  # noqa: S101  (it was told by its header)
    table = with_heads(table, ("code",))
    levels = _levels(table, parcel.kind)
    # “Indicator” names a level here; elsewhere it may stand for a code.
    others = ["" if place in levels else head for place, head in enumerate(table.header)]
    called = columns_called(others, ("code",))
    table = replace(table, header=tuple(called.get(place, head) for place, head in enumerate(table.header)))
    give = _framework if parcel.kind == "framework" else _weights
    return give(table, levels, _entries(table, levels))


def _entries(table: Table, levels: Sequence[int]) -> list[_Entry]:
    """Return the nodes; a group stands where it is named first, which is above all that is of it."""
    found: dict[tuple[str, ...], _Entry] = {}
    twice: list[_Entry] = []
    for row, names in _named(table, levels):
        path: tuple[str, ...] = ()
        for level, name in enumerate(names):
            if name:
                path = (*path, name)
                found.setdefault(path, _Entry(path, level, row))
        if found[path].row is None:
            found[path] = replace(found[path], row=row)
        else:
            # Two rows of one name may have codes of their own; if not, who reads the tree says so.
            twice.append(replace(found[path], first=row, row=row))
    return [*found.values(), *twice]


def _named(table: Table, levels: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that name something, with the names of all levels; merged cells are written once."""
    before = [""] * len(levels)
    sums = _sums(table, levels)
    for row in range(len(table.lines)):
        names = [table.columns[place][row] for place in levels]
        first = next((level for level, name in enumerate(names) if name), None)
        if first is not None and row not in sums:
            before = [*before[:first], *names[first:]]
            yield row, before


def _sums(table: Table, levels: Sequence[int]) -> set[int]:
    """Return the rows that name nothing but a sum, likely to be left out."""
    named = [
        [name for place in levels if (name := table.columns[place][row])] for row in range(len(table.lines))
    ]
    sums = {row for row, names in enumerate(named) if len(names) == 1 and _folded(names[0]) in SUMS}
    if not sums:
        return sums
    samples = [named[row][0] for row in sorted(sums)]
    options = (LEFT_OUT, KEPT)
    chosen = table.decisions.settle("sums", LEFT_OUT, how="likely", options=options, samples=samples)
    return sums if chosen == LEFT_OUT else set()


def _framework(table: Table, levels: Sequence[int], entries: Sequence[_Entry]) -> Table:
    """Return code, parent and name of each node, and whatever else its row says but its weight."""
    codes = _codes(table, entries)
    code_of = {entry.path: code for entry, code in zip(reversed(entries), reversed(codes), strict=True)}
    others = []
    for place, head in enumerate(table.header):
        if WEIGHT.fullmatch(head):
            table.decisions.settle("extra", LEFT_OUT, how="likely", subject=head, options=(LEFT_OUT,))
        elif place not in levels and head != "code":
            others.append(place)
    return replace(
        table,
        header=("code", "parent", "name", *(table.header[place] for place in others)),
        columns=[
            codes,
            [code_of.get(entry.path[:-1], "") for entry in entries],
            [entry.path[-1] for entry in entries],
            *(_cells(table, place, entries) for place in others),
        ],
        lines=[table.lines[entry.first] for entry in entries],
    )


def _codes(table: Table, entries: Sequence[_Entry]) -> list[str]:
    """Return the code of each node: its row's, else the letter of its level with a number."""
    codes = _given_codes(table, entries)
    taken, counts = set(codes), Counter[int]()
    for place, entry in enumerate(entries):
        while not codes[place]:
            counts[entry.level] += 1
            made = f"{ascii_uppercase[entry.level]}{counts[entry.level]}"
            codes[place] = "" if made in taken else made
    return codes


def _weights(table: Table, levels: Sequence[int], entries: Sequence[_Entry]) -> Table:
    """Return what weighs each node, by its code or else its name; a level may have its weights beside it."""
    weights = [place for place, head in enumerate(table.header) if WEIGHT.fullmatch(head)]
    if len(weights) > 1 and {place + 1 for place in levels} >= set(weights):
        column = [_beside(table, levels[entry.level], weights, entry) for entry in entries]
        return _weighed(table, entries, ("local_weight",), [column])
    # A group that no row is about has no weight here.
    own = [entry for entry in entries if entry.row is not None]
    header = tuple(table.header[place] for place in weights)
    if len(weights) == 1:
        groups = {entry.path[:-1] for entry in entries}
        is_local = any(entry.path in groups for entry in own)
        header = (_settle_weight(table, header[0], "local_weight" if is_local else "global_weight"),)
    return _weighed(table, own, header, [_cells(table, place, own) for place in weights])


def _weighed(
    table: Table, entries: Sequence[_Entry], header: Sequence[str], columns: Sequence[Column]
) -> Table:
    """Return nodes, each by its code or else its name, with the columns of their weights."""
    codes = zip(_given_codes(table, entries), entries, strict=True)
    return replace(
        table,
        header=("code", *header),
        columns=[[code or entry.path[-1] for code, entry in codes], *columns],
        lines=[table.lines[entry.first] for entry in entries],
    )


def _settle_weight(table: Table, head: str, likely: str) -> str:
    """Settle what a column of weights is: likely local ones where groups have some, too."""
    options = ("local_weight", "global_weight")
    known = as_known((head,), options)[0]
    known = columns_called((known,), options).get(0, known)
    if known in options:
        return known
    return table.decisions.settle("extra", likely, how="likely", subject=head, options=options)


def _beside(table: Table, level: int, weights: Sequence[int], entry: _Entry) -> str:
    return table.columns[level + 1][entry.first] if level + 1 in weights else ""


def _given_codes(table: Table, entries: Sequence[_Entry]) -> list[str]:
    if "code" not in table.header:
        return [""] * len(entries)
    return _cells(table, table.header.index("code"), entries)


def _cells(table: Table, place: int, entries: Sequence[_Entry]) -> list[str]:
    """Return what a column says of each node, (nodes,), '' of a group that no row is about."""
    return ["" if entry.row is None else table.columns[place][entry.row] for entry in entries]


FORMAT = Format("levels", ("framework", "weights"), _tells, _table)
