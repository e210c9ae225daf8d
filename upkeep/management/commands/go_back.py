"""Back from an upgrade: ``manage.py go_back``, by the release that is to be left."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from upkeep.copies.archive import CopyError, Head
from upkeep.copies.backup import check_copy
from upkeep.copies.since import changed_since
from upkeep.copies.snapshot import OWN_APPS
from upkeep.copies.ways import FOLDER, go_back, last_copy, refuse_unfit_place


class Command(BaseCommand):
    # They load all pages, which takes as long as the rest of a start.
    requires_system_checks = []
    help = (
        "Put a copy of an older release in the place of the database: what was made since is said, and lost"
        " to that release. Stop the product first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", nargs="?", type=Path, help="a copy; by default that of the last upgrade"
        )
        parser.add_argument("--into", metavar="FOLDER", type=Path, default=FOLDER, help="where copies lie")
        parser.add_argument("--yes", action="store_true", help="ask nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            path = options["file"] or last_copy(options["into"])
            head = check_copy(str(path))
            refuse_unfit_place()
            self._say_what_is_lost(path, head)
            if not (options["yes"] or self._agreed()):
                raise CommandError("Nothing was changed.")
            kept = go_back(path, head, options["into"])
        except CopyError as error:
            raise CommandError(f"Nothing was changed. {error}") from error
        self._say_what_was_done(head, kept)

    def _say_what_is_lost(self, path: Path, head: Head) -> None:
        since = changed_since(str(path), head)
        self.stdout.write(f"{path}: made {head.made_at}, {head.rows} rows in {len(head.tables)} tables.")
        if not since:
            self.stdout.write("The database holds the same: nothing is lost.")
            return
        self.stdout.write("Since then, by people or by the upgrade itself, and lost to the older release:")
        for table in since:
            told = f"{table.made} made, {table.changed} changed, {table.removed} removed"
            self.stdout.write(f"  {table.name}: {told}")

    def _agreed(self) -> bool:
        try:
            return input("Go back to it? Write yes: ").strip().lower() == "yes"
        except EOFError as error:
            raise CommandError("Nobody answers: give --yes. Nothing was changed.") from error

    def _say_what_was_done(self, head: Head, kept: Path | None) -> None:
        own = [(app, f"{app}.{name}") for app, name in head.migrations if app in OWN_APPS]
        last = " and ".join(dict(own).values())
        self.stdout.write(
            f"The database is what it was {head.made_at}; every row was compared with the copy. Before you"
            f" start the product, check out the release whose last migrations are {last}: this one would"
            " upgrade it again."
        )
        if kept:
            self.stdout.write(f"What is lost to that release is kept in {kept}.")
