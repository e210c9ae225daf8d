"""Numbers in forms: marks, signs and codes for no value are told by the whole column, as in files of data."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from weighting.numeric.arrays import FloatArray
from weighting.readers.cells import CellError, parse_number
from weighting.readers.numbers import Percent, read_columns
from weighting.readers.problems import ProblemLog
from weighting.readers.questions import note_open
from weighting.readers.spelt import truths_among
from weighting.readers.table import Table
from weighting.readers.written import read_cell

NUMBERS = (
    *("decimal", "percent", "brackets", "minus", "words", "spelt", "truth", "currency", "ranges", "code"),
)


@dataclass(frozen=True, eq=False)
class Figures:
    """A column of a form, (rows,): nan where there is none; ``complaints`` by row say why a text is none.

    ``gaps`` are the rows of words and codes that stand for no value.
    """

    values: FloatArray
    complaints: dict[int, str]
    gaps: frozenset[int]

    def complaint(self, row: int, text: str) -> str:
        """Return what is wrong with a cell that has to hold a number; '' where nothing is."""
        if not text or row in self.gaps:
            return _("A number is missing. Fill it in.")
        return self.complaints.get(row, "")


def read_figures(
    table: Table, names: Collection[str], log: ProblemLog, *, percent: Percent = "percent"
) -> dict[str, Figures]:
    """Read the named columns that a form has; what nobody can tell is noted once for its column.

    ``percent`` is how 45% is taken unless it is chosen: as 45 or as 0.45.
    """
    columns = {
        name: column for name, column in zip(table.header, table.columns, strict=True) if name in names
    }
    read = read_columns(columns, table.decisions, percent)
    asked = {made.subject for made in table.decisions.open if made.kind in NUMBERS}
    note_open([made for made in table.decisions.open if made.kind in NUMBERS], log, columns)
    return {
        name: Figures(
            found.values,
            {
                row: _complaint(text)
                for row, text in found.texts.items()
                # A column that is asked about is said to be so once, not cell by cell.
                if name not in asked or (read_cell(text).kind == "text" and not truths_among([text]))
            },
            frozenset(found.kept),
        )
        for name, found in read.items()
    }


def _complaint(text: str) -> str:
    try:
        parse_number(text)
    except CellError as error:
        return str(error)
    return _("The number is not written as the others of its column. Write it as they are.")
