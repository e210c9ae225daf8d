"""Codes that are typed by hand: a short form of the personal link, for paper and chat."""

import secrets

from django.utils.translation import gettext as _

from weighting.exceptions import Refused, TooManyAttempts
from weighting.models import AccessLink, Invitation
from weighting.selectors.access import find_link, hash_token
from weighting.selectors.codes import ALPHABET, grouped, normalise_code
from weighting.services.access import EXPERT_LINK_GRACE
from weighting.services.attempts import count_attempt

# 80 bits.
CODE_LENGTH = 16


def issue_invitation_code(invitation: Invitation) -> str:
    """Make a code that works like the expert's link; return it in groups of four, shown once."""
    code = "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))
    link = AccessLink(
        token_hash=hash_token(code),
        invitation=invitation,
        expires_at=invitation.round.deadline + EXPERT_LINK_GRACE,
    )
    link.full_clean()
    link.save()
    return grouped(code)


def redeem_code(text: str, *, address: str) -> str:
    """Return the token that the code stands for; wrong codes are counted, right ones always let in.

    Whoever shares an address with somebody who guesses must not be kept out, and a code of 80 bits
    is guessed by nobody.
    """
    code = normalise_code(text)
    if find_link(code):
        return code
    if count_attempt("code", address) is None:
        raise TooManyAttempts
    raise Refused(_("This code opens nothing: compare it with your sheet, character by character."))
