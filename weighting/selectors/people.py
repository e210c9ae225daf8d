"""Who works here, for administrators alone."""

from django.db.models import F, QuerySet

from weighting.models import Account, JoinLink
from weighting.permissions import ADMINISTRATORS, has_role
from weighting.selectors.joining import live_join_links


def people_visible_to(account: Account) -> QuerySet[Account]:
    """Return every account, those in use first; nobody but administrators sees any."""
    people = Account.objects.order_by("-is_active", F("first_name").asc(), "username")
    return people if has_role(account, ADMINISTRATORS) else people.none()


def invites_visible_to(account: Account) -> QuerySet[JoinLink]:
    """Return the one-time links that somebody made and nobody has used yet, the newest first."""
    invites = live_join_links().filter(made_by__isnull=False).select_related("made_by")
    return invites if has_role(account, ADMINISTRATORS) else invites.none()
