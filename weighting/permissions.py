"""Who may do what: every route declares its audience, and what declares none is refused.

``audience`` marks a view; ``AudienceMiddleware`` enforces the mark before the view runs.
Pages that somebody may not know of answer 404; a visitor who could sign in is sent there.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from weighting.enums import Role

if TYPE_CHECKING:
    from rest_framework.views import APIView

    from weighting.models import Account

ANYONE = frozenset(Role)
STAFF = frozenset({Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR})
MANAGERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
ANALYSTS = frozenset({Role.ANALYST})
EXPERTS = frozenset({Role.EXPERT})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

View = TypeVar("View", bound=Callable[..., Any])


def has_role(account: "Account | None", roles: frozenset[Role]) -> bool:
    """Whether an account has one of the roles that are named.

    The one question that selectors ask of an account: a role that nobody named sees what no
    account sees, whatever else it may be called.
    """
    return account is not None and account.role in roles


def audience(roles: frozenset[Role]) -> Callable[[View], View]:
    """Declare which roles may reach a view."""

    def declare(view: View) -> View:
        view.audience = roles  # type: ignore[attr-defined]
        return view

    return declare


class DenyAll(BasePermission):
    """The default of the API: a view that names no permission answers nobody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False


class InAudience(BasePermission):
    """The middleware has already held the route's audience against the visitor."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return True
