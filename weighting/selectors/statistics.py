"""What a round says about its panel, once an aggregate was made of it; nothing below k ballots.

An aggregate cannot be undone, so nobody reads the figures first and then decides whether the round holds.
"""

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, pairwise

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from weighting.enums import Sector
from weighting.exceptions import NotReported
from weighting.models import Account, Ballot, Indicator, Round, WeightVersion
from weighting.numeric.aggregation import count_scores
from weighting.numeric.agreement import (
    Concordance,
    IntraclassCorrelation,
    careless_signs,
    describe_items,
    flag_careless,
    intraclass_correlation,
    kendall_w,
    reach_consensus,
)
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.disclosure import reportable_groups, size_towards_k
from weighting.numeric.ordering import display_order
from weighting.permissions import ANALYSTS, MANAGERS, has_role
from weighting.selectors.pooling import has_aggregate, of_an_aggregate
from weighting.selectors.rounds import (
    answers_towards_k,
    asked_groups_of,
    ballots_towards_k,
    counted_ballots_of,
    entered_among,
    own_ballots,
    rounds_visible_to,
    scores_on,
    too_few_words,
)


@dataclass(frozen=True)
class ItemFigures:
    """The answers to one item; ``scores`` counts 1 to 5 and is empty where fewer than k answered."""

    indicator: Indicator
    abstained: int
    scores: list[int]
    mean: float | None
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    iqr: float | None
    cv: float | None
    important: float | None
    consensus: bool | None

    @property
    def answers(self) -> int:
        return sum(self.scores)

    @property
    def is_reported(self) -> bool:
        return bool(self.scores)


@dataclass(frozen=True)
class Agreement:
    """Kendall's W and ICC over ``items`` of the ``experts`` who answered all of them.

    Both are None below k such experts, and where nobody told two items apart.
    """

    experts: int
    items: int
    concordance: Concordance | None
    icc: IntraclassCorrelation | None


@dataclass(frozen=True)
class GroupFigures:
    """A sibling group: its items, and how far the panel agrees on their order."""

    parent: Indicator | None
    items: list[ItemFigures]
    agreement: Agreement

    @property
    def consensus_count(self) -> int:
        return sum(item.consensus is True for item in self.items)


@dataclass(frozen=True)
class SectorFigures:
    """A sector with at least k ballots, and its mean of each item; None where fewer than k answered."""

    sector: str
    ballots: int
    means: list[float | None]

    @property
    def name(self) -> str:
        return Sector.name_of(self.sector)


@dataclass(frozen=True)
class BallotFlags:
    """Signs of careless answering on one ballot, known by a number drawn at random."""

    number: int
    long_string: bool
    low_spread: bool
    distant: bool


@dataclass(frozen=True)
class RoundStatistics:
    """Everything that is reported of a round; all of it is over the counted ballots.

    A manager entered ``entered`` of these, which do not count towards k.
    """

    round: Round
    sealed: int
    counted: int
    entered: int
    groups: list[GroupFigures]
    whole: Agreement
    sectors: list[SectorFigures]
    flags: list[BallotFlags]

    @property
    def excluded(self) -> int:
        return self.sealed - self.counted

    @property
    def items(self) -> list[ItemFigures]:
        return [item for group in self.groups for item in group.items]

    @property
    def consensus_count(self) -> int:
        return sum(group.consensus_count for group in self.groups)

    @property
    def abstentions(self) -> int:
        return sum(item.abstained for item in self.items)


def reported_rounds_visible_to(account: Account | None) -> QuerySet[Round]:
    """Return the rounds whose statistics the account may read.

    A round's managers and the administrators read them once an aggregate was made of it; analysts
    once a frozen version came from the round.
    """
    if has_role(account, ANALYSTS):
        rounds = Round.objects.select_related("framework", "panel")
        return rounds.filter(_is_released(), of_an_aggregate())
    return rounds_visible_to(account).filter(of_an_aggregate())


def rounds_known_to(account: Account | None) -> QuerySet[Round]:
    """Return the rounds that the account may know of: its own, or those it may read statistics of."""
    if has_role(account, MANAGERS):
        return rounds_visible_to(account)
    return reported_rounds_visible_to(account)


def round_statistics(round_: Round) -> RoundStatistics:
    """Return the statistics of a round, or raise `NotReported`."""
    ballots = reported_ballots_of(round_)
    groups = asked_groups_of(round_)
    nodes = [node for _parent, group in groups for node in group]
    scores = scores_on(ballots, nodes)
    figures = dict(
        zip((node.pk for node in nodes), _item_figures(round_, nodes, ballots, scores), strict=True)
    )
    places = {node.pk: position for position, node in enumerate(nodes)}
    own, least = own_ballots(ballots), round_.least_panel
    return RoundStatistics(
        round=round_,
        sealed=round_.sealed_count or 0,
        counted=len(ballots),
        entered=entered_among(ballots),
        groups=[
            GroupFigures(
                parent=parent,
                items=[figures[node.pk] for node in group],
                agreement=_agreement(scores[:, [places[node.pk] for node in group]], own, least=least),
            )
            for parent, group in groups
        ],
        whole=_agreement(scores, own, least=least),
        sectors=_sectors(round_, ballots, scores),
        flags=_flags(round_, ballots, scores, [len(group) for _parent, group in groups]),
    )


def reported_ballots_of(round_: Round) -> list[Ballot]:
    """Return the counted ballots of an aggregated round, at least k of them, or raise `NotReported`."""
    if not has_aggregate(round_):
        raise NotReported(_("A round has statistics once it is aggregated, and never if it is void."))
    ballots = counted_ballots_of(round_)
    if ballots_towards_k(ballots) < round_.least_panel:
        raise NotReported(too_few_words(ballots, least=round_.least_panel))
    return ballots


def comments_of(round_: Round) -> list[tuple[Indicator, list[str]]]:
    """Return the comments on each item, in an order that leads to no ballot: for managers alone."""
    ballots = reported_ballots_of(round_)
    comments = []
    for _parent, group in asked_groups_of(round_):
        for node in group:
            texts = [text for ballot in ballots if (text := ballot.sealed_comments.get(node.code))]
            if texts:
                comments.append((node, sorted(texts, key=lambda text: _shuffle_key(round_, node, text))))
    return comments


def _shuffle_key(round_: Round, node: Indicator, text: str) -> bytes:
    """Another order for every item, so that no ballot keeps its place."""
    return sha256(f"{round_.pk}|{node.code}|{text}".encode()).digest()


def _is_released() -> Q:
    frozen = WeightVersion.objects.filter(number__isnull=False)
    return Q(Exists(frozen.filter(round=OuterRef("pk")))) | Q(
        Exists(frozen.filter(pooled_rounds=OuterRef("pk")))
    )


def _item_figures(
    round_: Round, nodes: list[Indicator], ballots: list[Ballot], scores: FloatArray
) -> list[ItemFigures]:
    counts, towards_k = count_scores(scores), answers_towards_k(ballots, scores)
    described = describe_items(scores)
    consensus = reach_consensus(
        described,
        measure=round_.consensus_measure,  # type: ignore[arg-type]
        threshold=round_.consensus_threshold,
    )
    figures = []
    for position, node in enumerate(nodes):
        is_reported = towards_k[position] >= round_.least_panel
        figures.append(
            ItemFigures(
                indicator=node,
                abstained=int(counts[position, -1]),
                scores=counts[position, :-1].tolist() if is_reported else [],
                consensus=bool(consensus[position]) if is_reported else None,
                **{
                    name: _number(getattr(described, name)[position]) if is_reported else None
                    for name in _MEASURES
                },
            )
        )
    return figures


_MEASURES = ("mean", "median", "lower_quartile", "upper_quartile", "iqr", "cv", "important")


def _agreement(scores: FloatArray, own: BoolArray, *, least: int) -> Agreement:
    is_complete = ~np.isnan(scores).any(axis=1)
    complete, is_enough = scores[is_complete], size_towards_k(own[is_complete]) >= least
    return Agreement(
        experts=len(complete),
        items=scores.shape[1],
        concordance=kendall_w(complete) if is_enough else None,
        icc=intraclass_correlation(complete) if is_enough else None,
    )


def _sectors(round_: Round, ballots: list[Ballot], scores: FloatArray) -> list[SectorFigures]:
    """Compare sectors, where at least two are known and large enough.

    The close keeps a sector only above k; abstentions can bring an item below it again, so
    every item is held against k once more, the remainder included.
    """
    of_ballots = np.array([ballot.sector for ballot in ballots])
    sizes = Counter(sector for sector in of_ballots.tolist() if sector)
    if len(sizes) < 2:
        return []
    members = {sector: of_ballots == sector for sector in sizes}
    own, least = own_ballots(ballots), round_.least_panel
    means = [_sector_means(column, members, own, least=least) for column in scores.T]
    return [
        SectorFigures(sector, sizes[sector], [mean.get(sector) for mean in means])
        for sector in round_.sectors
        if sector in sizes
    ]


def _sector_means(
    column: FloatArray, members: dict[str, BoolArray], own: BoolArray, *, least: int
) -> dict[str, float]:
    answered = ~np.isnan(column)
    sizes = {sector: size_towards_k(own[answered & member]) for sector, member in members.items()}
    rest = size_towards_k(own[answered & ~np.logical_or.reduce([*members.values()])])
    return {
        sector: float(column[answered & members[sector]].mean())
        for sector in reportable_groups(sizes, least=least, rest=rest)
    }


def _flags(
    round_: Round, ballots: list[Ballot], scores: FloatArray, sections: list[int]
) -> list[BallotFlags]:
    """Flag ballots in the order of their random ids, which the close has drawn anew."""
    starts = [0, *accumulate(sections)]
    shown = np.array([_shown_order(round_, ballot, starts) for ballot in ballots])
    flags = flag_careless(careless_signs(scores, shown), scores.shape[1])
    return [BallotFlags(number, *row) for number, row in enumerate(flags.tolist(), start=1) if any(row)]


def _shown_order(round_: Round, ballot: Ballot, starts: list[int]) -> IntArray:
    orders = [
        start + display_order(round_.seed, ballot.order_key, end - start) for start, end in pairwise(starts)
    ]
    return np.concatenate(orders)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
