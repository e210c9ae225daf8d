"""How far the scores of a run lie in few cities, provinces and regions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.models import City, Province, Region
from indexer.numeric.concentration import Concentration, concentration, lorenz_curve, top_shares
from indexer.selectors.node_scores import NodeScores
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray
from weighting.selectors.frameworks import sub_indices_of

TOPS = (1, 3, 10, 50, 100)
Place = Province | Region


@dataclass(frozen=True)
class PlaceConcentration:
    """What one province or region holds of all cities, and how it lies inside.

    ``inside`` is None where all its cities score zero.
    """

    place: Place
    share: float
    count: int
    inside: Concentration | None
    first: City
    first_share: float


@dataclass(frozen=True)
class NodeConcentration:
    """The measures of one node over its cities; None where the scores are no parts of a total."""

    node: Indicator | None
    measures: Concentration | None
    top: FloatArray


@dataclass(frozen=True, eq=False)
class ConcentrationReport:
    """Every measure of one node; scores are parts of their own sum.

    Attributes
    ----------
    between : dict
        The measures over cities, provinces and regions as the parts, by these words.
    remainder : float or None
        What lies outside the cities, as a part of the national total; None where the
        scores are no shares of it.
    half : int
        So many cities, the first ones, hold half of the sum or more.
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


def concentration_of(subject: NodeScores) -> ConcentrationReport:
    """Measure the scores of a node.

    Raises `ConcentrationError` where a score is below zero or all are zero.
    """
    scores = subject.scores[subject.present]
    cities = [subject.cities[place] for place in subject.present]
    regions = _by_place(cities, scores, lambda city: city.province.region)
    provinces = _by_place(cities, scores, lambda city: city.province)
    running = np.cumsum(np.sort(scores)[::-1]) / scores.sum()
    return ConcentrationReport(
        subject=subject,
        between={
            "cities": concentration(scores),
            "provinces": concentration(np.array([place.share for place in provinces])),
            "regions": concentration(np.array([place.share for place in regions])),
        },
        top=top_shares(scores, TOPS),
        lorenz=lorenz_curve(scores),
        half=int(np.searchsorted(running, 0.5) + 1),
        remainder=max(0.0, 1 - float(scores.sum())) if subject.is_share else None,
        regions=regions,
        provinces=provinces,
        nodes=[_of_node(subject, node) for node in (None, *sub_indices_of(subject.nodes))],
    )


def _of_node(subject: NodeScores, node: Indicator | None) -> NodeConcentration:
    scores = subject.scores_on(node)
    scores = scores[np.isfinite(scores)]
    if (scores < 0).any() or not scores.any():
        return NodeConcentration(node, None, np.full(len(TOPS), np.nan))
    return NodeConcentration(node, concentration(scores), top_shares(scores, TOPS))


def _by_place(
    cities: Sequence[City], scores: FloatArray, place_of: Callable[[City], Place]
) -> list[PlaceConcentration]:
    """Measure each place, the one that holds most first."""
    members: dict[Place, list[int]] = {}
    for position, city in enumerate(cities):
        members.setdefault(place_of(city), []).append(position)
    total = scores.sum()
    found = []
    for place, positions in members.items():
        inside = scores[positions]
        first = positions[int(inside.argmax())]
        found.append(
            PlaceConcentration(
                place=place,
                share=float(inside.sum() / total),
                count=len(positions),
                inside=concentration(inside) if inside.any() else None,
                first=cities[first],
                first_share=float(scores[first] / total),
            )
        )
    return sorted(found, key=lambda held: (-held.share, held.place.pk))
