"""A unit of a published index as its mayor prints it: all indicators, and where it stands out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from indexer.models import City, IndicatorTerms, Run
from indexer.numeric.comparison.leads import rank_columns
from indexer.numeric.peers import peer_gaps
from indexer.selectors.cities import PROVINCE, Cities, names_listed, places_named
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.profiles import CityProfile, Leads
from indexer.selectors.published import edition_of_run, terms_by_code
from indexer.selectors.stored_values import unpack_values
from indexer.selectors.withheld import withheld_codes
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.selectors.frameworks import along_the_tree, sub_indices_of

# A code that an address can hold as it is; a unit without such a one is called by its number.
PLAIN_CODE = re.compile(r"[A-Za-z0-9_-]+")
NUMBERED = re.compile(r"~([1-9][0-9]{0,17})")
# Ranks above and below that are the nearest.
NEAREST = 5
MOST_PEERS = 30
# Of a smaller region little can be said.
LEAST_REGION = 5


@dataclass(frozen=True)
class LeafProfile:
    """A unit on one indicator: its raw value, its rank among so many, and its gap to the peers."""

    node: Indicator
    value: float
    score: float
    rank: float
    count: int
    gap: float


@dataclass(frozen=True)
class Branch:
    """A sub-index, or the leaf that is one, with the indicators below it."""

    node: Indicator
    leaves: list[LeafProfile]


@dataclass(frozen=True, eq=False)
class LeafTable:
    """What all units of a run have on every indicator; arrays are (units, leaves)."""

    scores: NodeScores

    @cached_property
    def values(self) -> FloatArray:
        """Raw values, as they were imported; nan of what may not be given away."""
        values = unpack_values(self.scores.run.data_set).copy()
        values[:, [code in self.withheld for code in self.scores.run.data_set.leaf_codes]] = np.nan
        return values

    @cached_property
    def withheld(self) -> frozenset[str]:
        """The indicators whose values may not be given away."""
        return withheld_codes(self.scores.run)

    @cached_property
    def terms(self) -> dict[str, IndicatorTerms]:
        """Where the indicators are from, by code."""
        edition = edition_of_run(self.scores.run)
        return terms_by_code(edition.index) if edition else {}

    def source_of(self, leaf: Indicator) -> str:
        """Say where an indicator is from, as the index or its framework says; '' where neither does."""
        said = self.terms.get(leaf.code)
        return (said.source if said else "") or leaf.source

    @property
    def normalised(self) -> FloatArray:
        """Normalised values of all indicators: for ranks and what is among the peers."""
        return self.scores.result.leaves.values

    @cached_property
    def leads(self) -> Leads:
        return Leads(self.scores)

    @cached_property
    def ranks(self) -> FloatArray:
        return rank_columns(self.normalised)

    @cached_property
    def counts(self) -> IntArray:
        """How many units have a rank on each indicator, (leaves,)."""
        return np.isfinite(self.ranks).sum(axis=0)


@dataclass(frozen=True, eq=False)
class UnitProfile:
    """A unit in a finished run beside its peers, given by their positions."""

    table: LeafTable
    position: int
    peers: IntArray

    @cached_property
    def whole(self) -> CityProfile:
        """The unit on the index and on its parts, as anybody may see it."""
        return CityProfile(self.table.scores, self.position, None, shared=self.table.leads)

    @property
    def city(self) -> City:
        return self.whole.city

    @cached_property
    def leaves(self) -> dict[str, LeafProfile]:
        """All indicators by code, in the order of the data."""
        table, row = self.table, self.position
        nodes = {node.code: node for node in table.scores.nodes}
        gaps = peer_gaps(table.normalised, row, self.peers)
        return {
            code: LeafProfile(
                node=nodes[code],
                value=float(table.values[row, leaf]),
                score=float(table.normalised[row, leaf]),
                rank=float(table.ranks[row, leaf]),
                count=int(table.counts[leaf]),
                gap=float(gaps[leaf]),
            )
            for leaf, code in enumerate(table.scores.run.data_set.leaf_codes)
        }

    @cached_property
    def branches(self) -> list[Branch]:
        """The indicators as the tree has them, under the sub-indices."""
        tops = {node.pk for node in sub_indices_of(self.table.scores.nodes)}
        branches: list[Branch] = []
        for node in along_the_tree(self.table.scores.nodes):
            if node.pk in tops:
                branches.append(Branch(node, []))
            if node.is_leaf:
                branches[-1].leaves.append(self.leaves[node.code])
        return branches

    @property
    def strengths(self) -> list[LeafProfile]:
        """The indicators on which it is above its peers by more than they are apart, the furthest first."""
        return sorted((leaf for leaf in self.leaves.values() if leaf.gap > 1), key=lambda leaf: -leaf.gap)

    @property
    def weaknesses(self) -> list[LeafProfile]:
        """The indicators on which it is below them by more than that, the furthest first."""
        return sorted((leaf for leaf in self.leaves.values() if leaf.gap < -1), key=lambda leaf: leaf.gap)


def unit_key(city: City) -> str:
    """Return what stands for a unit in an address: its official code, or its number behind a tilde."""
    return city.code if PLAIN_CODE.fullmatch(city.code) else f"~{city.pk}"


def find_positions(run: Run, keys: Sequence[str]) -> list[int]:
    """Return the positions of the units that addresses call so; what the run does not have is left out."""
    numbers = {key: int(match[1]) for key in keys if (match := NUMBERED.fullmatch(key))}
    place = {city_id: position for position, city_id in enumerate(run.data_set.city_ids)}
    register = run.data_set.series.register_id
    coded = City.objects.filter(register=register, code__in=[key for key in keys if key not in numbers])
    known = dict(coded.order_by("pk").values_list("code", "pk")) | numbers
    found = [place[known[key]] for key in dict.fromkeys(keys) if known.get(key) in place]
    return list(dict.fromkeys(found))


def read_units(text: str, cities: Cities, run: Run) -> tuple[list[int], list[str]]:
    """Return the positions of units typed by code or name, all of one name, and words that are neither."""
    found: list[int] = []
    unknown: list[str] = []
    for word in islice(names_listed(text, cities), MOST_PEERS):
        positions = find_positions(run, [word]) or places_named(cities, word)
        found += positions
        unknown += [] if positions else [word]
    return list(dict.fromkeys(found)), unknown


def region_of(scores: NodeScores, position: int) -> IntArray:
    """Return the other units of the widest place it lies in that have a rank, as positions."""
    cities = scores.cities
    regions = cities.province_ids if cities.shown_levels == [PROVINCE] else cities.region_ids
    others = (regions == regions[position]) & (scores.result.ranks > 0)
    others[position] = False
    return np.flatnonzero(others)


def is_group(scores: NodeScores, region: IntArray) -> bool:
    """Whether a region is a group to compare with: neither a handful nor everybody."""
    ranked = int((scores.result.ranks > 0).sum())
    return LEAST_REGION <= len(region) < ranked - 1


def nearest_of(scores: NodeScores, position: int) -> IntArray:
    """Return the units with the nearest ranks above and below, as positions; none without a rank."""
    ranks = scores.result.ranks
    if not ranks[position]:
        return np.array([], dtype=np.int64)
    order = np.argsort(ranks, kind="stable")
    order = order[ranks[order] > 0]
    place = int(np.flatnonzero(order == position)[0])
    near = order[max(0, place - NEAREST) : place + NEAREST + 1]
    return near[near != position]
