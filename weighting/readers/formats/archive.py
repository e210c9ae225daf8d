"""An archive of tables without a description, as portals give them out: a table and what is said of it."""

import posixpath
import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from weighting.readers.decisions import How
from weighting.readers.formats.frictionless import DESCRIPTOR, KINDS, LONGEST_NAME, MOST_PARTS, note_several
from weighting.readers.formats.parcel import BOOK, Format, Parcel, parts_of
from weighting.readers.rows import CONTROLS
from weighting.readers.table import Table

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
# What stands beside a table in such archives and is none of its kind, and what programs leave there.
ABOUT = re.compile(r"metadata|readme|read_me|licen[cs]e|codebook|dictionary|notes?\b", re.IGNORECASE)
HIDDEN = re.compile(r"(^|/)(\.|__MACOSX/)")


def is_archive(data: bytes) -> bool:
    """Tell an archive of tables that is no workbook and no package."""
    parts = parts_of(data)
    is_described = any(posixpath.basename(name) == DESCRIPTOR for name in parts)
    return BOOK not in parts and not is_described and bool(_meant(_tables(sorted(parts))))


def _tells(parcel: Parcel) -> bool:
    return is_archive(parcel.data)


def _tables(names: Sequence[str]) -> list[str]:
    return [
        name
        for name in names
        if name.casefold().endswith(ENDINGS)
        and len(name) <= LONGEST_NAME
        and not HIDDEN.search(name)
        and not CONTROLS.search(name)
    ]


def _meant(names: Sequence[str]) -> list[str]:
    """Return the tables that are about no other one."""
    return [name for name in names if not ABOUT.search(posixpath.basename(name))]


def _table(parcel: Parcel) -> Table | None:
    found = _tables(sorted(parcel.parts)) if len(parcel.parts) <= MOST_PARTS else []
    path = _choose(found, parcel) if found else None
    if path is None:
        if not found:
            parcel.log.add(_("The archive has too many parts. Take the table out of it, and send that."))
        return None
    content = parcel.part(path, parcel.most_bytes)
    if content is None:
        message = _("The part “%(path)s” of the package is damaged or too large. Pack it anew.")
        parcel.log.add(message % {"path": path})
        return None
    return parcel.as_it_stands(content)


def _choose(found: Sequence[str], parcel: Parcel) -> str | None:
    """Return the table that is meant: the only one that is about no other one, or the chosen one."""
    tables = _meant(found)
    how: How = "open" if len(tables) > 1 else "likely" if len(found) > 1 else "seen"
    chosen = parcel.decisions.settle("resource", tables[0], how=how, options=found)
    if not chosen:
        note_several(found, parcel)
    return chosen or None


FORMAT = Format("archive", KINDS, _tells, _table, is_only=True)
