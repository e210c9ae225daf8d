"""Load a dump made by ``manage.py dumpdata`` into an empty store, and check it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connection, transaction

from weighting.immutability import drop_triggers, install_triggers
from weighting.models import WeightVersion


class Command(BaseCommand):
    help = "Load a dump of dumpdata into an empty store: all of it, checked, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dump", metavar="FILE")
        parser.add_argument("--heads", metavar="FILE", help="as for verify_versions")

    def handle(self, *args: Any, **options: Any) -> None:
        if WeightVersion.objects.exists():
            raise CommandError("This store holds weight versions already: restore into an empty one.")
        with transaction.atomic():
            # loaddata writes a frozen version before its weights, which the triggers refuse.
            drop_triggers(DEFAULT_DB_ALIAS)
            call_command("loaddata", options["dump"], verbosity=options["verbosity"])
            connection.check_constraints()
            install_triggers(DEFAULT_DB_ALIAS)
            call_command("verify_versions", heads=options["heads"], verbosity=0)
