"""A Frictionless data package in an archive: datapackage.json beside its tables (https://datapackage.org)."""

import math
import posixpath
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from weighting.readers.cells import CellError, parse_number
from weighting.readers.columns import Column, Packed
from weighting.readers.decisions import How
from weighting.readers.formats.parcel import Format, Parcel, parts_of
from weighting.readers.problems import shortened
from weighting.readers.rows import CONTROLS
from weighting.readers.strict_json import MOST_BYTES, read_strict_json
from weighting.readers.table import Table

DESCRIPTOR = "datapackage.json"
MOST_PARTS, LONGEST_NAME = 1000, 300
# So many are said in a sentence; a page offers all.
MOST_NAMED = 20
KINDS = ("framework", "weights", "data", "series", "register", "panel", "totals")
# What the packages of a finished run call a table otherwise than it comes in as.
OWN_NAMES = {"data": "raw", "register": "units"}


@dataclass(frozen=True)
class Resource:
    """A table of the package: its name, where it lies, and what it writes where there is no value."""

    name: str
    path: str
    missing: frozenset[str]


def is_package(data: bytes) -> bool:
    """Tell an archive that holds a data package."""
    return any(posixpath.basename(name) == DESCRIPTOR for name in parts_of(data))


def _tells(parcel: Parcel) -> bool:
    return is_package(parcel.data)


def _table(parcel: Parcel) -> Table | None:
    found = _resources(parcel)
    if found is None:
        parcel.log.add(_("The data package cannot be read. Check its datapackage.json, and pack it anew."))
        return None
    if not found:
        parcel.log.add(_("The data package names no table in CSV that lies in it. Add one as a resource."))
        return None
    chosen = _choose(found, parcel)
    if chosen is None:
        return None
    content = parcel.part(chosen.path, parcel.most_bytes)
    if content is None:
        message = _("The part “%(path)s” of the package is damaged or too large. Pack it anew.")
        parcel.log.add(message % {"path": chosen.path})
        return None
    table = parcel.as_it_stands(content)
    return _without_missing(table, chosen.missing) if table else None


def _resources(parcel: Parcel) -> list[Resource] | None:
    """Return the tables that the package names and holds; None where it cannot be read."""
    at = min((name for name in parcel.parts if posixpath.basename(name) == DESCRIPTOR), key=len)
    content = parcel.part(at, MOST_BYTES)
    if content is None or len(parcel.parts) > MOST_PARTS:
        return None
    try:
        said = read_strict_json(content)
        resources = [
            _resource(one, posixpath.dirname(at)) for one in said.get("resources", []) if _is_csv(one)
        ]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    there = [one for one in resources if one.path in parcel.parts]
    return there if len(there) <= MOST_PARTS else None


def _is_csv(said: dict[str, Any]) -> bool:
    path = said.get("path")
    return isinstance(path, str) and path.casefold().endswith((".csv", ".tsv", ".txt"))


def _resource(said: dict[str, Any], folder: str) -> Resource:
    schema = said.get("schema")
    missing = schema.get("missingValues", []) if isinstance(schema, dict) else []
    path = posixpath.normpath(posixpath.join(folder, said["path"]))
    words = frozenset(str(word if isinstance(word, str) else word.get("value", "")) for word in missing)
    name = str(said.get("name") or path)
    if CONTROLS.search(name) or len(name) > LONGEST_NAME:
        raise ValueError
    return Resource(name, path, words - {""})


def _choose(found: list[Resource], parcel: Parcel) -> Resource | None:
    """Return the resource that is meant: the only one, the one called by its kind, or the chosen one."""
    names = {parcel.kind, OWN_NAMES.get(parcel.kind, parcel.kind)}
    called = [one for one in found if one.name.casefold() in names]
    likely = (called or found)[0]
    how: How = "seen" if len(found) == 1 else "likely" if called else "open"
    offered = [one.name for one in found]
    chosen = parcel.decisions.settle("resource", likely.name, how=how, options=offered)
    if not chosen:
        note_several(offered, parcel)
    return next((one for one in found if one.name == chosen), None)


def note_several(names: Sequence[str], parcel: Parcel) -> None:
    """Note that one of several tables has to be chosen, and how the first of them are called."""
    told = [*map(shortened, names[:MOST_NAMED])] + ["…"] * (len(names) > MOST_NAMED)
    message = _("The package holds several tables: %(names)s. Choose one as “resource”.")
    parcel.log.add(message % {"names": _(", ").join(told)}, key="resource")


def _without_missing(table: Table, words: Collection[str]) -> Table:
    """Empty the cells that hold what the package itself calls no value."""
    return replace(table, columns=[_emptied(column, words) for column in table.columns]) if words else table


def _emptied(column: Column, words: Collection[str]) -> Column:
    if not isinstance(column, Packed):
        return ["" if text in words else text for text in column]
    values = column.values.copy()
    for word in words:
        try:
            values[values == parse_number(word)] = math.nan
        except CellError:
            continue
    return Packed(values, {row: text for row, text in column.odd.items() if text not in words})


FORMAT = Format("frictionless", KINDS, _tells, _table)
