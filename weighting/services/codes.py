"""Codes that are typed by hand: a short form of the personal link, for paper and chat."""

import secrets

from django.utils.translation import gettext as _

from weighting.exceptions import Refused, TooManyAttempts
from weighting.models import AccessLink, Invitation
from weighting.selectors.access import find_link, hash_token
from weighting.services.access import EXPERT_LINK_GRACE
from weighting.services.attempts import count_attempt, forget_attempt

# Crockford's base 32: no I, L, O or U; 16 characters are 80 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 16
GROUP = 4
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


def issue_invitation_code(invitation: Invitation) -> str:
    """Make a code that opens the expert's ballot; return it in groups of four, shown once."""
    code = "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))
    link = AccessLink(
        token_hash=hash_token(code),
        invitation=invitation,
        expires_at=invitation.round.deadline + EXPERT_LINK_GRACE,
    )
    link.full_clean()
    link.save()
    return "-".join(code[start : start + GROUP] for start in range(0, CODE_LENGTH, GROUP))


def normalise_code(text: str) -> str:
    """Return a code as it was issued, whatever the case, the groups and the look-alikes typed."""
    return "".join(text.upper().split()).translate(MISREAD)


def redeem_code(text: str, *, address: str) -> str:
    """Return the token that the code stands for; refuse a wrong one, and too many of them.

    The attempt is counted before the code is looked up, and given back when it was right:
    however many come at once, no more than the limit are ever tried.
    """
    attempts = count_attempt("code", address)
    if attempts is None:
        raise TooManyAttempts
    code = normalise_code(text)
    if find_link(code) is None:
        raise Refused(_("This code opens nothing: compare it with your sheet, character by character."))
    forget_attempt(attempts)
    return code
