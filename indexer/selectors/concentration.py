"""How far the scores of a run lie in few units, provinces, regions and other groups."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from indexer.models import City
from indexer.numeric.concentration import Concentration, concentration, lorenz_curve, top_shares
from indexer.selectors.cities import PROVINCE, REGION
from indexer.selectors.levels import Level, Place, level_named
from indexer.selectors.node_scores import NodeScores
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.selectors.frameworks import sub_indices_of

TOPS = (1, 3, 10, 50, 100)


@dataclass(frozen=True)
class PlaceConcentration:
    """What one place holds of all units, and how it lies inside.

    ``inside`` is None where all its units score zero.
    """

    place: Place
    share: float
    count: int
    inside: Concentration | None
    first: City
    first_share: float


@dataclass(frozen=True)
class NodeConcentration:
    """The measures of one node over its units; None where the scores are no parts of a total."""

    node: Indicator | None
    measures: Concentration | None
    top: FloatArray


@dataclass(frozen=True, eq=False)
class ConcentrationReport:
    """Every measure of one node; scores are parts of their own sum.

    Attributes
    ----------
    between : dict
        The measures over units, provinces and regions as the parts, by these words; over groups
        as well, where a further level is in view and any of its places holds something.
    remainder : float or None
        What lies outside the units, as a part of the total; None where the
        scores are no shares of it.
    half : int
        So many units, the first ones, hold half of the sum or more.
    level : Level or None
        The further level in view; ``groups`` are its places.
    """

    subject: NodeScores
    between: dict[str, Concentration]
    top: FloatArray
    lorenz: FloatArray
    half: int
    remainder: float | None
    regions: list[PlaceConcentration]
    provinces: list[PlaceConcentration]
    nodes: list[NodeConcentration]
    level: Level | None
    groups: list[PlaceConcentration]


def concentration_of(subject: NodeScores, level: Level | None = None) -> ConcentrationReport:
    """Measure the scores of a node, over the places of a further level as well.

    Raises `ConcentrationError` where a score is below zero or all are zero.
    """
    scores = subject.scores[subject.present]
    levels = [level_named(subject.cities, code) for code in (REGION, PROVINCE)]
    firsts = [_firsts(subject, one) for one in (*levels, *([level] if level else []))]
    subject.cities.load({first for found in firsts for first in found.values()})
    regions, provinces = (
        _by_place(subject, one, found) for one, found in zip(levels, firsts[:2], strict=True)
    )
    groups = _by_place(subject, level, firsts[2]) if level else []
    parts = {"provinces": provinces, "regions": regions, "groups": groups}
    running = np.cumsum(np.sort(scores)[::-1]) / scores.sum()
    return ConcentrationReport(
        subject=subject,
        between={"cities": concentration(scores)}
        | {
            word: concentration(np.array([place.share for place in places]))
            for word, places in parts.items()
            if any(place.share for place in places)
        },
        top=top_shares(scores, TOPS),
        lorenz=lorenz_curve(scores),
        half=int(np.searchsorted(running, 0.5) + 1),
        remainder=max(0.0, 1 - float(scores.sum())) if subject.is_share else None,
        regions=regions,
        provinces=provinces,
        nodes=[_of_node(subject, node) for node in (None, *sub_indices_of(subject.nodes))],
        level=level,
        groups=groups,
    )


def _of_node(subject: NodeScores, node: Indicator | None) -> NodeConcentration:
    scores = subject.scores_on(node)
    scores = scores[np.isfinite(scores)]
    if (scores < 0).any() or not scores.any():
        return NodeConcentration(node, None, np.full(len(TOPS), np.nan))
    return NodeConcentration(node, concentration(scores), top_shares(scores, TOPS))


def _members(subject: NodeScores, level: Level) -> Iterator[tuple[int, IntArray]]:
    """Yield each place of a level, as its position, with those of its units that have a score."""
    present = np.array(subject.present, dtype=np.int64)
    of_present = level.of_city[present]
    for position in range(len(level.places)):
        members = present[of_present == position]
        if len(members):
            yield position, members


def _firsts(subject: NodeScores, level: Level) -> dict[int, int]:
    """Return the unit that holds most in each place of a level; both are positions."""
    return {
        position: int(members[subject.scores[members].argmax()])
        for position, members in _members(subject, level)
    }


def _by_place(subject: NodeScores, level: Level, firsts: Mapping[int, int]) -> list[PlaceConcentration]:
    """Measure each place that has a score, the one that holds most first."""
    cities, scores, total = subject.cities, subject.scores, subject.scores[subject.present].sum()
    found = []
    for position, members in _members(subject, level):
        inside, first, place = scores[members], firsts[position], level.places[position]
        found.append(
            PlaceConcentration(
                place=place,
                share=float(inside.sum() / total),
                count=len(members),
                inside=concentration(inside) if inside.any() else None,
                first=cities[first],
                first_share=float(scores[first] / total),
            )
        )
    return sorted(found, key=lambda held: (-held.share, held.place.pk))
