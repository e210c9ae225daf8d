"""Claiming an invitation, going on with its ballot elsewhere, and saying that somebody else claimed it."""

from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet

from weighting.exceptions import (
    AlreadyClaimed,
    ClaimReplaced,
    ExpertRemoved,
    RoundNotOpen,
    TooManyKeys,
    WrongKey,
)
from weighting.models import Ballot, Invitation, Round
from weighting.selectors.ballots import is_open
from weighting.selectors.claims import (
    Claim,
    claim_hash,
    earlier_secret,
    held_ballot,
    is_claimable,
    lock_of,
    secret_of,
)
from weighting.selectors.statements import Given, Statement
from weighting.services.attempts import count_attempt
from weighting.services.audit import record_act
from weighting.services.marks import forget_place, mark_participation
from weighting.services.sectors import masked_sector_for


@transaction.atomic
def claim_ballot(claim: Claim, *, conflict: str = "", anew: bool = False) -> Ballot:
    """Let the secret of the claim open the invitation's ballot, made here, from now on and alone.

    Whoever comes first claims it. ``anew`` takes an unsealed ballot's place by an empty one: what was
    answered can no longer be reached, and is deleted at the close. A sealed ballot stands.
    ``conflict`` is the interest that the expert declares on agreeing to the terms; empty for none.
    """
    round_, held = hold_invitation(claim.invitation)
    if not is_open(round_):
        raise RoundNotOpen
    if not is_claimable(held) and (held.sealed or not anew):
        raise AlreadyClaimed
    ballot = _begun_before(held, round_) or _new_ballot(held, round_)
    ballot.lock = claim.lock
    ballot.earlier_lock = _earlier_lock(claim)
    ballot.save()
    forget_place(ballot)
    if held.unclaimed_ballot_id:
        Invitation.objects.filter(pk=held.pk).update(unclaimed_ballot=None)
    agreed = {} if held.consented and not anew else {"consented": True, "conflict": _checked(held, conflict)}
    mark_participation(held, claim=claim_hash(claim.secret), started=True, **agreed)
    return ballot


@transaction.atomic
def resume_ballot(claim: Claim, *, conflict: str = "") -> Ballot:
    """Return the claim's ballot; an empty one, on new consent, where it was withdrawn."""
    round_, held = hold_claimed(claim)
    ballot = held_ballot(claim)
    if ballot is None:
        ballot = _new_ballot(held, round_)
        ballot.lock, ballot.earlier_lock = claim.lock, _earlier_lock(claim)
        ballot.save()
        forget_place(ballot)
        mark_participation(held, started=True, consented=True, conflict=_checked(held, conflict))
    return ballot


def redeem_key(invitation: Invitation, text: str, *, address: str) -> str:
    """Return the secret that a typed ballot key stands for; refuse a wrong one.

    A right key is always let in, however many wrong ones came before it: sixty bits behind a slow
    hash are what keeps guessers out, and the count only tells them to stop.
    """
    secret = secret_of(invitation, text)
    if invitation.claim == claim_hash(secret):
        return secret
    counted = [count_attempt("key", address), count_attempt("key", f"invitation {invitation.pk}")]
    raise WrongKey if all(counted) else TooManyKeys


@transaction.atomic
def link_earlier(claim: Claim, secret: str) -> None:
    """Remember on the ballot which ballot of the round before is by the same hand."""
    Ballot.objects.filter(lock=claim.lock).update(earlier_lock=lock_of(secret))


@transaction.atomic
def dispute_claim(invitation: Invitation) -> None:
    """Record that, as the expert says, somebody else used the invitation; once, and without saying when."""
    hold_round(invitation.round_id)
    if Invitation.objects.filter(pk=invitation.pk, disputed=False).update(disputed=True):
        record_act(None, "dispute_claim", invitation)


def hold_round(round_id: int) -> Round:
    """Lock a round until the transaction ends: until then it is not closed, which moves its invitations."""
    return HELD_ROUND.get(pk=round_id)


def hold_invitation(invitation: Invitation) -> tuple[Round, Invitation]:
    """Lock the round until the transaction ends, and read the invitation after the lock.

    All that changes who holds, begins or seals a ballot waits here for each other, and for the close.
    Not the invitation is locked: that would leave the mark of the transaction on it.
    """
    round_ = hold_round(invitation.round_id)
    held = HELD_INVITATION.get(pk=invitation.pk)
    if held.removed:
        raise ExpertRemoved
    held.round = round_
    return round_, held


def hold_claimed(claim: Claim) -> tuple[Round, Invitation]:
    """Do the same for the holder of a claim, in an open round."""
    round_, held = hold_invitation(claim.invitation)
    if not is_open(round_):
        raise RoundNotOpen
    if held.claim != claim_hash(claim.secret):
        raise ClaimReplaced
    return round_, held


def _begun_before(held: Invitation, round_: Round) -> Ballot | None:
    """Return a ballot from before there were claims; its sector is written down now."""
    if ballot := held.unclaimed_ballot:
        ballot.masked_sector = masked_sector_for(held, ballot.pk, round_=round_)
    return ballot


def _new_ballot(held: Invitation, round_: Round) -> Ballot:
    ballot_id = uuid4()
    sector = masked_sector_for(held, ballot_id, round_=round_)
    return Ballot(pk=ballot_id, round=round_, masked_sector=sector)


def _earlier_lock(claim: Claim) -> str:
    secret = earlier_secret(claim)
    return lock_of(secret) if secret else ""


def _checked(held: Invitation, conflict: str) -> str:
    held.conflict = conflict
    held.clean_fields(exclude=[f.name for f in held._meta.fields if f.name != "conflict"])
    return conflict


def _held_round() -> QuerySet[Round]:
    # The canonical questionnaire is large, and all others who come or seal wait here.
    locked = Round.objects.select_for_update(no_key=True).defer("questionnaire")
    return locked.filter(pk=Given("pk", Round._meta.pk))


def _held_invitation() -> QuerySet[Invitation]:
    related = Invitation.objects.select_related("expert", "unclaimed_ballot")
    return related.filter(pk=Given("pk", Invitation._meta.pk))


HELD_ROUND, HELD_INVITATION = Statement(_held_round), Statement(_held_invitation)
