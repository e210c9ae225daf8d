"""``manage.py follow_framework``: which framework another is the next edition of, and by which codes."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from weighting.exceptions import Refused
from weighting.models import Account
from weighting.readers import FileProblems
from weighting.readers.former_codes import read_former_codes
from weighting.selectors.frameworks import frameworks_owned_by, frameworks_visible_to
from weighting.services.framework_kin import follow_framework


class Command(BaseCommand):
    help = (
        "Say which framework another one is the next edition of, so that years of both go on with each other."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("framework", type=int, help="number of the later edition")
        parser.add_argument("--of", type=int, help="number of the edition before; if none, it follows none")
        parser.add_argument("--codes", type=Path, help="code, was: of those that are called otherwise now")
        parser.add_argument("--account", required=True, help="user name of who says so")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(username=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account {options['account']!r}.")
        framework = frameworks_owned_by(account).filter(pk=options["framework"]).first()
        source = frameworks_visible_to(account).filter(pk=options["of"]).first()
        if framework is None or (options["of"] and source is None):
            number = options["of"] if framework else options["framework"]
            raise CommandError(f"{account.username} has no framework {number}.")
        path = options["codes"]
        try:
            was = read_former_codes(path, path.name) if path else {}
            follow_framework(framework, source=source, was=was, actor=account)
        except FileProblems as found:
            raise CommandError(str(found)) from found
        except Refused as refusal:
            raise CommandError("\n".join(refusal.blockers)) from refusal
        before = f"follows {source.pk}" if source else "follows none"
        self.stdout.write(f"{framework.pk} {before}")
