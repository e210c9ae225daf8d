"""Drop what can be computed again: ``manage.py prune --days N``."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from upkeep.pruning import facts_to_prune, prune, runs_to_prune, studies_to_prune


class Command(BaseCommand):
    # They load all pages, which takes as long as the rest of a start.
    requires_system_checks = []
    help = (
        "Drop studies of nothing published, facts of large rankings that are not, and rankings by other"
        " methods than their data set's own, that ended some days ago. Each leaves the hash of its result in"
        " the log and can be computed again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", metavar="N", type=int, required=True, help="how long ago they ended")
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and drop nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        if days < 0:
            raise CommandError(f"--days is {days}: it counts back from now, so that it is 0 or more.")
        if options["dry_run"]:
            studies, runs = studies_to_prune(days=days).count(), runs_to_prune(days=days).count()
            facts = facts_to_prune(days=days).count()
            self.stdout.write(
                f"{studies} studies and {runs} rankings would be dropped, and the facts of {facts} rankings."
            )
            return
        gone = prune(days=days, actor=None)
        self.stdout.write(
            f"{gone.studies} studies and {gone.runs} rankings are dropped,"
            f" and the facts of {gone.facts} rankings."
        )
        if gone.kept:
            self.stdout.write(f"{gone.kept} stay: they are in use again, or something else rests on them.")
