"""Taking from the ballots what their holders find them by: at the close, or at the end of a series."""

import secrets
from collections import defaultdict
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.enums import Feedback, RoundState
from weighting.exceptions import Refused
from weighting.models import Account, Ballot, Invitation, Round, Score
from weighting.numeric.disclosure import reportable_groups
from weighting.selectors.claims import bears_locks
from weighting.selectors.rounds import ballots_towards_k, is_counted
from weighting.services.audit import record_act
from weighting.services.residue import empty_log_on_commit
from weighting.services.sectors import sector_of

BEFORE_THE_CLOSE = [RoundState.DRAFT, RoundState.READY, RoundState.OPEN]


def unlink_at_close(round_: Round) -> int:
    """Keep the sealed ballots under new ids in random order; drop drafts, nonces and locks.

    Returns how many are kept. The receipts that a later seal replaced move to the round, where nothing
    tells whose they were. A round that feeds back own scores keeps the locks until its series ends,
    as its experts were told beforehand: with their own key, and in no other way, a ballot is found by them.
    """
    ballots = list(Ballot.objects.select_for_update().filter(round=round_))
    sealed = [ballot for ballot in ballots if ballot.receipt]
    sectors = _sectors_to_keep(round_, sealed)
    for ballot in sealed:
        ballot.sector = sectors.get(ballot.pk, "")
    round_.superseded_receipts = sorted(old for ballot in sealed for old in ballot.superseded_receipts)
    Score.objects.filter(ballot__round=round_).delete()
    _rewrite(round_, sealed, keeps_locks=round_.feedback == Feedback.OWN)
    return len(sealed)


@transaction.atomic
def end_series(round_: Round, *, actor: Account) -> Round:
    """Destroy the locks that a series kept: of this round, and of those before it."""
    round_ = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    if round_.state in BEFORE_THE_CLOSE:
        raise Refused(_("A series ends after its last round is closed."))
    if round_.followed_by.filter(state__in=BEFORE_THE_CLOSE).exists():
        raise Refused(
            _("A following round still shows experts their own earlier scores: close or void it first.")
        )
    earlier: Round | None = round_
    while earlier:
        destroy_links(earlier)
        earlier = earlier.follows
    record_act(actor, "end_series", round_)
    return round_


def destroy_links(round_: Round) -> None:
    """Destroy the locks that the ballots of a closed round still bear, if any."""
    if bears_locks(round_):
        ballots = list(Ballot.objects.select_for_update().filter(round=round_))
        _rewrite(round_, ballots, keeps_locks=False)


def _rewrite(round_: Round, kept: list[Ballot], *, keeps_locks: bool) -> None:
    """Write the kept ballots anew under random ids in random order, and delete all others."""
    copies = [_copy_of(ballot, keeps_lock=keeps_locks) for ballot in kept]
    secrets.SystemRandom().shuffle(copies)
    _end_invitations(round_)
    Ballot.objects.filter(round=round_).delete()
    Ballot.objects.bulk_create(copies)
    empty_log_on_commit()


def _end_invitations(round_: Round) -> None:
    """Lay the invitations among those of rounds that have ended, in the order of their keys."""
    under_way = Invitation.objects.filter(round=round_, ended=False)
    invitations = list(under_way.order_by("pk"))
    for invitation in invitations:
        invitation.ended, invitation.unclaimed_ballot = True, None
    # Of what refers to them nothing is to be deleted: they are back before anybody looks.
    under_way._raw_delete(under_way.db)
    Invitation.objects.bulk_create(invitations)


def _copy_of(ballot: Ballot, *, keeps_lock: bool) -> Ballot:
    """Return the sealed ballot under a new random id, without the nonce and earlier receipts."""
    return Ballot(
        round_id=ballot.round_id,
        sealed_scores=ballot.sealed_scores,
        receipt=ballot.receipt,
        sealed_comments=ballot.sealed_comments,
        order_key=ballot.order_key,
        medium=ballot.medium,
        sector=ballot.sector,
        lock=ballot.lock if keeps_lock else None,
        earlier_lock=ballot.earlier_lock if keeps_lock else "",
        ended=not keeps_lock,
    )


def _sectors_to_keep(round_: Round, sealed: list[Ballot]) -> dict[UUID, str]:
    """Return the sector of each counted ballot whose sector, and all that is left, has k of them."""
    members: defaultdict[str, list[Ballot]] = defaultdict(list)
    for ballot in sealed:
        if is_counted(round_, ballot):
            # One from before there were claims that nobody claimed has had no sector written on it.
            members[sector_of(ballot, round_) if ballot.lock else ""].append(ballot)
    rest = ballots_towards_k(members.pop("", []))
    sizes = {sector: ballots_towards_k(ballots) for sector, ballots in members.items()}
    kept = reportable_groups(sizes, least=round_.least_panel, rest=rest)
    return {ballot.pk: sector for sector in kept for ballot in members[sector]}
