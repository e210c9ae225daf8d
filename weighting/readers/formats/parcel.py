"""A file as the layouts of programs look at it: its parts, and the table that it is by itself."""

import re
import zipfile
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO

from weighting.readers.decisions import Decisions
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import ARCHIVE
from weighting.readers.table import Reading, Table
from weighting.readers.workbook import SheetLimits, SheetRows, read_sheet

BOOK = "xl/workbook.xml"
LONGEST_LIST = 1024 * 1024
SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*?\bname=\"([^\"]*)\"")
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, KeyError
)  # fmt: skip
# What programs pack tables with. Other ways may ask for as much memory as a file says.
PACKED_BY = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def parts_of(data: bytes) -> frozenset[str]:
    """Return the names within an archive; none of any other file."""
    if not data.startswith(ARCHIVE):
        return frozenset()
    try:
        return frozenset(zipfile.ZipFile(BytesIO(data)).namelist())
    except UNREADABLE:
        return frozenset()


@dataclass(frozen=True, eq=False)
class Parcel:
    """The bytes of a file and how it is read; ``as_it_stands`` reads the one table that bytes hold.

    ``most_bytes`` a table within it may have, unpacked: as many as a file of its own.
    """

    data: bytes
    log: ProblemLog
    reading: Reading
    sheets: SheetLimits
    as_it_stands: Callable[[bytes], Table | None]
    most_bytes: int

    @property
    def kind(self) -> str:
        """What the file is sent in as: framework, weights, data."""
        return self.reading.kind

    @property
    def decisions(self) -> Decisions:
        return self.reading.decisions

    @cached_property
    def plain(self) -> Table | None:
        """The table as it stands, read once."""
        return self.as_it_stands(self.data)

    @cached_property
    def parts(self) -> frozenset[str]:
        """The names within an archive."""
        return parts_of(self.data)

    @cached_property
    def names_of_sheets(self) -> tuple[str, ...]:
        """The sheets of a workbook, as its list of them spells them: to tell whose it is, not to read it."""
        listed = self.part(BOOK, LONGEST_LIST) if BOOK in self.parts else None
        return tuple(found.decode("utf-8", "replace") for found in SHEET.findall(listed or b""))

    def part(self, path: str, most: int) -> bytes | None:
        """Return a part; None where it is damaged, locked, packed oddly or larger than ``most`` bytes."""
        try:
            with zipfile.ZipFile(BytesIO(self.data)) as archive:
                if archive.getinfo(path).compress_type not in PACKED_BY:
                    return None
                with archive.open(path) as part:
                    content = part.read(most + 1)
        except UNREADABLE:
            return None
        return content if len(content) <= most else None

    def sheet(self, name: str) -> SheetRows:
        """Return a sheet of a workbook by its name, with what its formulas came to."""
        return read_sheet(self.data, self.log, replace(self.sheets, takes_formulas=True), name)


@dataclass(frozen=True)
class Format:
    """The layout of a program: how it is told, as which kinds of table it comes in, how it gives one.

    ``is_only`` where the file is nothing that could be read as it stands.
    """

    name: str
    kinds: Collection[str]
    tells: Callable[[Parcel], bool]
    table: Callable[[Parcel], Table | None]
    is_only: bool = False
