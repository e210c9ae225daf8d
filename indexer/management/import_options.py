"""What the commands that bring data in have in common: their arguments, and what was said by them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Q
from django.utils import timezone

from indexer.enums import Normalisation
from indexer.intake.clean import LEFT_OUT, Choices
from indexer.intake.files import operator_limits
from indexer.intake.mapping import ASIDE, UnitFinder
from indexer.management.choices import read_choices
from indexer.models import DataSeries, IndexMethod, Register
from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.normalisations import NORMALISATIONS, TURNS
from indexer.selectors.methods import are_all_there, frozen_versions_of, is_in, numbers_in
from indexer.selectors.unit_names import UnitsOfRegister
from indexer.services.data_imports import Terms
from indexer.services.import_reading import DataFile
from indexer.services.methods import choice_left_open, choose_instead, use_method
from indexer.services.registers import import_countries
from weighting.exceptions import Refused
from weighting.models import Account, Framework, WeightVersion
from weighting.readers.encodings import ENCODINGS

ALL, COUNTRIES = "all", "countries"
METHOD = {
    "normalisation": list(NORMALISATIONS),
    "negative": list(TURNS),
    "missing": list(MISSING_POLICIES),
    "aggregation": list(AGGREGATIONS),
}


# What a page asks is settled by these options here.
REMEDIES = {
    "unmapped": "Columns: --column HEAD=CODE, --column HEAD=aside, or --leave-out-columns for all that "
    "are no indicator. Rows: --unit NAME=ID or NAME=aside, or --accept-suggestions.",
    "undecided": "How the file is read: --choices FILE; read_table writes such a file, with every question "
    "and its answers.",
    "stored": "Years that are stored already: --stored skip, or --stored correct with --note REASON.",
    "missing": "Missing values: --missing reweight, or another way to treat them.",
}


def add_terms(parser: ArgumentParser) -> None:
    """Add what data are about, and how they will be computed."""
    parser.add_argument("--framework", type=int, required=True, help="number of the framework")
    parser.add_argument("--series", type=int, help="number of the series; else a name is needed")
    parser.add_argument("--name-zh", default="")
    parser.add_argument("--name-en", default="")
    parser.add_argument(
        "--register",
        help=f"name of the register; “{COUNTRIES}” makes the world’s; if none, the one that has the units",
    )
    parser.add_argument("--note", default="")
    for name, choices in METHOD.items():
        parser.add_argument(
            f"--{name}",
            choices=choices,
            help=f"as the framework's method says if none, else as the edition before, else {choices[0]}",
        )


def add_mapping(parser: ArgumentParser) -> None:
    """Add how a file is read, and where its columns and rows go."""
    parser.add_argument(
        "--encoding", choices=ENCODINGS, default="", help="of a CSV file; as it shows if none"
    )
    parser.add_argument("--choices", type=Path, help="how the file is read, as read_table wrote it")
    parser.add_argument("--column", action="append", default=[], metavar="HEAD=CODE", help="or =aside")
    parser.add_argument("--unit", action="append", default=[], metavar="NAME=ID", help="or =aside, =totals")
    parser.add_argument("--accept-suggestions", action="store_true", help="take nearest names as meant")
    parser.add_argument(
        "--leave-out-columns", action="store_true", help="leave out columns that stand for no indicator"
    )


def mapping_said(options: dict[str, Any], register: Register | None) -> dict[str, Any]:
    """Return the file, how it is read and where its parts go, as `read_mapped` takes them."""
    file, choices = options["file"], read_choices(options["choices"])
    return {
        "data": DataFile(file, file.name, _reading_said(choices, options["encoding"])),
        "columns": {**choices.columns, **_pairs(options["column"])},
        "units": {**_units_said(choices, register), **_pairs(options["unit"])},
        "accept": options["accept_suggestions"],
        "leave_out": options["leave_out_columns"],
        "limits": operator_limits(),
    }


def _year(text: str) -> int:
    """Return the year that the file is first read for: any, where it is read for each."""
    if text == ALL:
        return timezone.now().year
    if not text.isdecimal():
        raise CommandError(f"Write a year such as 2020, or “{ALL}”, instead of {text!r}.")
    return int(text)


def _reading_said(choices: Choices, encoding: str) -> dict[str, str]:
    """Return how the file is to be read; what stands empty in the file of choices is open."""
    said = {key: value for key, value in choices.reading.items() if value}
    return {**said, **({"encoding": encoding} if encoding else {})}


def _units_said(choices: Choices, register: Register | None) -> dict[str, str]:
    """Return the units that the choices name, by label."""
    finder = UnitFinder(UnitsOfRegister(register) if choices.units else (), choices.units.values())
    return {
        label: ASIDE if name == LEFT_OUT else finder.find(name).to
        for label, name in choices.units.items()
        if name
    }


def terms_said(options: dict[str, Any], actor: Account) -> Terms:
    """Return what the data are about; the register of countries is made where it was not used before."""
    series = found(DataSeries, pk=options["series"]) if options["series"] else None
    if series is None and not (options["name_zh"] or options["name_en"]):
        raise CommandError("Name the series by --series, or a new one by --name-zh or --name-en.")
    register, framework = options["register"], found(Framework, pk=options["framework"])
    return Terms(
        framework=framework,
        register=register_called(register, actor) if register else None,
        series=series,
        name_zh=options["name_zh"],
        name_en=options["name_en"],
        year=_year(str(options["year"])),
        note=options["note"],
        method=_method(framework, series, options),
        shares_meant=options["normalisation"] == Normalisation.SHARE,
    )


def _method(framework: Framework, series: DataSeries | None, options: dict[str, Any]) -> IndexMethod:
    """Return the method that holds where none is named, with what was named in its place."""
    said = {name: options[name] for name in METHOD if options[name]}
    return use_method(**vars(choose_instead(choice_left_open(framework, series), said)))


def register_called(name: str, actor: Account) -> Register:
    """Return the register of a name, which is its Chinese one or, where it has none, its English one."""
    named = Register.objects.filter(Q(name_zh=name) | Q(name_zh="", name_en=name)).first()
    if named is None and name == COUNTRIES:
        return import_countries(actor=actor)
    return named or found(Register, name_zh=name)


def named_versions(framework_id: int, text: str) -> list[WeightVersion] | None:
    """Return the frozen versions of some numbers; None where no number is named."""
    try:
        spans = numbers_in(text)
    except ValueError as error:
        raise CommandError(f"{error} is not a version number: write numbers such as 1-3,7.") from error
    frozen = list(frozen_versions_of(framework_id))
    if not are_all_there(frozen, spans):
        known = ", ".join(str(version.number) for version in frozen) or "none"
        raise CommandError(f"No frozen version has a number of {text!r}. There are: {known}.")
    return [version for version in frozen if is_in(version.number, spans)] if spans else None


def found(model: Any, **key: Any) -> Any:
    """Return what there is by a key, or say that there is none."""
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


def refused_words(refusal: Refused) -> str:
    """Say what keeps a file back, and by which options a command settles it."""
    rules: set[str] = getattr(refusal, "rules", set())
    return "\n".join([*refusal.blockers, *(words for rule, words in REMEDIES.items() if rule in rules)])
