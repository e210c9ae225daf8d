"""Who works here, for administrators alone."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Exists, OuterRef, QuerySet

from weighting.models import Account, JoinLink
from weighting.permissions import ADMINISTRATORS, has_role
from weighting.selectors.joining import live_join_links


def people_visible_to(account: Account) -> QuerySet[Account]:
    """Return every account, those in use first; nobody but administrators sees any."""
    people = Account.objects.annotate(has_second_factor=Exists(_factors_of(OuterRef("pk"))))
    people = people.order_by("-is_active", "first_name", "username")
    return people if has_role(account, ADMINISTRATORS) else people.none()


def invites_visible_to(account: Account) -> QuerySet[JoinLink]:
    """Return the one-time links that somebody made and nobody has used yet, the newest first."""
    invites = live_join_links().filter(made_by__isnull=False).select_related("made_by")
    return invites if has_role(account, ADMINISTRATORS) else invites.none()


def accounts_with_address(email: str) -> QuerySet[Account]:
    """Return the accounts in use that have an e-mail address, whatever its case."""
    return Account.objects.filter(email__iexact=email, is_active=True)


def has_second_factor(account: Account) -> bool:
    """Whether a password alone does not sign an account in."""
    return bool(_factors_of(account.pk).exists())


def sessions_of(account: Account) -> list[UserSession]:
    """Return the browsers that an account is signed in with, the last used first."""
    sessions = UserSession.objects.purge_and_list(account)
    return sorted(sessions, key=lambda session: session.last_seen_at, reverse=True)


def _factors_of(account_pk: Any) -> QuerySet:
    """Recovery codes stand in for another factor, and are none."""
    factors = Authenticator.objects.filter(user_id=account_pk)
    return factors.exclude(type=Authenticator.Type.RECOVERY_CODES)
