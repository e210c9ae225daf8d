"""The gate in front of every view."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import patch_cache_control, patch_vary_headers

from weighting.enums import Role
from weighting.exceptions import Refused, TooManyTokens
from weighting.permissions import ADMINISTRATORS
from weighting.requests import client_address, marked
from weighting.services.api_tokens import account_of_token
from weighting.services.attempts import WINDOW_SECONDS
from weighting.visitors import staff_visitor, visitor_of

API = "/api/"
SCHEME = "bearer"
NUL = "\0"


class PrivacyMiddleware:
    """Let nobody keep an answer that does not itself say who may: many depend on who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response


class TokenMiddleware:
    """Let a program in by its token, on the API alone; a token that is sent must be a right one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(API):
            return self.get_response(request)
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == SCHEME:
            try:
                account = account_of_token(secret.strip(), address=client_address(request))
            except Refused as refusal:
                return _refuse_token(refusal)
            marked(request).visitor = staff_visitor(account, by_token=True)
        response = self.get_response(request)
        patch_vary_headers(response, ["Authorization"])
        return response


def _refuse_token(refusal: Refused) -> HttpResponse:
    body = {"detail": " ".join(refusal.blockers)}
    if isinstance(refusal, TooManyTokens):
        return JsonResponse(body, status=429, headers={"Retry-After": str(WINDOW_SECONDS)})
    return JsonResponse(body, status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


class AudienceMiddleware:
    """Refuse a view that declares no audience, and a visitor who is not in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if any(isinstance(part, str) and NUL in part for part in kwargs.values()):
            # PostgreSQL refuses to look for it, loudly; nothing has it in its name.
            raise Http404
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
