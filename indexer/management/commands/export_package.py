"""``manage.py export_package``: everything of a finished run as one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.packages.archive import package_of, workbook_of_run

WRITERS = {".zip": package_of, ".xlsx": workbook_of_run}


class Command(BaseCommand):
    """The same bytes as the run's page gives, of a run of any size."""

    help = "Write tables, codebook, method, manifest and verifier of a finished run to a ZIP or XLSX file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", type=int, help="number of the run, as in its address")
        parser.add_argument("--out", required=True, type=Path, help="file to write: .zip or .xlsx")

    def handle(self, *args: Any, **options: Any) -> None:
        out = options["out"]
        if out.suffix not in WRITERS:
            raise CommandError(f"{out} is neither .zip nor .xlsx: choose another --out.")
        run = Run.objects.filter(pk=options["run"]).first()
        if run is None or run.status != RunStatus.DONE:
            raise CommandError(f"Run {options['run']} is not there, or not computed yet.")
        out.write_bytes(WRITERS[out.suffix](run))
        self.stdout.write(f"Wrote {out}.")
