"""The counted ballots behind a version as one matrix, in an order that leads to nobody."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from weighting.enums import Role, VersionSource
from weighting.exceptions import NotReported
from weighting.models import Account, Round, WeightVersion
from weighting.models.scoring_round import LEAST_PANEL
from weighting.numeric.aggregation import Rule
from weighting.numeric.arrays import BoolArray, FloatArray
from weighting.permissions import STAFF, has_role
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.pooling import count_own, has_aggregate, pooled_items_of, rounds_behind
from weighting.selectors.rounds import ballots_towards_k, counted_ballots_of, scores_on
from weighting.selectors.statistics import reported_rounds_visible_to

# Leaving one expert out makes a panel of one fewer, which is a panel all the same.
LEAST_STUDIED = LEAST_PANEL + 1


@dataclass(frozen=True, eq=False)
class PanelScores:
    """Scores, (ballots, nodes) in file order, nan for an abstention or a node not asked about.

    The rows are sorted by what stands in them, so that neither a row's place nor the matrix as
    a whole says anything but the scores. ``least`` is the minimum panel, and ``towards_k`` how many
    ballots it is held against.
    """

    scores: FloatArray
    asked: BoolArray
    rule: Rule
    least: int
    towards_k: int


def panel_scores_of(version: WeightVersion) -> PanelScores:
    """Return the ballots that a version's weights were formed from, of one round or pooled.

    Raises `NotReported` for a version without ballots of its own, while a round behind it is
    not aggregated, and where too few ballots are the experts' own.
    """
    rounds = rounds_behind(version)
    if not rounds:
        raise NotReported(
            _(
                "The weights of “%(name)s” do not come from a panel, so there are no experts to draw from. "
                "Study a version that was formed from a round, or use weight noise."
            )
            % {"name": version.label}
        )
    if not all(has_aggregate(round_) for round_ in rounds):
        raise NotReported(_("A round has statistics once it is aggregated, and never if it is void."))
    nodes = indicators_of(version.framework_id)
    ballots = [ballot for round_ in rounds for ballot in counted_ballots_of(round_)]
    least = max(round_.least_panel for round_ in rounds)
    towards_k = ballots_towards_k(ballots)
    if towards_k < max(least, LEAST_STUDIED):
        raise NotReported(too_few_to_study(towards_k, least=max(least, LEAST_STUDIED)))
    asked = _asked(rounds, len(nodes))
    scores = np.where(asked, scores_on(ballots, nodes), np.nan)
    return PanelScores(_sorted(scores), asked, rounds[0].rule, least, towards_k)  # type: ignore[arg-type]


def too_few_to_study(counted: int, *, least: int = LEAST_STUDIED) -> str:
    """Say that no study is made of so few ballots."""
    message = _(
        "A study that draws experts or leaves them out needs %(least)d ballots that experts filled in "
        "themselves; here are %(counted)d. Pool several rounds, or study weight noise."
    )
    return message % {"least": least, "counted": counted}


def versions_told_of(account: Account | None) -> QuerySet[WeightVersion]:
    """Return the versions of whose ballots the account may have studies: and the ballots, sorted.

    It reads the statistics of every round behind them, and they are of as many ballots as
    `panel_scores_of` asks for. Ballots left out are taken to be the experts' own.
    """
    if account is None or not has_role(account, STAFF):
        # Nobody else reads the statistics of a round: asking took two thirds of what a list of studies takes.
        return WeightVersion.objects.none()
    # What nobody asked yet: no rows are kept.
    return _versions_told_of(account.pk, account.role).all()


@lru_cache(500)
def _versions_told_of(account_pk: int, role: Role) -> QuerySet[WeightVersion]:
    """Return the same; pages of studies ask, and to put the question together takes 3 ms of a processor."""
    account = Account(pk=account_pk, role=role)
    readable = reported_rounds_visible_to(account).order_by().values("pk")
    hidden = Round.objects.exclude(pk__in=readable).order_by().values("pk")
    # Grouped by the key alone: of all columns a statement took several milliseconds to write.
    versions = WeightVersion.objects.order_by().values("pk")
    of_one = versions.filter(round__in=readable).annotate(
        own=count_own("round") - Coalesce(F("round__excluded_count"), 0), least=F("round__minimum_panel")
    )
    pooled = (
        versions.filter(source=VersionSource.POOLED, round__isnull=True)
        .filter(pooled_rounds__isnull=False)
        .exclude(pooled_rounds__in=hidden)
        .annotate(own=count_own("pooled_rounds"), least=Max("pooled_rounds__minimum_panel"))
    )
    told = [
        counted.filter(own__gte=Greatest("least", LEAST_STUDIED)).values("pk") for counted in (of_one, pooled)
    ]
    return WeightVersion.objects.filter(Q(pk__in=told[0]) | Q(pk__in=told[1]))


def _asked(rounds: list[Round], nodes: int) -> BoolArray:
    asked = np.zeros(nodes, dtype=bool)
    asked[[item.position for item in pooled_items_of(rounds)]] = True
    return asked


def _sorted(scores: FloatArray) -> FloatArray:
    """Sort the rows by their scores from the left; an abstention comes before a 1."""
    return scores[np.lexsort(np.nan_to_num(scores, nan=0).T[::-1])]
