"""Tables of every shape to one: a row for each unit, a column for each indicator, of one year."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from django.utils.translation import gettext as _

from indexer.intake.hints import Hints, unit_key
from indexer.intake.roles import (
    TOTAL_WORDS,
    YEAR_WORDS,
    count_known,
    find_index,
    find_indicator,
    find_unit,
    find_value,
    find_word,
    find_years,
    folded,
    is_another_in_each_row,
)
from indexer.intake.years import settle_suffix, settle_year, years_of_heads
from indexer.names import fold_name
from weighting.numeric.arrays import IntArray
from weighting.readers.columns import Column, Packed, held, pick_rows
from weighting.readers.decisions import Decisions
from weighting.readers.numbers import looks_numeric
from weighting.readers.table import Table

MOST_CHOICES = 50
MERGED = 0.4
# Rows whose units are as different as that hold some of one name, and not one unit by sex or measure.
FEW_ALIKE = 0.9
# Heads and cells of SDMX with their labels: REF_AREA: Reference area, ALB: Albania.
LABELLED = re.compile(r"([^\s:]+)\s*:\s+\S.*")
OF_SDMX = {"TIME_PERIOD", "OBS_VALUE"}


@dataclass(frozen=True, eq=False)
class Shaped:
    """Units and lines, (rows,), and the columns beside them under their heads."""

    units: list[str]
    lines: list[int]
    heads: list[str]
    columns: list[Column]
    layout: str
    unit_column: str
    unread: list[str] = field(default_factory=list)
    # Every year of the file, where it has several.
    years: tuple[str, ...] = ()


@dataclass(eq=False)
class _Frame:
    """A table while it is brought into shape: heads and columns that may still go."""

    heads: list[str]
    columns: list[Column]
    lines: list[int]
    unread: list[str] = field(default_factory=list)
    years: tuple[str, ...] = ()

    def drop(self, places: set[int]) -> None:
        kept = [place for place in range(len(self.heads)) if place not in places]
        self.heads = [self.heads[place] for place in kept]
        self.columns = [self.columns[place] for place in kept]

    def keep_rows(self, rows: IntArray) -> None:
        if len(rows) < len(self.lines):
            self.columns = pick_rows(self.columns, rows)
            self.lines = [self.lines[row] for row in rows.tolist()]


def shape_table(table: Table, hints: Hints, decisions: Decisions) -> Shaped:
    """Bring a wide or a long table, with years in rows or in columns, into one shape."""
    frame = _Frame(*whole_columns(table), list(table.lines))
    _drop_index(frame, decisions)
    _turn(frame, hints, decisions)
    by_column = _take_year_of_columns(frame, hints, decisions)
    whole = list(frame.columns)
    years = _take_year_of_rows(frame, hints, decisions)
    value = by_column if by_column is not None else find_value(frame.heads, frame.columns)
    indicator = None if value is None else find_indicator(frame.heads, frame.columns, hints)
    repeats = indicator is not None and value is not None
    units = find_unit(
        *(frame.heads, frame.columns, hints, decisions),
        repeats=repeats,
        # What tells the rows of one year apart may do so by chance.
        tells_apart=lambda place: is_another_in_each_row(whole[place], years),
    )
    _name_beside(frame, units, hints, decisions)
    _name_above(frame, units, decisions)
    is_long = indicator is not None and value is not None and len({units, indicator, value}) == 3
    if is_long and indicator is not None and value is not None:
        shape = decisions.settle("shape", "long", how="likely", options=["long", "wide"])
        if shape == "long":
            return _long(frame, units, indicator, value, decisions)
    _settle_repeats(frame, [units], decisions)
    return _wide(frame, units, hints, decisions)


def whole_columns(table: Table) -> tuple[list[str], list[Column]]:
    """Return the heads and columns of a table as they are named in shape, before anything is left out."""
    frame = _Frame(named_once(table.header), list(table.columns), list(table.lines))
    _split_dimensions(frame)
    _take_codes(frame)
    return frame.heads, frame.columns


def named_once(header: Sequence[str]) -> list[str]:
    """Return the heads, of two alike the second with a number that no other bears."""
    taken, seen = set(header), Counter[str]()
    names = []
    for head in header:
        seen[head] += 1
        name = head
        if head and seen[head] > 1:
            while (name := f"{head} ({seen[head]})") in taken:
                seen[head] += 1
            taken.add(name)
        names.append(name)
    return names


def _split_dimensions(frame: _Frame) -> None:
    """Take Eurostat's first column apart: freq,unit,geo\\TIME_PERIOD."""
    if not frame.heads or "\\" not in frame.heads[0]:
        return
    names = frame.heads[0].rpartition("\\")[0].split(",")
    parts = [text.split(",") for text in frame.columns[0]]
    if all(len(part) == len(names) for part in parts):
        frame.heads = [name.strip() for name in names] + frame.heads[1:]
        apart: list[Column] = [[part[place] for part in parts] for place in range(len(names))]
        frame.columns = apart + frame.columns[1:]


def _take_codes(frame: _Frame) -> None:
    """Leave the labels out of an SDMX file that gives them behind every code."""
    heads = [LABELLED.fullmatch(head) for head in frame.heads]
    if not {match[1] for match in heads if match} >= OF_SDMX:
        return
    for place, match in enumerate(heads):
        frame.heads[place] = match[1] if match else frame.heads[place]
        column = frame.columns[place]
        if isinstance(column, Packed):
            continue
        codes = {text: LABELLED.fullmatch(text) for text in set(column) - {""}}
        if codes and all(codes.values()):
            frame.columns[place] = [code[1] if (code := codes.get(text)) else "" for text in column]


def _turn(frame: _Frame, hints: Hints, decisions: Decisions) -> None:
    """Turn a table whose columns are units and whose rows are indicators."""
    named = [place for place, head in enumerate(frame.heads) if unit_key(head) in hints.units]
    label = _column_of_indicators(frame, named, hints) if len(named) > 1 else None
    if label is None:
        return
    options = ["transposed", "wide"]
    samples = [frame.heads[place] for place in named]
    if decisions.settle("shape", "transposed", how="likely", options=options, samples=samples) == "wide":
        return
    frame.unread += [head for place, head in enumerate(frame.heads) if place not in named and place != label]
    rows = range(len(frame.lines))
    heads = [frame.columns[label][row] for row in rows]
    columns: list[Column] = [[frame.columns[place][row] for place in named] for row in rows]
    # Every unit stands in the row of heads.
    frame.lines = [frame.lines[0] - 1] * len(named)
    frame.heads, frame.columns = ["unit", *heads], [samples, *columns]


def _column_of_indicators(frame: _Frame, named: Sequence[int], hints: Hints) -> int | None:
    """Return the column beside those that are ``named`` as units which has most names of indicators.

    None where there is no such name, or as many units in one of the columns as are named.
    """
    texts = {
        place: column
        for place, column in enumerate(frame.columns)
        if place not in named and not isinstance(column, Packed)
    }
    known = {
        place: sum(fold_name(text) in hints.leaves for text in column) for place, column in texts.items()
    }
    label = max(known, key=lambda place: known[place], default=None)
    if label is None or not known[label]:
        return None
    units = (count_known(frame.heads[place], column, hints)[0] for place, column in texts.items())
    return label if max(units) < len(named) else None


def _drop_index(frame: _Frame, decisions: Decisions) -> None:
    place = find_index(frame.heads, frame.columns) if len(frame.heads) > 2 else None
    if place is None:
        return
    if decisions.settle("index", "left out", how="likely", options=["left out", "kept"]) == "left out":
        frame.unread.append(frame.heads[place])
        frame.drop({place})


def _take_year_of_columns(frame: _Frame, hints: Hints, decisions: Decisions) -> int | None:
    """Keep the columns of one year; return the place of the values where the years stood alone."""
    found = years_of_heads(frame.heads, hints, decisions)
    if not found:
        return None
    year = settle_year([year for _stem, year in found.values()], hints, decisions)
    frame.years = tuple(sorted({year for _stem, year in found.values()}))
    stems = {place: stem for place, (stem, of) in found.items() if of == year}
    _name_by_stems(frame, stems, {head for place, head in enumerate(frame.heads) if place not in found})
    gone = found.keys() - stems.keys()
    bare = next((place for place, stem in stems.items() if not stem), None)
    before = 0 if bare is None else sum(place < bare for place in gone)
    frame.unread += [frame.heads[place] for place in sorted(gone)]
    frame.drop(gone)
    return None if bare is None else bare - before


def _name_by_stems(frame: _Frame, stems: Mapping[int, str], others: Collection[str]) -> None:
    """Name columns without the year in their heads, but for two of one stem."""
    counts = Counter(stems.values())
    for place, stem in stems.items():
        # Beside a column of that name, which is of no year, it keeps its own.
        if stem and counts[stem] == 1 and stem not in others:
            frame.heads[place] = stem


def _take_year_of_rows(frame: _Frame, hints: Hints, decisions: Decisions) -> list[str] | None:
    """Keep the rows of one year; return that of each row there was, None where no column says years."""
    for place, head in enumerate(frame.heads):
        years = find_years(head, frame.columns[place], decisions)
        if years is not None:
            year = settle_year(years, hints, decisions)
            different = tuple(sorted(set(years)))
            frame.years = different if len(different) > 1 else frame.years
            frame.keep_rows(np.array([row for row, of in enumerate(years) if of == year], dtype=int))
            frame.unread.append(head)
            # What stands at this place now is the year of every row that is left.
            frame.columns[place] = [""] * len(frame.lines)
            frame.heads[place] = ""
            return years
    return None


def _name_beside(frame: _Frame, unit: int, hints: Hints, decisions: Decisions) -> None:
    """Name units whose code is empty or not known by the column beside that has most known names."""
    codes = frame.columns[unit]
    unknown = [row for row, text in enumerate(codes) if unit_key(text) not in hints.units]
    if not unknown or isinstance(codes, Packed):
        return
    # A country or a class may be called as some unit is, and names none.
    least = len(set(codes)) / 2
    known = {
        place: count_known(frame.heads[place], column, hints)[0]
        for place, column in enumerate(frame.columns)
        if place != unit and not isinstance(column, Packed) and len(set(column)) >= least
    }
    most = max(known.values(), default=0)
    if not most:
        return
    beside = next(place for place, count in known.items() if count == most)
    names = frame.columns[beside]
    samples = [names[row] for row in unknown]
    options = [frame.heads[beside], "-"]
    if decisions.settle("unit_beside", options[0], how="likely", options=options, samples=samples) == "-":
        return
    frame.columns[unit] = list(codes)
    for row in unknown:
        frame.columns[unit][row] = names[row] or codes[row]  # type: ignore[index]


def _name_above(frame: _Frame, unit: int, decisions: Decisions) -> None:
    """Name rows without a unit by the one above, by choice: a merged cell names its first row alone."""
    names = frame.columns[unit]
    if isinstance(names, Packed) or not names or not names[0]:
        return
    others = [column for place, column in enumerate(frame.columns) if place != unit]
    holds = held(others, len(names)).tolist()
    blank = [row for row, name in enumerate(names) if not name and holds[row]]
    # A few without a name lack one.
    if len(blank) < MERGED * len(names):
        return
    above: list[str] = list(accumulate(names, _last_named))
    samples = [_("row %(row)d: %(unit)s") % {"row": frame.lines[row], "unit": above[row]} for row in blank]
    if decisions.settle("fill", "", how="open", options=["above", "kept"], samples=samples) == "above":
        frame.columns[unit] = [above[row] if holds[row] else name for row, name in enumerate(names)]


def _last_named(last: str, name: str) -> str:
    return name or last


def _settle_repeats(frame: _Frame, keys: Sequence[int], decisions: Decisions) -> None:
    """Ask for one value of each column that tells rows of the same unit apart, such as sex or measure.

    Where hardly any unit stands in several rows, these are units of one name.
    """
    names = set(zip(*(frame.columns[key] for key in keys), strict=True))
    if len(names) > FEW_ALIKE * len(frame.lines) and not _is_any_chosen(decisions):
        return
    for place, head in enumerate(frame.heads):
        pairs = list(zip(*(frame.columns[key] for key in keys), strict=True))
        if len(set(pairs)) == len(pairs):
            return
        column = frame.columns[place]
        different = [] if place in keys else _choices_in(head, column)
        if not different:
            continue
        if len(set(zip(pairs, column, strict=True))) < len(pairs) and not _is_chosen(head, decisions):
            continue
        chosen = decisions.settle("only", "", how="open", subject=head, options=different, samples=different)
        if chosen:
            frame.keep_rows(np.flatnonzero([text == chosen for text in column]))


def _choices_in(head: str, column: Column) -> list[str]:
    """Return the few different texts of a column with a name and no numbers: by these rows may differ."""
    if not head or isinstance(column, Packed):
        return []
    different = sorted(set(column))
    is_number = folded(head) not in YEAR_WORDS and looks_numeric(column)
    return different if 2 <= len(different) <= MOST_CHOICES and not is_number else []


def _is_any_chosen(decisions: Decisions) -> bool:
    return any(key.startswith("only:") for key in decisions.choices)


def _is_chosen(head: str, decisions: Decisions) -> bool:
    return f"only:{head}" in decisions.choices


def _wide(frame: _Frame, unit: int, hints: Hints, decisions: Decisions) -> Shaped:
    renamed = settle_suffix(frame.heads, hints, decisions)
    for place, stem in renamed.items():
        frame.heads[place] = stem
    places = [
        place for place, head in enumerate(frame.heads) if place != unit and not _is_spent(frame, place)
    ]
    return Shaped(
        units=list(frame.columns[unit]),
        lines=frame.lines,
        heads=[frame.heads[place] for place in places],
        columns=[frame.columns[place] for place in places],
        layout="wide",
        unit_column=frame.heads[unit],
        unread=frame.unread,
        years=frame.years,
    )


def _is_spent(frame: _Frame, place: int) -> bool:
    """Tell a column that has no name and nothing in it."""
    return (
        not frame.heads[place]
        and not isinstance(frame.columns[place], Packed)
        and not any(frame.columns[place])
    )


class _Spread:
    """Cells of a long table as they come, by unit and indicator."""

    def __init__(self) -> None:
        self.units: list[str] = []
        self.lines: list[int] = []
        self.cells: dict[str, dict[int, str]] = {}
        self._places: dict[tuple[str, int], int] = {}
        # The first row of a unit that is free for an indicator, so that no search grows with the repeats.
        self._again: Counter[tuple[str, str]] = Counter()

    def put(self, label: str, head: str, text: str, line: int) -> None:
        time = self._again[label, head]
        self._again[label, head] += 1
        row = self._places.get((label, time))
        if row is None:
            row = self._places[label, time] = len(self.units)
            self.units.append(label)
            self.lines.append(line)
        self.cells.setdefault(head, {})[row] = text


def _long(frame: _Frame, unit: int, indicator: int, value: int, decisions: Decisions) -> Shaped:
    """Turn (unit, indicator, value[, total]) into a wide table.

    A second value of the same cell begins a second row of its unit, so that it is seen and
    settled as two rows of one unit are in a wide table.
    """
    _settle_repeats(frame, [unit, indicator], decisions)
    total = find_word(frame.heads, TOTAL_WORDS - {folded(frame.heads[unit])})
    spread = _Spread()
    totals: dict[str, tuple[str, int]] = {}
    rows = zip(frame.columns[unit], frame.columns[indicator], frame.columns[value], frame.lines, strict=True)
    for place, (label, head, text, line) in enumerate(rows):
        spread.put(label, head, text, line)
        if total is not None and frame.columns[total][place]:
            totals.setdefault(head, (frame.columns[total][place], line))
    for head, (text, line) in totals.items():
        spread.put(frame.heads[total or 0], head, text, line)
    used = {unit, indicator, value, total}
    unread = [head for place, head in enumerate(frame.heads) if place not in used and head]
    return Shaped(
        units=spread.units,
        lines=spread.lines,
        heads=list(spread.cells),
        columns=[_spread(found, len(spread.units)) for found in spread.cells.values()],
        layout="long",
        unit_column=frame.heads[unit],
        unread=[*frame.unread, *unread],
        years=frame.years,
    )


def _spread(found: Mapping[int, str], height: int) -> Column:
    return [found.get(row, "") for row in range(height)]
