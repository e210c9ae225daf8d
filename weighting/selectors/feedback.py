"""What a round of a Delphi series shows of the round before it: said beforehand, and only above k."""

from dataclasses import dataclass

from weighting.enums import Feedback
from weighting.exceptions import NotReported
from weighting.models import Ballot, Invitation, Round
from weighting.numeric.agreement import describe_items
from weighting.selectors.claims import Claim, earlier_ballot
from weighting.selectors.rounds import answers_towards_k, items_of, scores_on
from weighting.selectors.statistics import reported_ballots_of


@dataclass(frozen=True)
class ItemFeedback:
    """An item's median and quartiles in the earlier round; ``own`` is None where it is not fed back."""

    median: float
    lower_quartile: float
    upper_quartile: float
    own: int | None


def feedback_for(claim: Claim, ballot: Ballot | None) -> dict[str, ItemFeedback]:
    """Return what the holder of a ballot is shown of the earlier round, by indicator code."""
    before = claim.invitation.round.follows
    if before is None or before.feedback == Feedback.NONE:
        return {}
    try:
        ballots = reported_ballots_of(before)
    except NotReported:
        return {}
    nodes = items_of(before)
    scores = scores_on(ballots, nodes)
    enough = answers_towards_k(ballots, scores) >= before.least_panel
    figures, own = describe_items(scores), _own_scores(claim.invitation, ballot, before)
    return {
        node.code: ItemFeedback(
            median=float(figures.median[position]),
            lower_quartile=float(figures.lower_quartile[position]),
            upper_quartile=float(figures.upper_quartile[position]),
            own=own.get(node.code),
        )
        for position, node in enumerate(nodes)
        if enough[position]
    }


def _own_scores(invitation: Invitation, ballot: Ballot | None, before: Round) -> dict[str, int | None]:
    if before.feedback != Feedback.OWN:
        return {}
    earlier = earlier_ballot(ballot, invitation, before)
    return (earlier.sealed_scores or {}) if earlier else {}
