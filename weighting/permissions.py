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

ANYONE = frozenset(Role)
STAFF = frozenset({Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR})
MANAGERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
EXPERTS = frozenset({Role.EXPERT})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

View = TypeVar("View", bound=Callable[..., Any])


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
