"""The way in for every form: a file in the product's own layout or that of another program."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from django.utils.translation import gettext as _

from weighting.readers.cells import Nearest, Vocabulary
from weighting.readers.decisions import Decisions
from weighting.readers.formats import table_of
from weighting.readers.formats.levels import levels_of
from weighting.readers.formats.parcel import Parcel
from weighting.readers.heads import columns_called
from weighting.readers.layout import HEAD, find_layout
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Source, read_bytes, unzipped
from weighting.readers.table import Reading, Table, as_known, table_of_bytes, with_heads
from weighting.readers.workbook import FORMS, SheetLimits, SheetRows, is_workbook, read_sheet

LEFT_OUT = "left out"
NO_OWN: Mapping[str, str] = MappingProxyType({})
# A form of 2,000 rows that are full of words has a few megabytes.
LARGEST = 32 * 1024 * 1024
# So many columns that are known tell a form among the sheets of a workbook, of which so many are looked at.
TELLING_HEADS, MOST_SHEETS = 2, 8


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
    reading = _seeking(data, reading or Reading(), sheets, tuple(heads))

    def as_it_stands(part: bytes) -> Table | None:
        return table_of_bytes(part, log, reading, sheets)

    table = table_of(Parcel(data, log, reading, sheets, as_it_stands, LARGEST))
    return with_heads(table, heads) if table else None


def _seeking(data: bytes, reading: Reading, sheets: SheetLimits, heads: Collection[str]) -> Reading:
    """Return a reading of the sheet that knows most of the columns, where the first one knows hardly any.

    A workbook often begins with its data, and says what they are further back.
    """
    if not heads or not is_workbook(data) or "sheet" in reading.decisions.choices:
        return reading
    first = read_sheet(data, ProblemLog(""), sheets)
    known = {first.name: _count_known(first, heads)}
    if len(first.sheets) > 1 and known[first.name] < TELLING_HEADS:
        for name in first.sheets[:MOST_SHEETS]:
            known[name] = _count_known(read_sheet(data, ProblemLog(""), sheets, name), heads)
    best = max(known, key=lambda name: known[name])
    return replace(reading, sheet=best) if known[best] >= TELLING_HEADS else reading


def _count_known(sheet: SheetRows, heads: Collection[str]) -> int:
    """Return how many columns of a sheet are known, called so in everyday words or levels of a tree."""
    if not sheet.lines:
        return 0
    named = find_layout(sheet.first(HEAD), Decisions(), is_form=True).header
    header = as_known(named, heads)
    places = {place for place, head in enumerate(header) if head in heads}
    return len({*places, *columns_called(header, heads), *levels_of(header)})


def choose_columns(
    table: Table, log: ProblemLog, known: Collection[str], own: Mapping[str, str] = NO_OWN
) -> Table:
    """Settle each column that is not known: it is left out, or stands for a known one that is not there.

    One with an everyday name likely stands for what that means. What nobody has said yet is noted, and left
    out of what is read. ``own`` is what a column may become that stands for none of them, by its head.
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
                options=(LEFT_OUT, *filter(None, [own.get(head)]), *like.in_order(head.casefold())),
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
            log.add(said, row=table.head, column=made.subject, value=made.subject, key=made.key)
