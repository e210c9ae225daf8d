"""The units of a file of data as rows of a register that is made of them."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from indexer.intake.hints import Hints
from indexer.intake.registers import MAX_UNITS, CityRow
from indexer.intake.shapes import whole_columns
from indexer.intake.sheets import without_marks
from weighting.exceptions import Refused
from weighting.readers.columns import Column
from weighting.readers.languages import names_by_script
from weighting.readers.table import Table

# ID, Hospital ID, Country Code, iso3, 编号.
CODE_HEAD = re.compile(r"(?:^|[\s_.-])(?:id|code|key|iso[23]?)$|(?:代码|编码|编号)$", re.IGNORECASE)
LONGEST_CODE, LONGEST_NAME = 20, 200
MOST_BLOCKERS = 50
# A column groups units if it says one thing of so many of them.
MOSTLY = 0.9


@dataclass(frozen=True)
class UnitTable:
    """A file with its column of units, those of indicators, and labels that are no units, as of sums.

    ``labels`` are units as they were read: several columns may have the head of theirs, or none.
    """

    table: Table
    unit_column: str
    labels: Collection[str]
    indicators: Collection[str] = ()
    left_out: Collection[str] = ()
    # A unit then stands in several rows, and its group may be spelt otherwise in one of them.
    has_years: bool = False

    def columns(self) -> dict[str, Column]:
        """Return every column by its head."""
        return dict(zip(*whole_columns(self.table), strict=True))

    def names(self) -> list[str]:
        """Return the unit of each row, '' where there is none, without the marks of footnotes."""
        heads, columns = whole_columns(self.table)
        alike = [column for head, column in zip(heads, columns, strict=True) if head == self.unit_column]
        known = set(self.labels)
        best = max(alike or columns, key=lambda column: len(known.intersection(column)))
        names = without_marks(list(best), Hints(), self.table.decisions)
        return ["" if name in self.left_out else name for name in names]


@dataclass(frozen=True)
class UnitFacts:
    """The columns that say one thing of each unit: what could be its code, and what could group it."""

    unit_count: int
    samples: Sequence[str]
    codes: Sequence[str]
    groups: Sequence[str]

    @property
    def likely_code(self) -> str:
        """The first column of codes that is called one; '' where none is."""
        return next(filter(CODE_HEAD.search, self.codes), "")


def facts_of_units(file: UnitTable) -> UnitFacts:
    """Return what a file says of its units, of all of its years."""
    names = file.names()
    units = list(dict.fromkeys(filter(None, names)))
    codes, groups = [], []
    for head, column in file.columns().items():
        if not head or head == file.unit_column or head in file.indicators:
            continue
        texts = _one_each(names, column)
        different = len(set(texts.values()))
        if different == len(units) and all(len(text) <= LONGEST_CODE for text in texts.values()):
            codes.append(head)
        elif (
            len(texts) >= MOSTLY * len(units)
            and 1 < different < len(units)
            and not any(text[:1].isdigit() for text in texts.values())
        ):
            groups.append(head)
    return UnitFacts(len(units), units[:3], codes, groups)


def _one_each(names: Sequence[str], column: Column) -> dict[str, str]:
    """Return the text that a column has for each unit, none of a unit with several or with a gap."""
    found: dict[str, str] = {}
    several = set()
    for name, text in zip(names, column, strict=True):
        if name and found.setdefault(name, text.strip()) != text.strip():
            several.add(name)
    return {name: text for name, text in found.items() if text and name not in several}


def rows_of_units(
    file: UnitTable, *, everything: tuple[str, str], code: str = "", group: str = ""
) -> list[CityRow]:
    """Return each unit of a file once, of all of its years, in the order of the rows.

    ``code`` and ``group`` are heads of columns. The groups stand where provinces do, which also tells
    units of one name apart; a unit without one stands in ``everything``, the Chinese and English name of
    the register. Raises `Refused` naming every code that two units have, and what is too long.
    """
    columns, names = file.columns(), file.names()
    if unknown := [head for head in (code, group) if head and head not in columns]:
        message = _("The file has no column “%(name)s”. It has: %(columns)s.")
        heads = _(", ").join(filter(None, columns))
        raise Refused(*(message % {"name": head, "columns": heads} for head in unknown))
    codes = columns[code] if code else [""] * len(names)
    groups = columns[group] if group else [""] * len(names)
    rows_of = Counter(file.labels)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for name, own_code, own_group in zip(names, codes, groups, strict=True):
        key = ("" if file.has_years and rows_of[name] < 2 else own_group.strip(), name)
        if name and not (known := found.get(key, ("", "")))[0]:
            found[key] = (own_code.strip(), known[1] or own_group.strip())
    rows = [_row(name, code, group, everything) for (_key, name), (code, group) in found.items()]
    _check_told_apart(rows_of, Counter(name for _key, name in found))
    _check(rows)
    return rows


def _row(name: str, code: str, group: str, everything: tuple[str, str]) -> CityRow:
    place = names_by_script(group) if group else everything
    return CityRow(*names_by_script(name), *place, *everything, code=code)


def _check_told_apart(rows: Mapping[str, int], units: Mapping[str, int]) -> None:
    """Refuse to make one unit of several that have one name; both say how many there are of a name."""
    message = _(
        "“%(name)s” stands in %(rows)d rows. If these are several units, choose the column that groups them "
        "and tells them apart; else delete the rows that are too many, or tell them apart in the file."
    )
    alike = [name for name in units if rows[name] > units[name]]
    if alike:
        raise Refused(*(message % {"name": name, "rows": rows[name]} for name in alike[:MOST_BLOCKERS]))


def _check(rows: list[CityRow]) -> None:
    if not rows:
        raise Refused(_("The file has no units. Choose the column that names them in the mapping."))
    if len(rows) > MAX_UNITS:
        raise Refused(_("The file has more than %(most)d units. Split it.") % {"most": MAX_UNITS})
    blockers = []
    holders: dict[str, str] = {}
    for row in rows:
        if max(len(row.own_name), len(row.province)) > LONGEST_NAME:
            message = _("“%(name)s…” is too long for a name. Shorten it in the file.")
            blockers.append(message % {"name": row.own_name[:60]})
        if len(row.code) > LONGEST_CODE:
            message = _("“%(code)s…” is too long for a code. Choose another column of codes, or none.")
            blockers.append(message % {"code": row.code[:40]})
        elif row.code and (holder := holders.setdefault(row.code, row.own_name)) != row.own_name:
            message = _(
                "The code %(code)s stands with %(name)s and with %(other)s. Choose another column of codes, "
                "or none."
            )
            blockers.append(message % {"code": row.code, "name": holder, "other": row.own_name})
    if blockers:
        raise Refused(*blockers[:MOST_BLOCKERS])
