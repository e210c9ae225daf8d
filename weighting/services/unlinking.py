"""Destroying the link from person to ballot: at the close, or where a series kept it, at its end."""

import secrets
from collections import Counter
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.enums import Feedback, RoundState
from weighting.exceptions import Refused
from weighting.models import Account, Ballot, Invitation, Round, Score
from weighting.numeric.disclosure import reportable_groups
from weighting.selectors.rounds import is_counted
from weighting.services.audit import record_act
from weighting.services.residue import empty_log_on_commit

BEFORE_THE_CLOSE = [RoundState.DRAFT, RoundState.READY, RoundState.OPEN]


def unlink_at_close(round_: Round) -> None:
    """Keep the sealed ballots under new ids in random order; drop drafts, nonces and links.

    The receipts that a later seal replaced move to the round, where nothing tells whose they were.
    A round that feeds back own scores keeps the links until its series ends, as its experts
    were told beforehand.
    """
    ballots = list(Ballot.objects.select_for_update().filter(round=round_))
    removed = set(Invitation.objects.filter(round=round_, removed=True).values_list("ballot_id", flat=True))
    sealed = [ballot for ballot in ballots if ballot.receipt and ballot.pk not in removed]
    sectors = _sectors_to_keep(round_, sealed)
    for ballot in sealed:
        ballot.sector = sectors.get(ballot.pk, "")
    round_.superseded_receipts = sorted(old for ballot in sealed for old in ballot.superseded_receipts)
    Score.objects.filter(ballot__round=round_).delete()
    _rewrite(round_, sealed, keeps_links=round_.feedback == Feedback.OWN)


@transaction.atomic
def end_series(round_: Round, *, actor: Account) -> Round:
    """Destroy the links that a series kept: of this round, and of those before it."""
    round_ = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    if round_.state in BEFORE_THE_CLOSE:
        raise Refused(_("A series ends after its last round is closed."))
    if round_.followed_by.filter(state__in=BEFORE_THE_CLOSE).exists():
        raise Refused(_("A following round still shows own earlier scores: close or void it first."))
    earlier: Round | None = round_
    while earlier:
        destroy_links(earlier)
        earlier = earlier.follows
    record_act(actor, "end_series", round_)
    return round_


def destroy_links(round_: Round) -> None:
    """Destroy the links that a closed round still keeps, if any."""
    if Invitation.objects.filter(round=round_, ballot__isnull=False).exists():
        ballots = list(Ballot.objects.select_for_update().filter(round=round_))
        _rewrite(round_, ballots, keeps_links=False)


def _rewrite(round_: Round, kept: list[Ballot], *, keeps_links: bool) -> None:
    """Write the kept ballots anew under random ids in random order, and delete all others."""
    holders = dict(Invitation.objects.filter(ballot__in=kept).values_list("ballot_id", "pk"))
    pairs = [(holders.get(ballot.pk), _copy_of(ballot)) for ballot in kept]
    secrets.SystemRandom().shuffle(pairs)
    Invitation.objects.filter(round=round_).update(ballot=None)
    Ballot.objects.filter(round=round_).delete()
    Ballot.objects.bulk_create([copy for _holder, copy in pairs])
    empty_log_on_commit()
    if keeps_links:
        linked = [Invitation(pk=holder, ballot=copy) for holder, copy in pairs if holder]
        Invitation.objects.bulk_update(linked, ["ballot"])


def _copy_of(ballot: Ballot) -> Ballot:
    """Return the sealed ballot under a new random id, without the nonce and earlier receipts."""
    return Ballot(
        round_id=ballot.round_id,
        sealed_scores=ballot.sealed_scores,
        receipt=ballot.receipt,
        sealed_comments=ballot.sealed_comments,
        order_key=ballot.order_key,
        medium=ballot.medium,
        sector=ballot.sector,
    )


def _sectors_to_keep(round_: Round, sealed: list[Ballot]) -> dict[UUID, str]:
    """Return the sector of each counted ballot whose sector, and all that is left, has k of them."""
    sector_of = dict(Invitation.objects.filter(ballot__in=sealed).values_list("ballot_id", "expert__sector"))
    counted = [ballot.pk for ballot in sealed if is_counted(round_, ballot)]
    known = {pk: sector_of[pk] for pk in counted if pk in sector_of}
    kept = reportable_groups(
        Counter(known.values()), least=round_.minimum_panel, rest=len(counted) - len(known)
    )
    return {pk: sector for pk, sector in known.items() if sector in kept}
