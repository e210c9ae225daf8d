"""Put a copy into an empty, migrated database: ``manage.py restore FILE``."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from upkeep.copies.archive import CopyError
from upkeep.copies.backup import check_copy
from upkeep.copies.restore import restore_copy
from upkeep.management.noted_heads import read_heads


class Command(BaseCommand):
    # They load all pages, which takes as long as the rest of a start.
    requires_system_checks = []
    help = "Load a file made by manage.py backup, on either database: all of it, checked, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--heads", metavar="FILE", help="as for verify_versions")
        parser.add_argument(
            "--check", action="store_true", help="read the file to its end and restore nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        heads = read_heads(options["heads"]) if options["heads"] else ()
        try:
            head = check_copy(name) if options["check"] else restore_copy(name, heads=heads)
        except CopyError as error:
            raise CommandError(str(error)) from error
        done = "is whole" if options["check"] else "is restored, and everything in it holds"
        made = f"made {head.made_at} by {head.made_by}"
        self.stdout.write(f"{name} {done}: {head.rows} rows in {len(head.tables)} tables, {made}.")
