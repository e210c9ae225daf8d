"""Write the whole database, as it is at one moment, into one file: ``manage.py backup FILE``.

``manage.py backup --into FOLDER --keep N`` is for the clock: one more copy, of which the newest N stay.
"""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from upkeep.copies.archive import CopyError
from upkeep.copies.backup import Made, write_copy, write_copy_to, write_next_copy

STANDARD_OUTPUT = "-"


class Command(BaseCommand):
    # They load all pages, which takes as long as the rest of a start.
    requires_system_checks = []
    help = "Copy the database to a file while the product runs; it can be restored into either database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        place = parser.add_mutually_exclusive_group(required=True)
        place.add_argument("file", metavar="FILE", nargs="?", help="a new file, or - for standard output")
        place.add_argument("--into", metavar="FOLDER", help="a folder of copies, each named for its time")
        parser.add_argument("--keep", metavar="N", type=int, default=14, help="with --into: how many stay")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] < 1:
            raise CommandError(f"--keep is {options['keep']}: at least the new copy must stay.")
        try:
            name, made = self._write(options)
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

    def _write(self, options: dict[str, Any]) -> tuple[Path | str, Made]:
        if options["into"]:
            return write_next_copy(Path(options["into"]), keep=options["keep"])
        name = options["file"]
        return name, self._stream() if name == STANDARD_OUTPUT else write_copy_to(Path(name))

    def _stream(self) -> Made:
        try:
            made = write_copy(sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except OSError as error:
            # What is still held would be written once more at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise CopyError(
                f"What takes the copy broke off ({error.strerror}): no whole copy was made, throw it away."
            ) from error
        return made
