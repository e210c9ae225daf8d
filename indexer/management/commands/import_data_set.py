"""``manage.py import_data_set``: a file of data to an edition, as on the pages, in one go or not at all."""

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from indexer.management.import_options import ALL, add_mapping, add_terms, found, mapping_said, terms_said
from indexer.method_words import method_words
from indexer.models import DataSet
from indexer.selectors.data_imports import open_decisions
from indexer.services.data_imports import DataFile, store_import
from indexer.services.import_registers import make_register
from indexer.services.mapped_imports import map_import
from indexer.services.registers import RegisterWords
from indexer.services.yearly_imports import store_every_year
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.readers import FileProblems
from weighting.readers.languages import language_of
from weighting.readers.questions import question


class Command(BaseCommand):
    help = "Import a file of data (CSV, XLSX, Parquet; wide or long) as a new edition."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        add_terms(parser)
        add_mapping(parser)
        parser.add_argument(
            "--year", required=True, help=f"or “{ALL}”: an edition of each year of a file of several"
        )
        parser.add_argument("--account", required=True, help="user name of who imports")
        parser.add_argument("--new-register", metavar="NAME", help="makes one of the units of the file")
        parser.add_argument("--code-column", default="", metavar="HEAD", help="codes of a new register")
        parser.add_argument("--group-column", default="", metavar="HEAD", help="groups of a new register")
        parser.add_argument("--totals", type=Path, help="code, total")

    def handle(self, *args: Any, **options: Any) -> None:
        totals, named, terms = options["totals"], options["new_register"], terms_said(options)
        try:
            editions = _store(
                str(options["year"]),
                _NewRegister(named, options["code_column"], options["group_column"]) if named else None,
                totals=DataFile(totals, totals.name) if totals else None,
                terms=terms,
                actor=found(Account, username=options["account"]),
                **mapping_said(options, terms.register),
            )
        except FileProblems as wrong:
            raise CommandError(str(wrong)) from wrong
        except Refused as refusal:
            raise CommandError("\n".join(refusal.blockers)) from refusal
        self.stdout.write(f"method: {method_words(terms.method)}")
        for one in editions:
            self.stdout.write(f"{one.pk}: {one.name} {one.year}, edition {one.edition}")


@transaction.atomic
def _store(year: str, new: "_NewRegister | None", *, actor: Account, **sent: Any) -> list[DataSet]:
    """Make the edition of one year, or of each: all of it, or nothing."""
    draft = map_import(actor=actor, **sent)
    if new is not None:
        draft = make_register(draft, words=new.words(), code=new.code, group=new.group, actor=actor)
    if draft.register is None:
        # Units that nobody knows may be read wrongly.
        asked = [f"Not settled: {question(made)}." for made in open_decisions(draft)]
        remedy = "No register has these units. Name one by --register, or make one by --new-register NAME."
        raise CommandError("\n".join([*asked, remedy]))
    return store_every_year(draft, actor=actor) if year == ALL else [store_import(draft, actor=actor)]


@dataclass(frozen=True)
class _NewRegister:
    """The name of a register to be made, and the columns about its units."""

    name: str
    code: str
    group: str

    def words(self) -> RegisterWords:
        named = {f"name_{language_of(self.name)}": self.name}
        # The groups are called as their column is.
        words = dict.fromkeys(("unit_zh", "unit_en", "units_en", "province_zh", "province_en"), "")
        return RegisterWords(**named, **words)
