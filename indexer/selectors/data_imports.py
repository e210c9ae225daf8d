"""Data sets on their way in, as their owner sees them: drafts, how they were read, and their mapping."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import starmap

import numpy as np
from django.db.models import QuerySet

from indexer.intake.assessment import Mapped
from indexer.intake.clean import OF_COLUMNS
from indexer.intake.mapping import ASIDE, LeafNames, Match
from indexer.intake.sheets import Sheet
from indexer.models import DataImport, DataSeries, DataSet
from indexer.selectors.stored_values import unpack_values
from indexer.selectors.unit_names import labels_of
from weighting.models import Account, Indicator
from weighting.models.named import names_key
from weighting.numeric.arrays import FloatArray
from weighting.permissions import ADMINISTRATORS, STAFF, has_role
from weighting.readers.decisions import Decision
from weighting.selectors.sharing import known_to

SHOWN_BY_ROWS = {"text", "aggregates"}
# What lists of drafts leave in the database.
PACKED = (
    "file",
    "values",
    "texts",
    "units",
    "lines",
    "columns",
    "row_targets",
    "column_targets",
    "corrections",
)


@dataclass(frozen=True)
class MappingCounts:
    """How many columns or rows there are, were left out, or are still open."""

    total: int
    aside: int = 0
    open: int = 0


def imports_visible_to(account: Account | None) -> QuerySet[DataImport]:
    """Return the drafts of an account; administrators see those that others left behind, too."""
    drafts = DataImport.objects.select_related(
        "framework", "register", "series", "method", "gathering"
    ).defer(*PACKED)
    if has_role(account, ADMINISTRATORS):
        return drafts
    return drafts.filter(owner=account) if has_role(account, STAFF) else drafts.none()


def series_visible_to(account: Account | None) -> QuerySet[DataSeries]:
    """Return the series that an account may add an edition to."""
    series = known_to(account, DataSeries.objects.select_related("framework", "register"))
    return series if has_role(account, STAFF) else series.none()


def edition_before(series: DataSeries | None, year: int) -> DataSet | None:
    """Return the edition that a new one of the series and year follows."""
    if series is None:
        return None
    return (
        DataSet.objects.filter(series=series, year__lte=year)
        .order_by("-year", "-edition")
        .select_related("framework")
        .first()
    )


def leaves_of(framework_id: int) -> list[Indicator]:
    """Return the leaf indicators of a framework, in file order."""
    return list(Indicator.objects.filter(framework_id=framework_id, is_leaf=True).order_by("position"))


def leaf_names_of(framework_id: int) -> list[LeafNames]:
    """Return the leaves of a framework as a file may call them, in file order."""
    leaves = Indicator.objects.filter(framework_id=framework_id, is_leaf=True).order_by("position")
    # Without a model of each of a thousand.
    return list(starmap(LeafNames, leaves.values_list("code", "name_zh", "name_en")))


def leaf_names(leaves: Iterable[Indicator]) -> list[LeafNames]:
    """Return leaves as a file may call them."""
    return [LeafNames(leaf.code, leaf.name_zh, leaf.name_en) for leaf in leaves]


def decisions_of(draft: DataImport) -> list[Decision]:
    """Return what the reader of the draft's file decided, and what it left open."""
    return [
        Decision(**{**said, "options": tuple(said["options"]), "samples": tuple(said["samples"])})
        for said in draft.reading.get("decisions", [])
    ]


def years_of(draft: DataImport) -> list[int]:
    """Return every year that the draft's file has values of; none where it does not tell them apart."""
    years = draft.reading.get("years", [])
    return sorted(map(int, years)) if all(year.isdecimal() for year in years) else []


def series_of(draft: DataImport) -> DataSeries | None:
    """Return the series that the draft's editions go to, None where it begins with them."""
    if draft.series_id:
        return draft.series
    named = names_key(draft.name_zh, draft.name_en)
    return DataSeries.objects.filter(framework=draft.framework_id, **named).first()


def years_stored(draft: DataImport) -> list[int]:
    """Return the years of the draft's file of which its series has an edition."""
    editions = DataSet.objects.filter(series=series_of(draft), year__in=years_of(draft))
    return list(editions.order_by("year").values_list("year", flat=True).distinct())


def open_decisions(draft: DataImport) -> list[Decision]:
    """Return what is open about columns that are used, and about the file as a whole.

    Texts among numbers are listed cell by cell, and sums of units row by row, where they can be settled.
    """
    used = {
        head
        for head, (to, _how) in zip(draft.columns, draft.column_targets, strict=True)
        if to and to != ASIDE
    }
    return [
        made
        for made in decisions_of(draft)
        if made.is_open
        and made.kind not in SHOWN_BY_ROWS
        and (made.kind not in OF_COLUMNS or made.subject in used)
    ]


def sheet_of(draft: DataImport) -> Sheet:
    """Return the sheet of a draft with its corrections."""
    shape = (len(draft.units), len(draft.columns))
    sheet = Sheet(
        columns=tuple(draft.columns),
        units=tuple(draft.units),
        lines=tuple(draft.lines),
        values=np.frombuffer(draft.values, dtype="<f8").reshape(shape),
        texts={(row, column): text for row, column, text in draft.texts},
        layout=draft.layout,  # type: ignore[arg-type]
        unit_column=draft.unit_column,
        unread=tuple(draft.unread),
        left_out=tuple(draft.reading.get("left_out", [])),
    )
    corrections = {(row, column): text for row, column, text in draft.corrections}
    return sheet.with_corrections(corrections) if corrections else sheet


def mapped_of(draft: DataImport) -> Mapped:
    """Return a draft's sheet with what its columns and rows go to."""
    return mapped_to(draft, leaf_names_of(draft.framework_id))


def mapped_to(draft: DataImport, leaves: list[LeafNames]) -> Mapped:
    """Return the same, of indicators that are at hand already."""
    return Mapped(
        sheet=sheet_of(draft),
        columns=[Match(to, how) for to, how in draft.column_targets],
        rows=[Match(to, how) for to, how in draft.row_targets],
        leaves=leaves,
        labels=labels_of(draft.register),
        given_totals=draft.totals,
        other_sheets=tuple(draft.other_sheets),
        before=_values_before(draft, leaves),
    )


def count_matches(matches: list[list[str]]) -> MappingCounts:
    """Count the ways in which columns or rows found their targets."""
    aside = sum(to == "aside" for to, _how in matches)
    unsettled = sum(not to or how == "near" for to, how in matches)
    return MappingCounts(len(matches), aside, unsettled)


def _values_before(draft: DataImport, leaves: list[LeafNames]) -> dict[str, FloatArray]:
    """Return the raw values of the edition that this one would follow, by unit, (leaves,)."""
    before = edition_before(series_of(draft), draft.year)
    if before is None:
        return {}
    places = {code: place for place, code in enumerate(before.leaf_codes)}
    values = unpack_values(before)
    columns = [
        values[:, places[leaf.code]] if leaf.code in places else np.full(len(values), math.nan)
        for leaf in leaves
    ]
    rows = np.stack(columns, axis=1)
    return {str(city_id): row for city_id, row in zip(before.city_ids, rows, strict=True)}
