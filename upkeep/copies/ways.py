"""Up to this release, with a copy before; and back to what such a copy holds."""

from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from upkeep.copies.archive import CopyError, Head
from upkeep.copies.backup import (
    BEFORE_GOING_BACK,
    BEFORE_UPGRADE,
    copies_of,
    make_folder,
    next_name,
    remove_oldest,
    write_copy_of_any_state,
    write_copy_to,
)
from upkeep.copies.beside import database_beside, refuse_while_used
from upkeep.copies.rebuild import rebuild
from upkeep.copies.snapshot import state_here
from upkeep.database import owns_tables

FOLDER = settings.VAR_DIR / "copies"
# As many upgrades back as are promised; each may be as large as the database.
KEPT = 2


def upgrade(folder: Path, *, verbosity: int = 1) -> Path | None:
    """Migrate to this release; return the copy that was made before, if there was anything to copy.

    Raises
    ------
    CopyError
        When the database is of a later release, or no copy can be made: nothing is migrated then.
    """
    state = state_here()
    copy = copy_before(folder, BEFORE_UPGRADE) if state.migrations and state.is_behind else None
    call_command("migrate", interactive=False, verbosity=verbosity)
    return copy


def last_copy(folder: Path) -> Path:
    """Return the copy that was made before the last upgrade.

    Raises
    ------
    CopyError
        When there is none.
    """
    found = copies_of(folder, BEFORE_UPGRADE)
    if not found:
        raise CopyError(f"{folder} holds no copy that an upgrade made. Name the file of a copy.")
    return found[-1]


def go_back(path: Path, head: Head, folder: Path) -> Path | None:
    """Put a copy of this or an older release in the place of the database; return a copy of what was there.

    Raises
    ------
    CopyError
        When the product still runs, or the copy does not come out whole: nothing is changed then.
    """
    refuse_unfit_place()
    copy = copy_before(folder, BEFORE_GOING_BACK) if state_here().migrations else None
    with database_beside():
        rebuild(str(path), head)
    return copy


def refuse_unfit_place() -> None:
    """Refuse a database that is in use, or of which this role may not replace the tables.

    Raises
    ------
    CopyError
        When it is so.
    """
    refuse_while_used()
    if state_here().migrations and not owns_tables():
        raise CopyError(
            "This role does not own the tables. Go back as their owner: with the DATABASE_URL that migrates."
        )


def copy_before(folder: Path, kind: str) -> Path:
    """Copy a database of any release before what may change it; return the copy, the last of its kind."""
    make_folder(folder)
    path = next_name(folder, kind)
    write_copy_to(path, write_copy_of_any_state)
    remove_oldest(folder, kind, keep=KEPT)
    return path
