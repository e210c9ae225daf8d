"""The gate in front of every view."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from weighting.enums import Role
from weighting.permissions import ADMINISTRATORS
from weighting.visitors import visitor_of


class AudienceMiddleware:
    """Refuse a view that declares no audience, and a visitor who is not in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        roles = declared_audience(request, view)
        role = visitor_of(request).role
        if role in roles:
            return None
        if role == Role.ANONYMOUS and roles and not request.path.startswith("/api/"):
            return redirect_to_login(request.get_full_path())
        raise Http404


def declared_audience(request: HttpRequest, view: Callable[..., Any]) -> frozenset[Role]:
    """Return the roles that may reach a view; nobody when it declares none."""
    if request.resolver_match and "admin" in request.resolver_match.namespaces:
        return ADMINISTRATORS
    declared: frozenset[Role] = getattr(view, "audience", frozenset())
    return declared
