"""Check every frozen version in the store: ``manage.py verify_versions [--heads FILE]``."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from upkeep.evidence import check_evidence
from upkeep.management.noted_heads import read_heads
from weighting.selectors.version_chain import all_heads


class Command(BaseCommand):
    # They load all pages, which takes as long as the rest of a start.
    requires_system_checks = []
    help = (
        "Say whether every frozen version is still what it was frozen as, and every run belongs to its own;"
        " exit 1 when one does not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--heads",
            metavar="FILE",
            help="heads noted earlier (--print-heads, or /api/v1/weight-versions/heads/): "
            "a chain that lost its tail looks whole without them",
        )
        parser.add_argument("--print-heads", action="store_true", help="print the heads and check nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print_heads"]:
            self.stdout.write(json.dumps([asdict(head) for head in all_heads()], indent=2))
            return
        broken = 0
        for holds, text in check_evidence(heads=read_heads(options["heads"]) if options["heads"] else ()):
            broken += not holds
            if not holds or options["verbosity"] > 0:
                self.stdout.write(("holds:  " if holds else "FAILS:  ") + text)
        if broken:
            raise CommandError(
                f"Checks that fail: {broken}. Do not publish from this store: compare it with a backup."
            )
        self.stdout.write("Everything holds.")
