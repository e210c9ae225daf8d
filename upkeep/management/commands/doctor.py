"""Say what is wrong with this installation and what to do: ``manage.py doctor``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from upkeep.doctor.examination import examine, worst_of
from upkeep.doctor.finding import Level

WORDS = {Level.FINE: "fine ", Level.LOOK: "LOOK ", Level.WRONG: "WRONG"}


class Command(BaseCommand):
    help = "Say what is wrong with this installation and what to do; exit 1 when something is."
    # What it would refuse to start over is what it is to tell of.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        parts = examine()
        for part in parts:
            for finding in part.findings:
                self.stdout.write(f"{WORDS[finding.level]}  {part.name}: {finding.text}")
                if finding.remedy:
                    self.stdout.write(f"       -> {finding.remedy}")
        if worst_of(parts) == Level.WRONG:
            raise CommandError("Not everything is as it should be: see WRONG above.")
