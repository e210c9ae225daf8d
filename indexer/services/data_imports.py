"""Data files to a stored data set: all that is wrong is said at once, before anything is kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.enums import Aggregation
from indexer.frames import DataTable, Treatment, check_columns, scan_data, scan_totals
from indexer.models import City, DataSet
from indexer.names import AmbiguousUnit, UnitRegister, UnknownUnit, normalise_unit_name
from indexer.numeric.normalisation import handle_missing, normalise
from indexer.services.data_sets import add_data_set
from indexer.services.methods import use_method
from weighting.models import Account, Framework, Indicator
from weighting.numeric.arrays import FloatArray
from weighting.readers import FileProblem, FileProblems, ProblemLog, Source
from weighting.selectors.frameworks import indicators_of

UNIT = "unit"


@dataclass(frozen=True)
class DataFile:
    """A file sent in, and what it is called."""

    source: Source
    name: str


@dataclass(frozen=True)
class CheckedData:
    """What two files say: values (cities, leaves) and totals (leaves,), nan where none is given."""

    cities: list[City]
    values: FloatArray
    totals: FloatArray


@transaction.atomic
def import_data_set(
    *,
    framework: Framework,
    name_zh: str,
    name_en: str,
    year: int,
    data: DataFile,
    totals: DataFile | None,
    treatment: Treatment,
    aggregation: str,
    actor: Account,
    note: str = "",
) -> DataSet:
    """Check the files against the framework and the register of cities, then store them.

    Raises `FileProblems` with every problem of both files, so that what is stored can be
    computed, or `Refused` when the same data is already there.
    """
    leaves = [node for node in indicators_of(framework.pk) if node.is_leaf]
    checked = check_files(data, totals, leaves=leaves, treatment=treatment, aggregation=aggregation)
    codes = [leaf.code for leaf in leaves]
    return add_data_set(
        framework=framework,
        name_zh=name_zh,
        name_en=name_en,
        year=year,
        city_ids=[city.pk for city in checked.cities],
        leaf_codes=codes,
        values=checked.values,
        totals=dict(zip(codes, checked.totals.tolist(), strict=True)),
        method=use_method(
            normalisation=treatment.method,
            negative=treatment.negative,
            missing=treatment.missing,
            aggregation=aggregation,
        ),
        actor=actor,
        note=note,
    )


def check_files(
    data: DataFile,
    totals: DataFile | None,
    *,
    leaves: Sequence[Indicator],
    treatment: Treatment,
    aggregation: str,
) -> CheckedData:
    """Read a data file and perhaps a file of totals; raises `FileProblems` with all of both."""
    whole, problems = _read_totals(totals, [leaf.code for leaf in leaves])
    log = ProblemLog(data.name)
    table = scan_data(data.source, log, [leaf.code for leaf in leaves], (), treatment=treatment)
    cities = _find_cities(table, log) if table else []
    if table:
        directions = np.array([leaf.direction for leaf in leaves])
        # Faulty totals say nothing about the columns.
        given = None if problems else whole
        check_columns(table, log, directions, given, treatment=treatment)
        if aggregation == Aggregation.GEOMETRIC and not log.problems:
            _check_positive(table, log, leaves, given, treatment)
    if log.problems or problems or table is None:
        raise FileProblems([*log.problems, *problems])
    return CheckedData(cities=cities, values=table.values, totals=whole)


def _read_totals(totals: DataFile | None, codes: list[str]) -> tuple[FloatArray, list[FileProblem]]:
    if totals is None:
        return np.full(len(codes), np.nan), []
    log = ProblemLog(totals.name)
    return scan_totals(totals.source, log, codes), log.problems


def _find_cities(table: DataTable, log: ProblemLog) -> list[City]:
    """Return the city of each row; note names that stand for none, and cities named twice."""
    cities = _cities_by_name()
    register = UnitRegister({name: _other_names(city) for name, city in cities.items()})
    found: list[City] = []
    first_rows: dict[str, tuple[int, str]] = {}
    for unit, row in zip(table.units, table.rows, strict=True):
        if not normalise_unit_name(unit):
            continue  # noted by the reader
        try:
            name = register.resolve(unit)
        except (UnknownUnit, AmbiguousUnit) as error:
            log.add(_unit_message(error), row=row, column=UNIT, value=unit)
            continue
        first_row, first_unit = first_rows.setdefault(name, (row, unit))
        # The reader has noted the same name twice; here it is another name of the same city.
        if first_row != row and normalise_unit_name(unit) != normalise_unit_name(first_unit):
            message = _("“%(first)s” in row %(row)d is the same city. Keep one of the rows.")
            log.add(message % {"first": first_unit, "row": first_row}, row=row, column=UNIT, value=unit)
        found.append(cities[name])
    return found


def _cities_by_name() -> dict[str, City]:
    """Return the register by Chinese name; names that two provinces share carry the province."""
    cities = list(City.objects.select_related("province"))
    counts = Counter(city.name_zh for city in cities)
    return {
        f"{city.name_zh}（{city.province.name_zh}）" if counts[city.name_zh] > 1 else city.name_zh: city
        for city in cities
    }


def _other_names(city: City) -> list[str]:
    return [name for name in (city.name_zh, city.name_en, *city.aliases) if name]


def _unit_message(error: UnknownUnit | AmbiguousUnit) -> str:
    if isinstance(error, AmbiguousUnit):
        message = _("Several cities could be meant: %(nearest)s. Write one of these.")
    elif error.nearest:
        message = _("The register has no such city. Nearest names: %(nearest)s.")
    else:
        message = _("The register has no such city, nor any with a similar name. Correct it.")
    return message % {"nearest": ", ".join(error.nearest)}


def _check_positive(
    table: DataTable,
    log: ProblemLog,
    leaves: Sequence[Indicator],
    totals: FloatArray | None,
    treatment: Treatment,
) -> None:
    """Note the columns that a geometric mean cannot use."""
    codes = [leaf.code for leaf in leaves]
    filled = handle_missing(table.values, treatment.missing, codes=codes, units=table.units)
    normalised = normalise(
        filled,
        method=treatment.method,
        directions=np.array([leaf.direction for leaf in leaves]),
        codes=codes,
        totals=totals,
        negative=treatment.negative,
    )
    for code, column in zip(codes, normalised.T, strict=True):
        if (column <= 0).any():
            message = _(
                "A geometric mean needs values above zero. Correct the column or choose the arithmetic mean."
            )
            log.add(message, column=code)
