"""``manage.py import_register``: a file of units to a new register, or to one that is there."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from indexer.intake.registers import operator_units
from indexer.models import Register
from indexer.services.registers import RegisterWords, import_countries, import_register
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.models.named import names_key
from weighting.readers import FileProblems


class Command(BaseCommand):
    help = (
        "Import a register of units: name_zh or name_en, and optional code, province, region, coordinates, "
        "and further groups in columns such as group_income."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument(
            "--countries", action="store_true", help="the countries of ISO 3166, without a file"
        )
        parser.add_argument("--account", required=True, help="user name of who imports")
        parser.add_argument("--name-zh", default="", help="of a new register, or of the one to add to")
        parser.add_argument("--name-en", default="", help="the same; one of the two is enough")
        parser.add_argument("--unit-zh", default="城市", help="Chinese word for a unit")
        parser.add_argument("--unit-en", default="city", help="English word for a unit")
        parser.add_argument("--units-en", default="cities", help="English word for several units")
        parser.add_argument("--province-zh", default="省份", help="Chinese word for what units lie in")
        parser.add_argument("--province-en", default="province", help="English word for what units lie in")
        parser.add_argument("--region-zh", default="地区", help="Chinese word for what those lie in")
        parser.add_argument("--region-en", default="region", help="English word for what those lie in")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(username=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account {options['account']!r}.")
        if options["countries"]:
            self._tell(import_countries(actor=account))
            return
        if not options["file"] or not (options["name_zh"] or options["name_en"]):
            raise CommandError("Give a file and --name-zh or --name-en, or --countries.")
        known = Register.objects.filter(**names_key(options["name_zh"], options["name_en"])).first()
        words = {name: options[name] for name in RegisterWords.__dataclass_fields__}
        try:
            register = import_register(
                source=options["file"],
                filename=options["file"].name,
                actor=account,
                into=known or RegisterWords(**words),
                most=operator_units(),
            )
        except FileProblems as found:
            raise CommandError(str(found)) from found
        except Refused as refusal:
            raise CommandError("\n".join(refusal.blockers)) from refusal
        self._tell(register)

    def _tell(self, register: Register) -> None:
        self.stdout.write(f"{register.name}: {register.cities.count()} {register.units_en}")
