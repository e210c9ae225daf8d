"""Bounds of indicators held in common by all years of a series, as cells of a method."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.models import DataSet, IndexMethod
from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.method.normalisations import NORMALISATIONS
from indexer.numeric.method.plan import LeafStep, MethodPlan
from indexer.numeric.method.transforms import Extent
from indexer.selectors.data_sets import Structure, raw_extents_of, structure_of
from indexer.selectors.faults import fault_texts
from indexer.selectors.plans import plan_of
from indexer.services.methods import choice_of, request_runs, use_method
from weighting.exceptions import Refused
from weighting.models import Account, WeightVersion


@transaction.atomic
def request_runs_of_years(
    data_set: DataSet, *, versions: Sequence[WeightVersion], method: IndexMethod, actor: Account
) -> tuple[IndexMethod, dict[int, int]]:
    """Write jobs for all years of a data set's series by a method whose bounds all of them share.

    Return the method with its bounds, and how many runs of each data set are new. Raises `Refused`
    with every reason, by year, why one of them cannot be computed so.
    """
    editions = newest_editions_of(data_set)
    common = method_with_common_bounds(editions, method)
    new, blockers = {}, []
    for edition in editions:
        try:
            new[edition.pk] = request_runs(edition, versions=versions, method=common, actor=actor)
        except Refused as refusal:
            blockers += _of_year(edition, refusal.blockers)
    if blockers:
        raise Refused(*blockers)
    return common, new


def newest_editions_of(data_set: DataSet) -> list[DataSet]:
    """Return the newest edition of each year of a data set's series, without what they hold."""
    rows = DataSet.objects.filter(series=data_set.series_id).order_by("year", "edition")
    rows = rows.defer("values", "totals", "auxiliary", "mapping")
    return [list(members)[-1] for _year, members in groupby(rows, key=lambda row: row.year)]


def method_with_common_bounds(editions: Sequence[DataSet], method: IndexMethod) -> IndexMethod:
    """Return a method whose blank bounds are those of all editions together, with a record of them.

    The bounds are stated numbers: a later year changes nothing that was computed, and asks for bounds anew.
    """
    method = _without_common_bounds(method)
    structure = structure_of(editions[0].framework_id)
    plan, extent = plan_of(method), _extent_of_all(editions, method, structure)
    bounds = _blank_bounds(plan, structure, extent)
    if not bounds:
        raise Refused(
            _(
                "No indicator of this method is measured between bounds of the data, so that the years have "
                "none in common. Choose min-max, or leave bounds empty."
            )
        )
    leaves = {**method.leaves}
    for code, cells in bounds.items():
        leaves[code] = {**leaves.get(code, {}), **cells}
    record = {
        "years": [edition.year for edition in editions],
        "data": [edition.sha256 for edition in editions],
        "leaves": bounds,
    }
    return use_method(**vars(choice_of(method)) | {"leaves": leaves, "bounds": record})


def _without_common_bounds(method: IndexMethod) -> IndexMethod:
    """Return a method as it was before bounds were taken over fewer years."""
    taken = method.bounds.get("leaves", {})
    if not taken:
        return method
    leaves = {
        code: {column: value for column, value in cells.items() if column not in taken.get(code, {})}
        for code, cells in method.leaves.items()
    }
    return use_method(**vars(choice_of(method)) | {"leaves": leaves, "bounds": {}})


def _extent_of_all(editions: Sequence[DataSet], method: IndexMethod, structure: Structure) -> Extent:
    """Return between which values each leaf lies in any year; each year is read and put away again."""
    found, blockers = [], []
    for edition in editions:
        try:
            found.append(raw_extents_of(DataSet.objects.get(pk=edition.pk), method, structure))
        except NormalisationError as error:
            blockers += _of_year(edition, fault_texts(error.faults, edition))
    if blockers:
        raise Refused(*blockers)
    low, high = ([getattr(one, side) for one in found] for side in ("low", "high"))
    return Extent(np.fmin.reduce(low), np.fmax.reduce(high))


def _blank_bounds(plan: MethodPlan, structure: Structure, extent: Extent) -> dict[str, dict[str, Any]]:
    """Return the bounds that leaves take and do not state, by code."""
    found = {}
    rows = zip(structure.tree.leaf_codes, structure.directions, extent.low, extent.high, strict=True)
    for code, direction, low, high in rows:
        step, sides = plan.leaf_step(code), {"lower": float(low), "upper": float(high)}
        cells = {side: sides[side] for side in _sides_of(step, int(direction)) if getattr(step, side) is None}
        if cells:
            found[code] = cells
    return found


def _sides_of(step: LeafStep, direction: int) -> tuple[str, ...]:
    """Return the bounds that a leaf takes from the data; a target has but the worst side."""
    takes = NORMALISATIONS[step.normalisation].takes
    if "target" in takes:
        return ("lower",) if direction == 1 else ("upper",)
    return ("lower", "upper") if "lower" in takes else ()


def _of_year(edition: DataSet, blockers: Sequence[str]) -> list[str]:
    words = [{"year": edition.year, "problem": blocker} for blocker in blockers]
    return [_("%(year)s: %(problem)s") % one for one in words]
