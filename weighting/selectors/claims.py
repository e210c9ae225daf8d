"""Who holds which ballot: found by a secret that only its holder keeps.

A holder's secret is made from the ballot key, twelve characters that a person can write down, by a slow
hash. Two other hashes of it are stored: one on the invitation, which tells that this browser may
act for this expert, and one on the ballot. Neither leads to the other.
"""

import hashlib
import secrets
import threading
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings
from django.db.models import QuerySet

from weighting.enums import Feedback, RoundState
from weighting.models import Ballot, Invitation, Round
from weighting.selectors.codes import ALPHABET, grouped, normalise_code
from weighting.selectors.statements import Given, Statement

KEY_LENGTH = 12
SECRET_BYTES = 16
STRETCHING = threading.Lock()
KEY_DOMAIN = "quanheng/ballot-key/1"
CLAIM_DOMAIN = "quanheng/claim/1"
LOCK_DOMAIN = "quanheng/ballot-lock/1"


@dataclass(frozen=True)
class Claim:
    """An invitation in the hands of its holder; ``key`` is what a person writes down of the secret.

    ``others`` are the secrets of further ballots that the same browser holds.
    """

    invitation: Invitation
    secret: str = field(repr=False)
    key: str = field(default="", repr=False)
    others: tuple[str, ...] = field(default=(), repr=False)

    @property
    def lock(self) -> str:
        """What the ballot is found by."""
        return lock_of(self.secret)

    @property
    def key_text(self) -> str:
        """The ballot key as it is shown."""
        return grouped(self.key)


def new_key() -> str:
    """Return a new ballot key: 60 random bits."""
    return "".join(secrets.choice(ALPHABET) for _place in range(KEY_LENGTH))


def secret_of(invitation: Invitation, key: str) -> str:
    """Return the secret that a ballot key stands for at this invitation; slow, so that keys are not tried."""
    # Each fills memory that the others would push out of the processor's cache.
    with STRETCHING:
        salt = f"{KEY_DOMAIN}\n{invitation.pk}".encode()
        stretch = Scrypt(salt=salt, length=SECRET_BYTES, n=settings.BALLOT_KEY_COST, r=8, p=1)
        return stretch.derive(normalise_code(key).encode()).hex()


def claim_hash(secret: str) -> str:
    """Return what the invitation holds of a secret."""
    return _hash(CLAIM_DOMAIN, secret)


def lock_of(secret: str) -> str:
    """Return what the ballot holds of a secret."""
    return _hash(LOCK_DOMAIN, secret)


def find_claimed(secret: str) -> Invitation | None:
    """Return the invitation that a secret claimed, unless its expert was removed or it was claimed anew."""
    return CLAIMED.first(claim=claim_hash(secret))


def held_ballot(claim: Claim) -> Ballot | None:
    """Return the ballot that the claim opens; None when it was withdrawn, or its round no longer tells."""
    return HELD.first(lock=claim.lock, round=claim.invitation.round_id)


def is_claimable(invitation: Invitation) -> bool:
    """Tell whether the next to confirm the invitation claims it: nobody has begun, or only before claims."""
    return not invitation.started or invitation.unclaimed_ballot_id is not None


def earlier_secret(claim: Claim) -> str:
    """Return the secret of the same expert's ballot of the round before, if this browser holds it."""
    earlier = earlier_invitation(claim.invitation) if claim.others else None
    return next((each for each in claim.others if earlier and claim_hash(each) == earlier.claim), "")


def earlier_invitation(invitation: Invitation) -> Invitation | None:
    """Return the same expert's invitation to the round before, where that one feeds own scores back."""
    before = invitation.round.follows
    if before is None or before.feedback != Feedback.OWN:
        return None
    return Invitation.objects.filter(round=before, expert=invitation.expert_id, claim__isnull=False).first()


def lacks_earlier_key(invitation: Invitation, ballot: Ballot | None) -> bool:
    """Tell whether typing the key of the round before would show the scores given in it."""
    earlier = earlier_invitation(invitation) if ballot and not ballot.earlier_lock else None
    return bool(earlier and earlier.sealed and bears_locks(earlier.round))


def earlier_ballot(ballot: Ballot | None, invitation: Invitation, before: Round) -> Ballot | None:
    """Return the same expert's ballot of the round before, as far as it was shown to be theirs."""
    if ballot and ballot.earlier_lock:
        return Ballot.objects.filter(round=before, lock=ballot.earlier_lock).first()
    # A round that was closed before there were claims keeps its link until the series ends.
    old = Invitation.objects.filter(round=before, expert=invitation.expert_id, unclaimed_ballot__isnull=False)
    linked = old.select_related("unclaimed_ballot").first()
    return linked.unclaimed_ballot if linked else None


def keeps_locks(round_: Round) -> bool:
    """Tell whether the holders of a closed round's ballots can still be shown them, for a series."""
    return round_.state in (RoundState.CLOSED, RoundState.AGGREGATED) and bears_locks(round_)


def bears_locks(round_: Round) -> bool:
    """Tell whether anything stored leads to the ballots of a round: a holder's secret, or an old link."""
    if Ballot.objects.filter(round=round_, lock__isnull=False).exists():
        return True
    return Invitation.objects.filter(round=round_, unclaimed_ballot__isnull=False).exists()


def _hash(domain: str, secret: str) -> str:
    return hashlib.sha256(f"{domain}\n{secret}".encode()).hexdigest()


def _claimed() -> QuerySet[Invitation]:
    return Invitation.objects.filter(claim=Given("claim", Invitation._meta.get_field("claim")), removed=False)


def _held() -> QuerySet[Ballot]:
    lock = Given("lock", Ballot._meta.get_field("lock"))
    return Ballot.objects.filter(lock=lock, round=Given("round", Round._meta.pk))


# Every request of every expert asks the first, and every page of a ballot the second.
CLAIMED, HELD = Statement(_claimed), Statement(_held)
