"""A file of units to checked rows of a register."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _

from indexer.intake.mapping import UnitNames
from indexer.names import normalise_unit_name
from weighting.readers import ProblemLog, Source, Table, check_header, choose_columns, read_table
from weighting.readers.columns import Column, Packed
from weighting.readers.decisions import Decisions
from weighting.readers.figures import Figures, read_figures
from weighting.readers.languages import in_both, names_by_script
from weighting.readers.table import as_form

COLUMNS = (
    *("name_zh", "name_en", "code", "province_zh", "province_en", "region_zh", "region_en"),
    *("aliases", "latitude", "longitude"),
)
# Of a file that corrects: what a unit was called before.
WAS = "was"
# The same names in the one language that there is.
EITHER = ("name", "province", "region")
KNOWN = (*COLUMNS, *EITHER)
# What a request may take; a command takes as many as there is memory for.
MAX_UNITS = 200_000
# The cells of a unit as texts, what is written of it, and where its names stand.
BYTES_A_UNIT = 1_500
RANGES = {"latitude": 90.0, "longitude": 180.0}
# Further columns of groups begin so, as in COINr; what follows is the code, and perhaps the language.
GROUP_COLUMN = re.compile(r"group_(?P<code>.+?)(?:_(?P<language>zh|en))?", re.IGNORECASE)
GROUPING_CODE = re.compile(r"[^\W_][\w-]{0,39}")
# What stands before or beside groupings in addresses and methods.
RESERVED = ("province", "region", "unit", "rank")
MOST_GROUPINGS = 20
NO_GROUPS: Mapping[str, tuple[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CityRow:
    """A line of a register file; of each pair of names one may be empty.

    ``groups`` are the Chinese and English name of its group under each further grouping, by the code.
    """

    name_zh: str
    name_en: str
    province_zh: str
    province_en: str
    region_zh: str
    region_en: str
    aliases: tuple[str, ...] = ()
    code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    groups: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    # What a unit that is to be corrected was called, and whether the line itself says where it lies.
    was: str = ""
    says_province: bool = True
    says_region: bool = True

    @property
    def names(self) -> tuple[str, str]:
        return self.name_zh, self.name_en

    @property
    def own_name(self) -> str:
        """What the unit is known by within its province."""
        return self.name_zh or self.name_en

    @property
    def province(self) -> str:
        return self.province_zh or self.province_en

    @property
    def region(self) -> str:
        return self.region_zh or self.region_en


def operator_units() -> int:
    """Return how many units an operator may have read from the server's own disk."""
    return settings.IMPORT_MEMORY_MB * 1_000_000 // BYTES_A_UNIT


def read_register(
    source: Source,
    name: str,
    *,
    everything: tuple[str, str],
    decisions: Decisions | None = None,
    corrects: bool = False,
    most: int = MAX_UNITS,
) -> Sequence[CityRow]:
    """Read name, name_zh or name_en or both, any other of `KNOWN`, any column ``group_…``; CSV or XLSX.

    A file that ``corrects`` may have the column ``was``, too: what a unit was called before.

    A unit without a province stands in its region's, one without a region in its province's, and
    one with neither in ``everything``, the Chinese and English name of the register.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    known = (*KNOWN, WAS) if corrects else KNOWN
    table = read_table(source, log, as_form(decisions, "register"), heads=known)
    rows: Sequence[CityRow] = []
    if table is not None:
        table = choose_columns(table, log, (*known, *_group_columns(table)), _groupings_offered(table, known))
    further = _group_columns(table) if table else {}
    if table and check_header(table, log, required=_names_in(table), optional=(*known, *further)):
        _check_groupings(further, log)
        rows = RegisterRows(table, further, read_figures(table, RANGES, log), everything)
        rows.check(log, most)
    log.raise_if_any()
    return rows


class RegisterRows(Sequence[CityRow]):
    """The lines of a register file, each made when it is asked for: all of a million take a gigabyte."""

    def __init__(
        self,
        table: Table,
        further: Mapping[str, tuple[str, str]],
        degrees: Mapping[str, Figures],
        everything: tuple[str, str],
    ) -> None:
        self._table, self._further, self._degrees = table, further, degrees
        self._everything = everything
        self._columns = dict(zip(table.header, table.columns, strict=True))
        self._absent = dict.fromkeys((*KNOWN, WAS), "")

    def __len__(self) -> int:
        return len(self._table.lines)

    def __getitem__(self, place: Any) -> Any:
        """Return one line."""
        if not 0 <= place < len(self):
            raise IndexError(place)
        cells = self._cells(place)
        name_zh, name_en = in_both(cells, "name")
        levels = {level: in_both(cells, level) for level in ("province", "region")}
        province = next(filter(any, (levels["province"], levels["region"])), self._everything)
        region = next(filter(any, (levels["region"], levels["province"])), self._everything)
        latitude, longitude = (self._degrees_of(place, column) for column in RANGES)
        return CityRow(
            name_zh=name_zh,
            name_en=name_en,
            province_zh=province[0],
            province_en=province[1],
            region_zh=region[0],
            region_en=region[1],
            aliases=tuple(filter(None, map(str.strip, cells["aliases"].split(";")))),
            code=cells["code"],
            latitude=latitude,
            longitude=longitude,
            groups=_groups(cells, self._further) if self._further else NO_GROUPS,
            was=cells[WAS],
            says_province=any(levels["province"]),
            says_region=any(levels["region"]),
        )

    def check(self, log: ProblemLog, most: int) -> None:
        """Note what is wrong with any line, and that there are none, or too many."""
        first: dict[tuple[str, ...], int] = {}
        repeated = self._repeated()
        for place, (line, row) in enumerate(zip(self._table.lines, self, strict=True)):
            self._check_line(place, line, row, log)
            for column, key in _once(row):
                if hash(key) in repeated and first.setdefault((column, *key), line) != line:
                    message = _told_twice(column) % {"first": first[column, *key]}
                    log.add(message, row=line, column=column, value=key[-1])
            if place == most:
                log.add(_("The file has more than %(most)d units. Split it.") % {"most": most})
                return
        if not len(self):
            log.add(_("The file has no rows of data. Add one for each unit."))

    def _check_line(self, place: int, line: int, row: CityRow, log: ProblemLog) -> None:
        for column in RANGES:
            text = self._columns[column][place] if column in self._columns else ""
            if text:
                self._check_degrees(place, line, column, text, log)
        if not row.own_name:
            log.add(_("The unit has no name. Fill it in."), row=line, column="name_zh", value="")
        if (row.latitude is None) != (row.longitude is None):
            log.add(_("Latitude and longitude go together: give both or neither."), row=line)

    def _check_degrees(self, place: int, line: int, column: str, text: str, log: ProblemLog) -> None:
        if complaint := self._degrees[column].complaints.get(place):
            log.add(complaint, row=line, column=column, value=text)
        if abs(self._degrees[column].values[place]) > RANGES[column]:
            message = _("Degrees lie between -%(most)d and %(most)d. Correct the value.")
            log.add(message % {"most": RANGES[column]}, row=line, column=column, value=text)

    def _repeated(self) -> set[int]:
        """Return the hashes of names and codes that may stand in several lines, the only ones to look at."""
        hashes = np.fromiter((hash(key) for row in self for _column, key in _once(row)), dtype=np.int64)
        hashes.sort()
        return set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())

    def _cells(self, place: int) -> dict[str, str]:
        return self._absent | {name: column[place] for name, column in self._columns.items()}

    def _degrees_of(self, place: int, column: str) -> float | None:
        if column not in self._columns or not self._columns[column][place]:
            return None
        degrees = float(self._degrees[column].values[place])
        return degrees if abs(degrees) <= RANGES[column] else None


def _once(row: CityRow) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what no two lines may share, with the column that it is told of."""
    # Names that differ in what nobody sees look like one unit that is there twice.
    seen = tuple(map(normalise_unit_name, (row.province, row.own_name)))
    for column, key in (("name_zh", seen), ("code", (row.code,))):
        if key[-1]:
            yield column, key


def _told_twice(column: str) -> str:
    if column == "code":
        return _("The same stands in row %(first)d. Keep one of the rows.")
    return _(
        "A unit of this name stands in row %(first)d, in the same group. Keep one of the rows, or let the "
        "column of their groups tell them apart."
    )


def names_of(rows: Sequence[CityRow]) -> list[UnitNames]:
    """Return the units of a register file as they are found by their names; the first name stands for one."""
    return [
        UnitNames(
            key=str(place),
            label=row.own_name,
            shown=row.name_en or row.name_zh,
            names=tuple(filter(None, (row.name_zh, row.name_en))),
            aliases=row.aliases,
            codes=(row.code,) if row.code else (),
        )
        for place, row in enumerate(rows)
    ]


def _names_in(table: Table) -> tuple[str, ...]:
    """Return the columns of names that a register file has; of one with neither, the one it needs first."""
    return tuple(name for name in ("name_zh", "name_en", "name") if name in table.header) or ("name",)


def _group_columns(table: Table) -> dict[str, tuple[str, str]]:
    """Return the columns of further groupings: the code of each, and the language or ''."""
    found = {head: GROUP_COLUMN.fullmatch(head) for head in table.header}
    return {
        head: (match["code"], (match["language"] or "").lower()) for head, match in found.items() if match
    }


def _groupings_offered(table: Table, known: Collection[str]) -> dict[str, str]:
    """Return the grouping that each column of groups might be which is called in words of its own.

    Groups have several units each; a column with another text in every row has none.
    """
    offered: dict[str, str] = {}
    for head, column in zip(table.header, table.columns, strict=True):
        code = re.sub(r"[^\w-]+", "_", head).strip("_-")[:40]
        is_free = head not in known and not GROUP_COLUMN.fullmatch(head)
        if is_free and GROUPING_CODE.fullmatch(code) and code.lower() not in RESERVED and _repeats(column):
            offered[head] = f"group_{code}"
    return offered


def _repeats(column: Column) -> bool:
    texts = [] if isinstance(column, Packed) else list(filter(None, column))
    return 0 < len(set(texts)) < len(texts)


def _check_groupings(further: Mapping[str, tuple[str, str]], log: ProblemLog) -> None:
    """Note what cannot be the code of a grouping, and more groupings than there may be."""
    for head, (code, _language) in further.items():
        if not GROUPING_CODE.fullmatch(code) or code.lower() in RESERVED:
            message = _(
                "After group_ write a name of at most 40 letters, digits, _ and -, but none of %(taken)s."
            )
            log.add(message % {"taken": _(", ").join(RESERVED)}, row=1, column=head, value=code)
    if len({code for code, _language in further.values()}) > MOST_GROUPINGS:
        message = _("The file has more than %(most)d columns of groups. Delete the others.")
        log.add(message % {"most": MOST_GROUPINGS}, row=1)


def _groups(cells: Mapping[str, str], further: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return the Chinese and English name of the groups that a line names, by the code of the grouping."""
    named: dict[str, tuple[str, str]] = {}
    for head, (code, language) in further.items():
        text = cells[head]
        said = {"zh": (text, ""), "en": ("", text)}.get(language) or names_by_script(text)
        before = named.get(code, ("", ""))
        named[code] = (said[0] or before[0], said[1] or before[1])
    return {code: names for code, names in named.items() if any(names)}
