"""The way in for every form: a file in the product's own layout or that of another program."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from django.utils.translation import gettext as _

from weighting.readers.cells import Nearest, Vocabulary
from weighting.readers.formats import table_of
from weighting.readers.formats.parcel import Parcel
from weighting.readers.heads import columns_called
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Source, read_bytes, unzipped
from weighting.readers.table import Reading, Table, table_of_bytes, with_heads
from weighting.readers.workbook import FORMS, SheetLimits

LEFT_OUT = "left out"
# A form of 2,000 rows that are full of words has a few megabytes.
LARGEST = 32 * 1024 * 1024


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
    data = None if data is None else unzipped(data, log, LARGEST)
    if data is None:
        return None
    reading = reading or Reading()

    def as_it_stands(part: bytes) -> Table | None:
        return table_of_bytes(part, log, reading, sheets)

    table = table_of(Parcel(data, log, reading, sheets, as_it_stands, LARGEST))
    return with_heads(table, heads) if table else None


def choose_columns(table: Table, log: ProblemLog, known: Collection[str]) -> Table:
    """Settle each column that is not known: it is left out, or stands for a known one that is not there.

    One with an everyday name likely stands for what that means. What nobody has said yet is noted, and left
    out of what is read.
    """
    called = columns_called(table.header, known)
    absent = [name for name in known if name not in table.header]
    names, like = list(table.header), Nearest(absent)
    for place, head in enumerate(table.header):
        if head and head not in known:
            names[place] = table.decisions.settle(
                *("extra", called.get(place, "")),
                how="likely" if place in called else "open",
                subject=head,
                options=(LEFT_OUT, *like.in_order(head.casefold())),
                samples=filter(None, table.columns[place]),
            )
    _note_open(table, log, Vocabulary(dict.fromkeys(known)))
    left = {place for place, head in enumerate(table.header) if head and names[place] in ("", LEFT_OUT)}
    kept = [place for place in range(len(names)) if place not in left]
    return replace(
        table, header=tuple(names[place] for place in kept), columns=[table.columns[place] for place in kept]
    )


def _note_open(table: Table, log: ProblemLog, known: Vocabulary) -> None:
    for made in table.decisions.open:
        if made.kind == "extra":
            message = _(
                "The column is not known here. Correct its name, or choose for %(key)s what it stands for; "
                "“left out” leaves it out."
            )
            said = known.suggest(message % {"key": made.key}, made.subject)
            log.add(said, row=1, column=made.subject, value=made.subject, key=made.key)
