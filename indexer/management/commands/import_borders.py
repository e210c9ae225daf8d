"""``manage.py import_borders``: borders of a register's units, from GeoJSON or those of the countries."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import BaseCommand, CommandError
from django.utils.datastructures import MultiValueDict

from indexer.forms.borders import BordersForm
from indexer.management.import_options import found, register_called
from indexer.models import Register, RegisterBorders
from indexer.services.borders import bring_borders, bring_country_borders
from weighting.exceptions import Refused
from weighting.models import Account


class Command(BaseCommand):
    help = "Bring borders to a register: a GeoJSON file with a feature for each unit, or --countries."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument("--register", required=True, help="name of the register, or “countries”")
        parser.add_argument("--source", default="", help="source and licence, which stand under every map")
        parser.add_argument(
            "--countries", action="store_true", help="those that come with the product, without a file"
        )
        parser.add_argument("--account", required=True, help="user name of who imports")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["file"]) == options["countries"]:
            raise CommandError("Give a file and its --source, or --countries.")
        actor = found(Account, username=options["account"])
        register = register_called(options["register"], actor)
        try:
            borders = _bring(register, actor, options)
        except Refused as refusal:
            raise CommandError("\n".join(refusal.blockers)) from refusal
        units = f"{len(borders.shapes)} of {register.cities.count()} {register.units_en}"
        self.stdout.write(f"{register.name}: {units} have borders")


def _bring(register: Register, actor: Account, options: dict[str, Any]) -> RegisterBorders:
    if options["countries"]:
        return bring_country_borders(register, actor=actor)
    file: Path = options["file"]
    if not file.is_file():
        raise CommandError(f"There is no file {file}.")
    sent = SimpleUploadedFile(file.name, file.read_bytes())
    form = BordersForm({"source": options["source"]}, MultiValueDict({"file": [sent]}))
    if not form.is_valid():
        said = [f"{name}: {text}" for name, texts in form.errors.items() for text in texts]
        raise CommandError("\n".join(said))
    return bring_borders(register, source=form.cleaned_data["source"], file=file.read_bytes(), actor=actor)
