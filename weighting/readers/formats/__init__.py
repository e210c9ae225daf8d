"""Layouts of other programs as the product's own tables: one file each, and its entry below."""

from weighting.readers.formats import archive, coin_tool, coinr, frictionless, levels
from weighting.readers.formats.parcel import Format, Parcel
from weighting.readers.table import Table

PLAIN = "plain"
FORMATS: tuple[Format, ...] = (
    frictionless.FORMAT,
    archive.FORMAT,
    coin_tool.FORMAT,
    coinr.FORMAT,
    levels.FORMAT,
)


def table_of(parcel: Parcel) -> Table | None:
    """Return the table of a file: as the program meant it that wrote it, unless it is chosen as it stands."""
    for known in FORMATS:
        if parcel.kind in known.kinds and known.tells(parcel):
            if known.is_only:
                return known.table(parcel)
            chosen = parcel.decisions.settle("format", known.name, how="likely", options=[known.name, PLAIN])
            return known.table(parcel) if chosen == known.name else parcel.plain
    return parcel.plain
