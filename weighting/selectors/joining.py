"""Who may still join: the links that make accounts."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from weighting.enums import Role
from weighting.models import Account, JoinLink


def lacks_administrator() -> bool:
    """Whether nobody administers the installation, so that the program's own link may."""
    return not Account.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists()


def is_empty() -> bool:
    """Whether nobody has an account here yet."""
    return not Account.objects.exists()


def find_join_link(token_hash: str) -> JoinLink | None:
    """Return the live link of a token whose hash is known."""
    return live_join_links().filter(token_hash=token_hash).first()


def invite_for(emails: list[str]) -> JoinLink | None:
    """Return the newest live invitation of one of the addresses."""
    asked = Q(pk__in=[])
    for email in emails:
        asked |= Q(email__iexact=email)
    return live_join_links().filter(asked, made_by__isnull=False).first()


def live_join_links() -> QuerySet[JoinLink]:
    """Return the links that still make an account: unused, not withdrawn, not over."""
    alive = Q(expires_at__gt=timezone.now())
    if lacks_administrator():
        alive |= Q(made_by__isnull=True)
    return JoinLink.objects.filter(alive, account__isnull=True, revoked=False)
