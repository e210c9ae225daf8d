"""Bring the database to this release, with a copy before: ``manage.py upgrade``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from upkeep.copies.archive import CopyError
from upkeep.copies.ways import FOLDER, upgrade


class Command(BaseCommand):
    help = "Copy the database to a file that manage.py go_back brings back, and migrate it to this release."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--into", metavar="FOLDER", type=Path, default=FOLDER, help="where copies lie")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            copy = upgrade(options["into"], verbosity=options["verbosity"])
        except CopyError as error:
            raise CommandError(f"Nothing was upgraded. {error}") from error
        if copy:
            self.stdout.write(
                f"The database as it was before is kept in {copy}; manage.py go_back brings it back. Where a"
                " round was open it holds ballots: delete it once you do not want to go back."
            )
