"""Published totals and sub-index values from a file, for the weights they imply."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from weighting.numeric.arrays import FloatArray
from weighting.readers.decisions import Decisions
from weighting.readers.figures import read_figures
from weighting.readers.forms import choose_columns, read_table
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Source
from weighting.readers.table import Table, as_form, check_header
from weighting.readers.written import read_cell


@dataclass(frozen=True, eq=False)
class PublishedTotals:
    """Totals (units,) and values (units, columns), with one unit of the last place printed."""

    units: list[str]
    totals: FloatArray
    values: FloatArray
    total_step: float
    value_step: float


def read_published_totals(
    source: Source, name: str, codes: Sequence[str], decisions: Decisions | None = None
) -> PublishedTotals:
    """Read unit, total and one column for each code; CSV or XLSX.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    table = read_table(source, log, as_form(decisions, "published"))
    columns = ["total", *codes]
    table = table and choose_columns(table, log, ("unit", *columns))
    units: dict[str, int] = {}
    numbers = np.empty((0, len(columns)))
    places: dict[str, int] = {}
    if table and check_header(table, log, required=("unit", *columns)):
        for line, cells in table.records(["unit"]):
            _check_unit(line, cells["unit"], units, log)
        numbers = _read_numbers(table, columns, log)
        places = {column: _decimals(table, column) for column in columns}
        if not table.lines:
            log.add(_("The file has no unit. Add a row for each."))
    log.raise_if_any()
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


def _read_numbers(table: Table, columns: Sequence[str], log: ProblemLog) -> FloatArray:
    """Return (rows, columns), with every cell noted that holds no number."""
    figures = read_figures(table, columns, log)
    for row, (line, cells) in enumerate(table.records(columns)):
        for column in columns:
            if complaint := figures[column].complaint(row, cells[column]):
                log.add(complaint, row=line, column=column, value=cells[column])
    return np.column_stack([figures[column].values for column in columns])


def _decimals(table: Table, column: str) -> int:
    """Return how many decimals are printed at most in a column, behind the mark that it was read with.

    Of 1.2 million, where the word multiplies, they are less than none.
    """
    settled = {made.key: made.value for made in table.decisions.made}
    mark = settled.get(f"decimal:{column}") or "."
    multiplies = settled.get(f"words:{column}") == "multiply"
    cells = map(read_cell, table.columns[table.header.index(column)])
    printed = [
        len(cell.digits.partition(mark)[2]) - (cell.power if multiplies else 0)
        for cell in cells
        if cell.kind == "number"
    ]
    return max(printed, default=0)
