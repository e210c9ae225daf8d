"""Published totals and sub-index values from a file, for the weights they imply."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from weighting.numeric.arrays import FloatArray
from weighting.readers.cells import CellError, parse_number, plain
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Source
from weighting.readers.table import check_header, read_table


@dataclass(frozen=True, eq=False)
class PublishedTotals:
    """Totals (cities,) and values (cities, columns), with one unit of the last place printed."""

    units: list[str]
    totals: FloatArray
    values: FloatArray
    total_step: float
    value_step: float


def read_published_totals(source: Source, name: str, codes: Sequence[str]) -> PublishedTotals:
    """Read unit, total and one column for each code; CSV or XLSX.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    table = read_table(source, log)
    columns = ["total", *codes]
    units: dict[str, int] = {}
    rows: list[list[float]] = []
    places = dict.fromkeys(columns, 0)
    if table and check_header(table, log, required=("unit", *columns)):
        for line, cells in table.records(["unit", *columns]):
            _check_unit(line, cells["unit"], units, log)
            rows.append([_read_cell(line, column, cells[column], places, log) for column in columns])
        if not rows:
            log.add(_("The file has no unit. Add a row for each."))
    log.raise_if_any()
    numbers = np.array(rows)
    return PublishedTotals(
        units=list(units),
        totals=numbers[:, 0],
        values=numbers[:, 1:],
        total_step=10.0 ** -places["total"],
        value_step=10.0 ** -max(places[code] for code in codes),
    )


def _check_unit(line: int, unit: str, units: dict[str, int], log: ProblemLog) -> None:
    if not unit:
        log.add(_("The unit has no name. Fill it in."), row=line, column="unit", value="")
    elif units.setdefault(unit, line) != line:
        message = _("The unit is already in row %(first)d. Delete one of the rows.")
        log.add(message % {"first": units[unit]}, row=line, column="unit", value=unit)


def _read_cell(line: int, column: str, text: str, places: dict[str, int], log: ProblemLog) -> float:
    """Return a number, and note how many decimals are printed at most in its column."""
    try:
        value = parse_number(text)
    except CellError as error:
        log.add(str(error), row=line, column=column, value=text)
        return math.nan
    _whole, _point, decimals = plain(text).partition(".")
    places[column] = max(places[column], len(decimals) if decimals.isdigit() else 0)
    return value
