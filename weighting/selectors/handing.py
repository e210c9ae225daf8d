"""Experts whom no mail reaches, and who of them was given a link by hand."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from weighting.models import AccessLink, Invitation, Letter, Round
from weighting.selectors.letters import NOT_SENT
from weighting.selectors.rounds import invitations_of, unsealed_in, without_address

# So many are named on a page that leads to the list of all.
NAMED = 8


@dataclass(frozen=True)
class ByHand:
    """Experts without an address who have still to seal: some by name, how many, how many given no link."""

    named: list[Invitation]
    count: int
    waiting: int

    @property
    def further(self) -> int:
        return self.count - len(self.named)


def invitations_with_links(round_: Round) -> QuerySet[Any]:
    """Return invitations by expert code: whether each ``holds`` a link, and was ``handed`` it by somebody."""
    live = AccessLink.objects.filter(invitation=OuterRef("pk"), revoked=False)
    invitations = invitations_of(round_).filter(removed=False)
    return invitations.annotate(holds=Exists(live), handed=Exists(live.filter(handed=True)))


def whom_no_mail_reaches(invitations: QuerySet[Any]) -> QuerySet[Any]:
    """Return those of experts without an address, or whose last mail the server did not take."""
    last = Letter.objects.filter(invitation=OuterRef("pk")).order_by("-number").values("state")[:1]
    return invitations.alias(last=Subquery(last)).filter(Q(expert__email="") | Q(last__in=NOT_SENT))


def to_hand_to(invitations: QuerySet[Any]) -> QuerySet[Any]:
    """Return those who have something to do and were not given a link by hand."""
    return invitations.filter(sealed=False, handed=False)


def next_to_hand_to(invitations: QuerySet[Any], after: Invitation) -> Invitation | None:
    """Return who is given a link after somebody: the next in the list, from its end again from its head."""
    waiting = to_hand_to(invitations).exclude(pk=after.pk)
    return waiting.filter(expert__code__gt=after.expert.code).first() or waiting.first()


def by_hand_in(round_: Round) -> ByHand | None:
    """Return who cannot be mailed and has still to seal; None where everybody can be."""
    whom = without_address(unsealed_in(round_))
    named = list(whom[: NAMED + 1])
    if not named:
        return None
    count = len(named) if len(named) <= NAMED else whom.count()
    waiting = without_address(to_hand_to(invitations_with_links(round_))).count()
    return ByHand(named[:NAMED], count, waiting)
