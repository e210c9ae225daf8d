"""``manage.py import_data_set``: a file of data to an edition, as on the pages, in one go or not at all."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from indexer.enums import StoredYears
from indexer.management.import_options import (
    ALL,
    add_mapping,
    add_terms,
    found,
    mapping_said,
    named_versions,
    refused_words,
    terms_said,
)
from indexer.method_words import method_words
from indexer.models import DataImport
from indexer.selectors.data_imports import open_decisions
from indexer.services.data_imports import keep_import, store_import, store_read
from indexer.services.import_reading import DataFile
from indexer.services.import_registers import make_register
from indexer.services.mapped_imports import read_mapped
from indexer.services.registers import RegisterWords
from indexer.services.yearly_imports import AlreadyStored, YearsStored, store_every_year
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.readers import FileProblems
from weighting.readers.languages import language_of
from weighting.readers.questions import question

NO_REGISTER = (
    "No register has these units. Name one by --register, which may be “countries”, or make one by "
    "--new-register NAME."
)


class Command(BaseCommand):
    help = "Import a file of data (CSV, XLSX, XLS, ODS, Parquet; wide or long) as a new edition."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        add_terms(parser)
        add_mapping(parser)
        parser.add_argument(
            "--year", required=True, help=f"or “{ALL}”: an edition of each year of a file of several"
        )
        parser.add_argument(
            "--versions",
            default="",
            help="to compute it under: numbers such as 1-3,7; all when not given",
        )
        parser.add_argument(
            "--stored",
            choices=StoredYears.values,
            default=StoredYears.STOP,
            help="what becomes of years of a file of several that are stored already; --note says why they "
            "are corrected",
        )
        parser.add_argument("--account", required=True, help="user name of who imports")
        parser.add_argument("--new-register", metavar="NAME", help="makes one of the units of the file")
        parser.add_argument("--code-column", default="", metavar="HEAD", help="codes of a new register")
        parser.add_argument("--group-column", default="", metavar="HEAD", help="groups of a new register")
        parser.add_argument("--totals", type=Path, help="code, total")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            stored = _store(options)
        except FileProblems as wrong:
            raise CommandError(str(wrong)) from wrong
        except Refused as refusal:
            raise CommandError(refused_words(refusal)) from refusal
        self.stdout.write(f"method: {method_words(stored.editions[0].method)}")
        for one in stored.editions:
            self.stdout.write(f"{one.pk}: {one.name} {one.year}, edition {one.edition}")
        for year in stored.empty:
            self.stdout.write(f"{year}: the file holds no value")
        for year in stored.kept:
            self.stdout.write(f"{year}: stored before, and left as it is")


@transaction.atomic
def _store(options: dict[str, Any]) -> YearsStored:
    """Make the edition of one year, or of each: all of it, or nothing."""
    totals, named = options["totals"], options["new_register"]
    every_year, actor = options["year"] == ALL, found(Account, username=options["account"])
    terms = terms_said(options, actor)
    table = DataFile(totals, totals.name) if totals else None
    draft = read_mapped(actor=actor, terms=terms, totals=table, **mapping_said(options, terms.register))
    if named or every_year:
        keep_import(draft, actor=actor)
    if named:
        new = _NewRegister(named, options["code_column"], options["group_column"])
        draft = make_register(draft, words=new.words(), code=new.code, group=new.group, actor=actor)
    if draft.register is None:
        raise CommandError("\n".join([*_asked(draft, every_year), NO_REGISTER]))
    versions = named_versions(draft.framework_id, options["versions"])
    if every_year:
        already = AlreadyStored(options["stored"], options["note"])
        return store_every_year(draft, actor=actor, versions=versions, already=already)
    store = store_import if draft.pk else store_read
    return YearsStored([store(draft, actor=actor, versions=versions)])


def _asked(draft: DataImport, every_year: bool) -> Iterator[str]:
    """Say what is not settled yet: units that nobody knows may be read wrongly."""
    for made in open_decisions(draft):
        if not (every_year and made.kind == "year"):
            yield f"Not settled: {question(made)}."


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
