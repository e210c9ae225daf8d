"""The counted ballots behind a version as one matrix, in an order that leads to nobody."""

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from weighting.exceptions import NotReported
from weighting.models import Round, WeightVersion
from weighting.numeric.aggregation import Rule
from weighting.numeric.arrays import BoolArray, FloatArray
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.pooling import has_aggregate, pooled_items_of, rounds_behind
from weighting.selectors.rounds import ballots_towards_k, counted_ballots_of, scores_on, too_few_words


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
    not aggregated, and below the minimum panel.
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
    if towards_k < least:
        raise NotReported(too_few_words(ballots, least=least))
    asked = _asked(rounds, len(nodes))
    scores = np.where(asked, scores_on(ballots, nodes), np.nan)
    return PanelScores(_sorted(scores), asked, rounds[0].rule, least, towards_k)  # type: ignore[arg-type]


def _asked(rounds: list[Round], nodes: int) -> BoolArray:
    asked = np.zeros(nodes, dtype=bool)
    asked[[item.position for item in pooled_items_of(rounds)]] = True
    return asked


def _sorted(scores: FloatArray) -> FloatArray:
    """Sort the rows by their scores from the left; an abstention comes before a 1."""
    return scores[np.lexsort(np.nan_to_num(scores, nan=0).T[::-1])]
