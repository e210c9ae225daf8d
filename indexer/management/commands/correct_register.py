"""``manage.py correct_register``: a file that makes the next edition of a register."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from indexer.models import Register
from indexer.services.register_editions import CorrectionFile, correct_register
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.models.named import names_key
from weighting.readers import FileProblems


class Command(BaseCommand):
    help = (
        "Correct a register that is in use: what the cells of a file say takes the place of what its units "
        "said; data and results that are there keep what they were computed with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name-zh", default="", help="of the register")
        parser.add_argument("--name-en", default="", help="the same; one of the two is enough")
        parser.add_argument("--reason", required=True, help="why, for readers of earlier results")
        parser.add_argument("--add", action="store_true", help="add the units that are not there")
        parser.add_argument("--account", required=True, help="user name of who corrects")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(username=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account {options['account']!r}.")
        register = Register.objects.filter(**names_key(options["name_zh"], options["name_en"])).first()
        if register is None:
            raise CommandError(f"There is no register {options['name_zh'] or options['name_en']!r}.")
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(str(error)) from error
        file = CorrectionFile(content, options["file"].name)
        said = {"reason": options["reason"], "adds": options["add"]}
        try:
            edition = correct_register(register, file=file, **said, actor=account)
        except FileProblems as found:
            raise CommandError(str(found)) from found
        except Refused as refusal:
            raise CommandError("\n".join(refusal.blockers)) from refusal
        count = edition.corrections.count()
        told = f"{register.name}, edition {edition.number}: {count} corrected, {edition.added} added"
        self.stdout.write(told)
