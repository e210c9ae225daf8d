"""Who is on the other side of a request."""

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from weighting.enums import Role
from weighting.keyring import KeyRing
from weighting.models import Account, Invitation
from weighting.permissions import ADMINISTRATORS, MANAGERS, STAFF, has_role
from weighting.requests import marked
from weighting.selectors.access import invitation_in_session, read_round
from weighting.selectors.claims import Claim, find_claimed


@dataclass(frozen=True)
class Visitor:
    """The account or the invitation behind a request; neither when anonymous.

    An expert with a claim may act on the ballot; one without came by a link after the close.
    """

    role: Role
    account: Account | None = None
    invitation: Invitation | None = None
    claim: Claim | None = field(default=None, repr=False)
    by_token: bool = False

    @property
    def name(self) -> str:
        if self.account:
            return self.account.get_full_name() or self.account.get_username()
        return self.invitation.expert.name if self.invitation else ""

    @property
    def is_expert(self) -> bool:
        return self.role == Role.EXPERT

    @property
    def is_stranger(self) -> bool:
        return self.role == Role.ANONYMOUS

    @property
    def can_manage(self) -> bool:
        return self.role in MANAGERS

    @property
    def can_administer(self) -> bool:
        return self.role in ADMINISTRATORS

    @property
    def can_analyse(self) -> bool:
        return self.role in STAFF


def staff_visitor(account: Account, *, by_token: bool = False) -> Visitor:
    """Return an account as a visitor; one whose role nobody named is like anybody."""
    if not has_role(account, STAFF):
        return Visitor(role=Role.ANONYMOUS)
    return Visitor(role=Role(account.role), account=account, by_token=by_token)


def visitor_of(request: HttpRequest) -> Visitor:
    """Return the visitor, looked up once per request."""
    if not hasattr(request, "visitor"):
        marked(request).visitor = _find_visitor(request)
    return marked(request).visitor


def account_of(request: HttpRequest) -> Account:
    """Return the account behind a request to a page that only staff may reach."""
    account = visitor_of(request).account
    if account is None:
        raise PermissionDenied
    return account


def invitation_of(request: HttpRequest) -> Invitation:
    """Return the invitation behind a request that only experts may make, without its round."""
    invitation = visitor_of(request).invitation
    if invitation is None:
        raise PermissionDenied
    return invitation


def claim_of(request: HttpRequest) -> Claim:
    """Return the claim behind a request that changes or shows a ballot; without one nothing is found."""
    claim = visitor_of(request).claim
    return claim or Claim(invitation_of(request), secret="")


def claim_with_round_of(request: HttpRequest) -> Claim:
    """Return the same with all that a page shows of its round."""
    claim = claim_of(request)
    read_round(claim.invitation)
    return claim


def _find_visitor(request: HttpRequest) -> Visitor:
    if request.user.is_authenticated and isinstance(request.user, Account):
        return staff_visitor(request.user)
    ring = KeyRing.of(request)
    if ring.in_use and (invitation := find_claimed(ring.in_use.secret)):
        return Visitor(role=Role.EXPERT, invitation=invitation, claim=ring.claim_to(invitation))
    invitation = invitation_in_session(request.session)
    if invitation:
        return Visitor(role=Role.EXPERT, invitation=invitation)
    return Visitor(role=Role.ANONYMOUS)
