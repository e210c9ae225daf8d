"""Rules of who leads, put together by whoever asks: several scores, against a score or an outside series."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.models import OutsideSeries
from indexer.numeric.comparison.leads import rank_columns
from indexer.selectors.profiles import Lead, Leads, sort_leads
from indexer.selectors.series import unpack_series
from weighting.models import Indicator, NodeWeight
from weighting.numeric.arrays import FloatArray

ALL, ANY, TOGETHER = "all", "any", "together"


@dataclass(frozen=True)
class LeadRule:
    """Ranks on ``nodes`` that are better than on ``base`` by more than ``places``.

    ``join`` says whether all of them lead, any, or their weighted sum as one score. None is the composite.
    With ``within``, ranks below the first so many lead nobody.
    """

    nodes: Sequence[Indicator | None]
    join: str
    base: Indicator | OutsideSeries | None
    places: int
    within: int | None = None


def find_leads(leads: Leads, rule: LeadRule) -> list[Lead]:
    """Return who passes a rule, the largest lead first; the node of each is the one that decided."""
    ranks = ranks_of_rule(leads, rule)
    sizes = base_ranks(leads, rule.base)[:, np.newaxis] - ranks
    if rule.within is not None:
        sizes[ranks > rule.within] = np.nan
    return sort_leads(
        Lead(position, rule.nodes[at], int(ranks[position, at]), int(sizes[position, at]))
        for position, at in _decided(sizes, rule.join)
        if sizes[position, at] > rule.places
    )


def ranks_of_rule(leads: Leads, rule: LeadRule) -> FloatArray:
    """Return the ranks that a rule asks about, (units, nodes); of all nodes together, (units, 1)."""
    if rule.join == TOGETHER:
        return rank_columns(score_together(leads, rule.nodes))[:, np.newaxis]
    return np.stack([leads.ranks_on(node) for node in rule.nodes], axis=1)


def score_together(leads: Leads, nodes: Sequence[Indicator | None]) -> FloatArray:
    """Return the sum of the scores on some nodes by their weights in the version, (units,)."""
    kept = [node for node in nodes if node is not None]
    rows = NodeWeight.objects.filter(version=leads.scores.run.weight_version_id, indicator__in=kept)
    weights = dict(rows.values_list("indicator_id", "global_weight"))
    return np.sum([weights[node.pk] * leads.scores.scores_on(node) for node in kept], axis=0)


def base_ranks(leads: Leads, base: Indicator | OutsideSeries | None) -> FloatArray:
    """Return the ranks on a score, or on a series among the units of the run; nan where there is none."""
    if not isinstance(base, OutsideSeries):
        return leads.ranks_on(base)
    known = unpack_series(base)
    return rank_columns(np.array([known.get(city_id, np.nan) for city_id in leads.scores.cities.ids]))


def _decided(sizes: FloatArray, join: str) -> list[tuple[int, int]]:
    """Who has a lead, and which node decides it: the least of all, or the largest of any."""
    known = np.isfinite(sizes)
    if join == ANY:
        able, best = known.any(axis=1), np.where(known, sizes, -np.inf).argmax(axis=1)
    else:
        able, best = known.all(axis=1), np.where(known, sizes, np.inf).argmin(axis=1)
    return [(position, int(best[position])) for position in np.flatnonzero(able).tolist()]
