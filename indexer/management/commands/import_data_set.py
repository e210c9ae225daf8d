"""``manage.py import_data_set``: a file of data to an edition, as on the pages, in one go or not at all."""

from argparse import ArgumentParser
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from indexer.enums import Normalisation
from indexer.intake.clean import LEFT_OUT, Choices
from indexer.intake.files import OPERATOR
from indexer.intake.mapping import ASIDE, UnitFinder
from indexer.management.choices import read_choices
from indexer.method_words import method_words
from indexer.models import DataSeries, DataSet, IndexMethod, Register
from indexer.numeric.aggregations import AGGREGATIONS
from indexer.numeric.gaps import MISSING_POLICIES
from indexer.numeric.normalisations import NORMALISATIONS, TURNS
from indexer.selectors.data_imports import open_decisions, unit_names_of
from indexer.selectors.methods import default_method_of
from indexer.services.data_imports import DataFile, Terms, store_import
from indexer.services.import_registers import make_register
from indexer.services.mapped_imports import map_import
from indexer.services.methods import MethodChoice, choice_of, use_method
from indexer.services.registers import RegisterWords
from indexer.services.yearly_imports import store_every_year
from weighting.exceptions import Refused
from weighting.models import Account, Framework
from weighting.readers import FileProblems
from weighting.readers.encodings import ENCODINGS
from weighting.readers.languages import language_of
from weighting.readers.questions import question

ALL = "all"
METHOD = {
    "normalisation": list(NORMALISATIONS),
    "negative": list(TURNS),
    "missing": list(MISSING_POLICIES),
    "aggregation": list(AGGREGATIONS),
}


class Command(BaseCommand):
    help = "Import a file of data (CSV, XLSX, Parquet; wide or long) as a new edition."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--framework", type=int, required=True, help="number of the framework")
        parser.add_argument(
            "--year", required=True, help=f"or “{ALL}”: an edition of each year of a file of several"
        )
        parser.add_argument("--account", required=True, help="user name of who imports")
        parser.add_argument("--series", type=int, help="number of the series; else a name is needed")
        parser.add_argument("--name-zh", default="")
        parser.add_argument("--name-en", default="")
        parser.add_argument("--register", help="name of the register; the one that has the units if none")
        parser.add_argument("--new-register", metavar="NAME", help="makes one of the units of the file")
        parser.add_argument("--code-column", default="", metavar="HEAD", help="codes of a new register")
        parser.add_argument("--group-column", default="", metavar="HEAD", help="groups of a new register")
        parser.add_argument("--totals", type=Path, help="code, total")
        parser.add_argument(
            "--encoding", choices=ENCODINGS, default="", help="of a CSV file; as it shows if none"
        )
        parser.add_argument("--choices", type=Path, help="how the file is read, as read_table wrote it")
        parser.add_argument("--note", default="")
        for name, choices in METHOD.items():
            parser.add_argument(
                f"--{name}",
                choices=choices,
                help=f"as the framework's method says if none, else {choices[0]}",
            )
        parser.add_argument("--column", action="append", default=[], metavar="HEAD=CODE", help="or =aside")
        parser.add_argument(
            "--unit", action="append", default=[], metavar="NAME=ID", help="or =aside, =totals"
        )
        parser.add_argument("--accept-suggestions", action="store_true", help="take nearest names as meant")
        parser.add_argument(
            "--leave-out-columns", action="store_true", help="leave out columns that stand for no indicator"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file, totals = options["file"], options["totals"]
        choices, terms = read_choices(options["choices"]), _terms(options)
        named = options["new_register"]
        try:
            editions = _store(
                str(options["year"]),
                _NewRegister(named, options["code_column"], options["group_column"]) if named else None,
                data=DataFile(file, file.name, _reading(choices, options["encoding"])),
                totals=DataFile(totals, totals.name) if totals else None,
                terms=terms,
                actor=_found(Account, username=options["account"]),
                columns={**choices.columns, **_pairs(options["column"])},
                units={**_units(choices, terms.register), **_pairs(options["unit"])},
                accept=options["accept_suggestions"],
                leave_out=options["leave_out_columns"],
                limits=OPERATOR,
            )
        except FileProblems as found:
            raise CommandError(str(found)) from found
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
        return RegisterWords(**named, unit_zh="", unit_en="", units_en="")


def _year(text: str) -> int:
    """Return the year that the file is first read for: any, where it is read for each."""
    if text == ALL:
        return timezone.now().year
    if not text.isdecimal():
        raise CommandError(f"Write a year such as 2020, or “{ALL}”, instead of {text!r}.")
    return int(text)


def _reading(choices: Choices, encoding: str) -> dict[str, str]:
    """Return how the file is to be read; what stands empty in the file of choices is open."""
    said = {key: value for key, value in choices.reading.items() if value}
    return {**said, **({"encoding": encoding} if encoding else {})}


def _units(choices: Choices, register: Register | None) -> dict[str, str]:
    """Return the units that the choices name, by label."""
    finder = UnitFinder(unit_names_of(register))
    return {
        label: ASIDE if name == LEFT_OUT else finder.find(name).to
        for label, name in choices.units.items()
        if name
    }


def _terms(options: dict[str, Any]) -> Terms:
    series = _found(DataSeries, pk=options["series"]) if options["series"] else None
    if series is None and not (options["name_zh"] or options["name_en"]):
        raise CommandError("Name the series by --series, or a new one by --name-zh or --name-en.")
    register, framework = options["register"], _found(Framework, pk=options["framework"])
    return Terms(
        framework=framework,
        register=_register(register) if register else None,
        series=series,
        name_zh=options["name_zh"],
        name_en=options["name_en"],
        year=_year(str(options["year"])),
        note=options["note"],
        method=_method(framework, options),
        shares_meant=options["normalisation"] == Normalisation.SHARE,
    )


def _method(framework: Framework, options: dict[str, Any]) -> IndexMethod:
    """Return the framework's method, or the default, with what was named in its place."""
    default = default_method_of(framework.pk)
    said = {name: options[name] for name in METHOD if options[name]}
    return use_method(**vars(replace(choice_of(default) if default else MethodChoice(), **said)))


def _register(name: str) -> Register:
    """Return the register of a name, which is its Chinese one or, where it has none, its English one."""
    named = Register.objects.filter(Q(name_zh=name) | Q(name_zh="", name_en=name)).first()
    return named or _found(Register, name_zh=name)


def _found(model: Any, **key: Any) -> Any:
    thing = model.objects.filter(**key).first()
    if thing is None:
        words = ", ".join(f"{name} {value}" for name, value in key.items())
        raise CommandError(f"There is no {model._meta.verbose_name} with {words}.")
    return thing


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = [text.rpartition("=") for text in texts]
    if wrong := [text for text, (head, _equals, _to) in zip(texts, pairs, strict=True) if not head]:
        raise CommandError(f"Write NAME=TARGET instead of {wrong[0]!r}.")
    return {head: to for head, _equals, to in pairs}
