"""The way in for every form: a file in the product's own layout or that of another program."""

from collections.abc import Iterable

from weighting.readers.formats import table_of
from weighting.readers.formats.parcel import Parcel
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Source, read_bytes
from weighting.readers.table import Reading, Table, table_of_bytes, with_heads
from weighting.readers.workbook import FORMS, SheetLimits


def read_table(
    source: Source,
    log: ProblemLog,
    reading: Reading | None = None,
    sheets: SheetLimits = FORMS,
    heads: Iterable[str] = (),
) -> Table | None:
    """Read a text, a workbook or a package; None when there is nothing to go on with.

    ``heads`` are the columns that are known, which may be written in any case.
    """
    data = read_bytes(source, log)
    if data is None:
        return None
    reading = reading or Reading()

    def as_it_stands(part: bytes) -> Table | None:
        return table_of_bytes(part, log, reading, sheets)

    table = table_of(Parcel(data, log, reading, sheets, as_it_stands))
    return with_heads(table, heads) if table else None
