"""Whose link, and whose session."""

import hashlib

from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.http import base36_to_int

from weighting.enums import RoundState
from weighting.models import AccessLink, Account, ApiToken, Invitation
from weighting.selectors.statements import Given, Statement

INVITATION_KEY = "invitation"
LINK_KEY = "invitation_link"


def hash_token(token: str) -> str:
    """Return what is stored of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_link(token: str) -> AccessLink | None:
    """Return the live link of a token, or None when it is unknown, revoked or expired."""
    return find_hashed_link(hash_token(token))


def find_hashed_link(token_hash: str) -> AccessLink | None:
    """Return the live link of a token whose hash alone is known, as a session keeps it."""
    return LIVE_LINK.first(token_hash=token_hash, now=timezone.now())


def account_of_password_link(token: str) -> Account | None:
    """Return the account in use that a link to a new password is for, or None when it is none or over."""
    number, _dash, key = token.partition("-")
    try:
        account = Account.objects.filter(pk=base36_to_int(number), is_active=True).first()
    except (ValueError, OverflowError):
        return None
    return account if account and default_token_generator.check_token(account, key) else None


def find_api_token(token: str) -> ApiToken | None:
    """Return the token of an active account, or None when it is unknown or revoked."""
    alive = ApiToken.objects.filter(revoked=False, account__is_active=True)
    return alive.filter(token_hash=hash_token(token)).select_related("account").first()


def api_tokens_of(account: Account) -> QuerySet[ApiToken]:
    """Return the tokens of an account that still work, the newest first."""
    return account.api_tokens.filter(revoked=False)


def is_of_removed_expert(token_hash: str) -> bool:
    """Tell whether a link stopped working because its expert was taken off the panel."""
    return AccessLink.objects.filter(token_hash=token_hash, invitation__removed=True).exists()


def invitation_in_session(session: SessionBase) -> Invitation | None:
    """Return the invitation that a link signed this session in for once its round was over.

    A stored session says when somebody came, so there is none while ballots are written.
    """
    if INVITATION_KEY not in session or LINK_KEY not in session:
        return None
    still_open = Q(round__state=RoundState.OPEN, round__deadline__gt=timezone.now())
    # A link to an invitation is nobody's account.
    return (
        Invitation.objects.exclude(still_open)
        .filter(
            pk=session[INVITATION_KEY],
            removed=False,
            access_links__pk=session[LINK_KEY],
            access_links__revoked=False,
            access_links__expires_at__gt=timezone.now(),
        )
        .first()
    )


def read_round(invitation: Invitation) -> Invitation:
    """Read the invitation's round, its framework and its expert in one query; return the invitation."""
    found = WITH_ROUND.get(pk=invitation.pk)
    invitation.round, invitation.expert = found.round, found.expert
    return invitation


def _live_link() -> QuerySet[AccessLink]:
    alive = Q(revoked=False, expires_at__gt=Given("now", AccessLink._meta.get_field("expires_at")))
    active = Q(account__isnull=True) | Q(account__is_active=True)
    links = AccessLink.objects.filter(alive & active).exclude(invitation__removed=True)
    # With all that the page of a round says.
    related = ("account", "invitation__expert", "invitation__round__framework")
    own = links.filter(token_hash=Given("token_hash", AccessLink._meta.get_field("token_hash")))
    return own.select_related(*related).defer("invitation__round__questionnaire")


def _with_round() -> QuerySet[Invitation]:
    # The canonical questionnaire is large, and no page of the expert reads it.
    related = Invitation.objects.select_related("round__framework", "expert").defer("round__questionnaire")
    return related.filter(pk=Given("pk", Invitation._meta.pk))


# Hundreds may open theirs within seconds.
LIVE_LINK, WITH_ROUND = Statement(_live_link), Statement(_with_round)
