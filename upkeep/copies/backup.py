"""Make a copy: one moment of the whole database, written while the product runs, and read again."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from django.utils import timezone

from upkeep.copies.archive import (
    CopyError,
    Head,
    Listed,
    faults_of,
    new_archive,
    open_archive,
    read_head,
    write_head,
    write_rows,
)
from upkeep.copies.snapshot import migrations_here, one_moment
from upkeep.copies.tables import all_tables
from upkeep.evidence import faults_of_store
from weighting.selectors.version_chain import all_heads


@dataclass(frozen=True)
class Made:
    """A copy, and what does not hold in the store that it is a copy of."""

    head: Head
    faults: Sequence[str]


def write_copy(file: IO[bytes]) -> Made:
    """Write a copy of the database, as it is at one moment, into a file."""
    with one_moment(), new_archive(file) as archive:
        migrations = migrations_here()
        tables = {
            table.name: Listed(
                table.columns, *write_rows(archive, table.name, table.lines()), counter=table.counter()
            )
            for table in all_tables()
        }
        head = Head(
            made_at=timezone.now().isoformat(timespec="seconds"),
            made_by=settings.CODE_VERSION,
            database=connection.vendor,
            migrations=migrations,
            chain_heads=[asdict(head) for head in all_heads()],
            tables=tables,
        )
        write_head(archive, head)
        return Made(head, list(faults_of_store()))


def write_copy_to(path: Path) -> Made:
    """Write a copy to a new file that only its owner may read, and read it again.

    Raises
    ------
    CopyError
        When the file is there already, cannot be written, or is not what was written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    if path.exists():
        raise CopyError(f"{path} is there already: name another file, or remove it first.")
    try:
        with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "wb") as file:
            made = write_copy(file)
            file.flush()
            os.fsync(file.fileno())
        check_copy(str(draft))
        # Only a file that is whole bears the name that was asked for.
        draft.rename(path)
    except OSError as error:
        raise CopyError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return made


def write_next_copy(folder: Path, *, keep: int) -> tuple[Path, Made]:
    """Write a copy that is named for its time, and remove the oldest beyond so many.

    As long as the store does not hold, none is removed: the last that did is among them.
    """
    path = folder / f"quanheng-{timezone.now():%Y%m%dT%H%M%SZ}.zip"
    made = write_copy_to(path)
    if not made.faults:
        for old in sorted(folder.glob("quanheng-*.zip"))[:-keep]:
            old.unlink()
    return path, made


def check_copy(path: str) -> Head:
    """Read a copy to its end; return what it says of itself.

    Raises
    ------
    CopyError
        When it does not hold what it says.
    """
    with open_archive(path) as archive:
        head = read_head(archive)
        if faults := list(faults_of(archive, head)):
            raise CopyError(f"{path} is damaged: {'; '.join(faults)}. Use another copy.")
        return head
