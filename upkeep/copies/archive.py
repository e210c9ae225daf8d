"""The file of a copy: a ZIP of one list of rows a table, and a head that says what must be in it.

Rows are JSON, one a line, so that the file outlives the program. The head comes last: only then are the
counts and checksums known, and a file that was cut short has none.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

FORMAT = "quanheng-copy/1"
HEAD = "copy.json"
# Of a thousand versions it takes a tenth of a megabyte; what a file of others packs there is not unpacked.
LONGEST_HEAD = 16_000_000
# The quickest level: what is large are numbers that no level makes much smaller.
LEVEL = 1
# What the library raises of a file that is damaged: in the bytes themselves, or in what its list says of how
# an entry is packed and locked, and of where it begins.
DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, OverflowError,
    KeyError, ValueError, TypeError, AttributeError,
)  # fmt: skip


class CopyError(Exception):
    """A copy cannot be made, read or put back; the message says why and what to do."""


@dataclass(frozen=True)
class Listed:
    """What the head says of a table; ``counter`` is the last number that it gave to a row, gone or not."""

    columns: list[str]
    rows: int
    sha256: str
    counter: int | None = None


@dataclass(frozen=True)
class Head:
    """What a copy is: who made it when, of which state of the tables, and what it holds."""

    made_at: str
    made_by: str
    database: str
    migrations: list[list[str]]
    chain_heads: list[dict[str, Any]]
    tables: dict[str, Listed]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(table.rows for table in self.tables.values())


def write_rows(archive: zipfile.ZipFile, name: str, lines: Iterable[bytes]) -> tuple[int, str]:
    """Write the rows of a table; return their number and checksum."""
    digest, rows = hashlib.sha256(), 0
    with archive.open(_entry(name), "w", force_zip64=True) as entry:
        for line in lines:
            digest.update(line)
            entry.write(line)
            rows += 1
    return rows, digest.hexdigest()


def write_head(archive: zipfile.ZipFile, head: Head) -> None:
    """Write what the file holds, which ends it."""
    archive.writestr(HEAD, json.dumps({"format": FORMAT, **asdict(head)}, ensure_ascii=False, indent=1))


def new_archive(file: IO[bytes]) -> zipfile.ZipFile:
    """Return an empty archive that is written into a file."""
    return zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)


def open_archive(path: str) -> zipfile.ZipFile:
    """Open a copy to read it.

    Raises
    ------
    CopyError
        When there is no such file, or it is no archive.
    """
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise CopyError(f"{path} cannot be read: {error.strerror}.") from error
    except DAMAGE as error:
        raise CopyError(f"{path} is not a whole copy made by manage.py backup: {error}.") from error


def read_head(archive: zipfile.ZipFile) -> Head:
    """Return what a copy says of itself.

    Raises
    ------
    CopyError
        When it is not a copy, or one of another format.
    """
    try:
        if archive.getinfo(HEAD).file_size > LONGEST_HEAD:
            raise CopyError(
                f"{archive.filename} is not a copy made by manage.py backup: its head is too long."
            )
        told = json.loads(archive.read(HEAD))
        if told.pop("format") != FORMAT:
            raise CopyError(
                f"{archive.filename} is of a format that this release does not read: use its own."
            )
        tables = {name: Listed(**listed) for name, listed in told.pop("tables").items()}
        return Head(**told, tables=tables)
    except DAMAGE as error:
        raise CopyError(f"{archive.filename} is not a copy made by manage.py backup: {error!r}.") from error


def lines_of(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield the rows of a table as they are written."""
    with archive.open(_entry(name)) as entry:
        yield from entry


def faults_of(archive: zipfile.ZipFile, head: Head) -> Iterator[str]:
    """Yield every table whose rows are not those that the head lists, in plain words."""
    for name, listed in head.tables.items():
        digest, rows = hashlib.sha256(), 0
        try:
            for line in lines_of(archive, name):
                digest.update(line)
                rows += 1
        except DAMAGE as error:
            yield f"{name} cannot be read: {error}"
            continue
        if (rows, digest.hexdigest()) != (listed.rows, listed.sha256):
            yield f"{name} holds {rows} rows that are not the {listed.rows} of when the copy was made"


def _entry(table: str) -> str:
    return f"{table}.jsonl"
