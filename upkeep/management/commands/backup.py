"""Write the whole database, as it is at one moment, into one file: ``manage.py backup FILE``."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from upkeep.copies.archive import CopyError
from upkeep.copies.backup import write_copy, write_copy_to

STANDARD_OUTPUT = "-"


class Command(BaseCommand):
    help = "Copy the database to a file while the product runs; it can be restored into either database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a new file, or - for standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        try:
            made = write_copy(sys.stdout.buffer) if name == STANDARD_OUTPUT else write_copy_to(Path(name))
        except CopyError as error:
            raise CommandError(str(error)) from error
        # Beside the file, not in it.
        self.stderr.write(
            f"{name}: {len(made.head.tables)} tables, {made.head.rows} rows.", self.style.SUCCESS
        )
        if name == STANDARD_OUTPUT:
            self.stderr.write("It was not read again: check the file with manage.py restore --check FILE.")
        if made.faults:
            raise CommandError(
                "The copy is whole, but the store is not, so that it cannot be restored as it is:"
                f" {'; '.join(made.faults)}. Compare it with an earlier one."
            )
