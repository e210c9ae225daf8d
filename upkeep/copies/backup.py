"""Make a copy: one moment of the whole database, written while the product runs, and read again."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO
from zipfile import ZipFile

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
from upkeep.copies.heads import heads_in
from upkeep.copies.snapshot import State, current_state, one_moment, state_here
from upkeep.copies.tables import all_tables
from upkeep.evidence import faults_of_store

# What copies are made for, as their names begin.
DAILY, BEFORE_UPGRADE, BEFORE_GOING_BACK = "quanheng", "before-upgrade", "before-going-back"
IN_NAMES = "%Y%m%dT%H%M%S"
# Releases up to 0.2.0 called some by the microsecond.
OWN_NAME = re.compile(r"[a-z-]+-(\d{8}T\d{6})\d{0,6}Z\.zip", re.ASCII)


@dataclass(frozen=True)
class Made:
    """A copy, and what does not hold in the store that it is a copy of."""

    head: Head
    faults: Sequence[str]


def write_copy(file: IO[bytes]) -> Made:
    """Write a copy of the database, as it is at one moment, into a file."""
    with one_moment(), new_archive(file) as archive:
        return Made(_write_tables(archive, current_state()), list(faults_of_store()))


def write_copy_of_any_state(file: IO[bytes]) -> Made:
    """Write a copy of a database that may be of an older release, whose rules this one does not know."""
    with one_moment(), new_archive(file) as archive:
        return Made(_write_tables(archive, state_here()), [])


def _write_tables(archive: ZipFile, state: State) -> Head:
    tables = {
        table.name: Listed(
            table.columns, *write_rows(archive, table.name, table.lines()), counter=table.counter()
        )
        for table in all_tables(state.apps)
    }
    head = Head(
        made_at=timezone.now().isoformat(timespec="seconds"),
        made_by=settings.CODE_VERSION,
        database=connection.vendor,
        migrations=state.migrations,
        chain_heads=heads_in(state.apps),
        tables=tables,
    )
    write_head(archive, head)
    return head


def write_copy_to(path: Path, write: Callable[[IO[bytes]], Made] = write_copy) -> Made:
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
            made = write(file)
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


def make_folder(folder: Path) -> None:
    """Make a folder of copies, for its owner alone, unless there is one.

    Raises
    ------
    CopyError
        When it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CopyError(f"{folder} cannot be made: {error.strerror}.") from error


def write_next_copy(folder: Path, *, keep: int) -> tuple[Path, Made]:
    """Write a copy that is named for its time, and remove the oldest beyond so many.

    As long as the store does not hold, none is removed: the last that did is among them.
    """
    make_folder(folder)
    path = next_name(folder, DAILY)
    made = write_copy_to(path)
    if not made.faults:
        remove_oldest(folder, DAILY, keep=keep)
    return path, made


def next_name(folder: Path, kind: str) -> Path:
    """Return how the next copy of a kind is called: for its time, and after those that there are.

    A clock that ran ahead and was put right says an earlier time than the last copy bears. Called by it, the
    new one would pass for the oldest, and go as such.
    """
    later = [time + timedelta(seconds=1) for path in copies_of(folder, kind) if (time := _time_of(path))]
    return folder / f"{kind}-{max([timezone.now(), *later]):{IN_NAMES}}Z.zip"


def copies_of(folder: Path, kind: str) -> list[Path]:
    """Return the copies of a kind in a folder, in the order in which they were made; no other file."""
    return sorted(path for path in folder.glob(f"{kind}-*.zip") if _time_of(path))


def remove_oldest(folder: Path, kind: str, *, keep: int) -> None:
    """Remove the oldest copies of a kind beyond so many."""
    for old in copies_of(folder, kind)[:-keep]:
        old.unlink()


def _time_of(path: Path) -> datetime | None:
    """Return the time that a copy is called for; None where somebody called a file otherwise."""
    try:
        return datetime.strptime(OWN_NAME.sub(r"\1", path.name), IN_NAMES).replace(tzinfo=UTC)
    except ValueError:
        return None


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
