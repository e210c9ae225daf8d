"""Personal links: made, used and revoked. The token itself is never stored."""

import secrets
from datetime import datetime, timedelta

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib.auth import logout
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import int_to_base36
from django.utils.translation import gettext as _

from weighting.enums import RoundState
from weighting.exceptions import ExpertRemoved, Refused
from weighting.models import AccessLink, Account, Invitation, Round
from weighting.selectors.access import INVITATION_KEY, LINK_KEY, hash_token
from weighting.selectors.rounds import invitations_of
from weighting.services.audit import record_act

TOKEN_BYTES = 32
STAFF_LINK_LIFE = timedelta(days=7)
# A sealed expert may look at the receipt list for a while after the deadline.
EXPERT_LINK_GRACE = timedelta(days=30)


def issue_account_link(account: Account) -> str:
    """Make a link that signs the account in; return its token, which is shown once."""
    return _issue(expires_at=timezone.now() + STAFF_LINK_LIFE, account=account)


def issue_password_link(account: Account) -> str:
    """Return the token of a link to a new password; nothing is stored, and a change of password ends it."""
    return f"{int_to_base36(account.pk)}-{default_token_generator.make_token(account)}"


def issue_invitation_link(invitation: Invitation) -> str:
    """Make a link that opens the expert's ballot; return its token, which is shown once."""
    return _issue(expires_at=invitation.round.deadline + EXPERT_LINK_GRACE, invitation=invitation)


@transaction.atomic
def replace_invitation_link(invitation: Invitation, *, actor: Account) -> str:
    """Revoke the links an expert holds, and make a new one; only while the round is open."""
    _check_open(invitation.round)
    if invitation.removed:
        raise ExpertRemoved
    invitation.access_links.update(revoked=True)
    record_act(actor, "replace_link", invitation)
    return issue_invitation_link(invitation)


@transaction.atomic
def revoke_invitation_links(invitation: Invitation, *, actor: Account) -> None:
    """Let every link and code of an expert stop working, and every page that they opened."""
    invitation.access_links.update(revoked=True)
    record_act(actor, "revoke_links", invitation)


@transaction.atomic
def replace_unsealed_links(round_: Round, *, actor: Account) -> list[tuple[Invitation, str]]:
    """Make a new link for every expert who has not sealed yet; return each with its token."""
    _check_open(round_)
    waiting = invitations_of(round_).filter(sealed=False, removed=False).select_related("round")
    return [(invitation, replace_invitation_link(invitation, actor=actor)) for invitation in waiting]


def extend_invitation_links(round_: Round) -> None:
    """Let the links of a round live as long as its new deadline asks."""
    links = AccessLink.objects.filter(invitation__round=round_, revoked=False)
    links.update(expires_at=round_.deadline + EXPERT_LINK_GRACE)


def sign_in_expert(request: HttpRequest, link: AccessLink) -> None:
    """Let the holder of a live link look at a round that is over, in a session of its own."""
    logout(request)
    request.session.cycle_key()
    request.session[INVITATION_KEY] = link.invitation_id
    request.session[LINK_KEY] = link.pk


def sign_in_account(request: HttpRequest, account: Account, *, method: str, to: str = "") -> HttpResponse:
    """Sign a member of staff in who has shown who they are; return where to go, or what is still asked."""
    if request.user.is_authenticated:
        logout(request)
    record_authentication(request, account, method=method)
    return perform_login(request, Login(user=account, redirect_url=to))


def _check_open(round_: Round) -> None:
    if round_.state != RoundState.OPEN:
        raise Refused(_("Personal links are made only while the round is open."))


def _issue(
    *, expires_at: datetime, account: Account | None = None, invitation: Invitation | None = None
) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = AccessLink(
        token_hash=hash_token(token), account=account, invitation=invitation, expires_at=expires_at
    )
    link.full_clean()
    link.save()
    return token
