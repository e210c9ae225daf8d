"""The gate in front of every view."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext as _

from config.charsets import REFUSED
from weighting.enums import Role
from weighting.exceptions import Refused, TooManyTokens
from weighting.models import Account
from weighting.permissions import ADMINISTRATORS
from weighting.requests import client_address, marked
from weighting.selectors.people import has_second_factor
from weighting.sentences import join_sentences
from weighting.services.api_tokens import account_of_token
from weighting.services.attempts import WINDOW_SECONDS
from weighting.services.sessions import keep_session_alive
from weighting.views.answers import answer_refusal
from weighting.visitors import staff_visitor, visitor_of

API = "/api/"
SCHEME = "bearer"
# What leads to a second factor, and out.
SETTING_UP = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "account_reauthenticate",
        "account_set_password",
        "confirm-elsewhere",
        "openid_connect_login",
        "openid_connect_callback",
        "sign-out",
        "set_language",
        "health",
        "live",
        "ready",
    }
)
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
        return _open_to_pages(request, response)


def _open_to_pages(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let pages of other sites read what strangers may: a browser sends them no cookie and no token along."""
    if request.method in ("GET", "HEAD") and visitor_of(request).is_stranger:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _refuse_token(refusal: Refused) -> HttpResponse:
    body = {"detail": join_sentences(refusal.blockers)}
    if isinstance(refusal, TooManyTokens):
        return JsonResponse(body, status=429, headers={"Retry-After": str(WINDOW_SECONDS)})
    return JsonResponse(body, status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


class CharsetMiddleware:
    """Refuse what says that it is written in other letters than UTF-8 (`config.charsets`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if REFUSED not in request.META:
            return self.get_response(request)
        said = _("Send everything in UTF-8, and leave any other charset out of the Content-Type.")
        if request.path.startswith(API):
            return JsonResponse({"detail": said}, status=415)
        return HttpResponse(said, status=415, content_type="text/plain; charset=utf-8")


class AudienceMiddleware:
    """Refuse a view that declares no audience, and a visitor who is not in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        # PostgreSQL refuses to look for it or to keep it, loudly; nothing has it in its name.
        if any(isinstance(part, str) and NUL in part for part in kwargs.values()):
            raise Http404
        # The API says itself which parameter or field it was.
        if not request.path.startswith("/api/"):
            if _holds_nul(request.GET):
                raise Http404
            if _holds_nul(request.POST):
                message = _("What was sent holds an invisible zero byte. Write the text anew.")
                return HttpResponse(message, status=422, content_type="text/plain; charset=utf-8")
        roles = declared_audience(request, view)
        role = visitor_of(request).role
        if role in roles:
            return None
        if role == Role.ANONYMOUS and roles and not request.path.startswith("/api/"):
            return redirect_to_login(request.get_full_path())
        raise Http404


def _holds_nul(said: QueryDict) -> bool:
    return any(NUL in name or any(NUL in value for value in values) for name, values in said.lists())


def declared_audience(request: HttpRequest, view: Callable[..., Any]) -> frozenset[Role]:
    """Return the roles that may reach a view; nobody when it declares none."""
    if request.resolver_match and "admin" in request.resolver_match.namespaces:
        return ADMINISTRATORS
    declared: frozenset[Role] = getattr(view, "audience", frozenset())
    return declared


class StaffMiddleware:
    """Keep the session of a member of staff alive while it is used, in their own time zone.

    Whoever must show again who they are is sent to do so; what they sent is not kept meanwhile.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        visitor = visitor_of(request)
        if visitor.account is None or visitor.by_token:
            return None
        if visitor.account.time_zone:
            timezone.activate(visitor.account.time_zone)
        if not is_polled(request):
            keep_session_alive(request, visitor.account)
        return lead_to_second_factor(request) if lacks_second_factor(request, visitor.account) else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer before allauth does: it would store the whole request, cookies included, in the session."""
        if not isinstance(exception, ReauthenticationRequired):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        if not methods:
            raise PermissionDenied
        back = request.get_full_path()
        if request.method == "POST":
            messages.warning(
                request, _("Nothing was done yet. Show that it is you, then press the button once more.")
            )
            back = page_of(request)
        return redirect(f"{methods[0]['url']}?{urlencode({REDIRECT_FIELD_NAME: back})}")


class RefusalMiddleware:
    """Say why a service refused an act of which the page expected no refusal: somebody else was quicker."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        return answer_refusal(request, exception, back=page_of(request))


def lacks_second_factor(request: HttpRequest, account: Account) -> bool:
    """Whether an account must set a second factor up before it opens what it asks for."""
    if account.role not in settings.SECOND_FACTOR_ROLES:
        return False
    match = request.resolver_match
    return not (match and match.url_name in SETTING_UP) and not has_second_factor(account)


def lead_to_second_factor(request: HttpRequest) -> HttpResponse:
    """Answer with the page where it is set up; a program is told so."""
    said = _("Your role needs a second factor here: set up an app for one-time codes or a passkey first.")
    if request.path.startswith(API):
        return JsonResponse({"detail": said}, status=403)
    messages.warning(request, said)
    return redirect("mfa_index")


def is_polled(request: HttpRequest) -> bool:
    """Whether a page asks by itself how a job is getting on: nobody need be there."""
    match = request.resolver_match
    return bool(match and (match.url_name or "").endswith("-progress"))


def page_of(request: HttpRequest) -> str:
    """Return the page of the product that a form was sent from; the first page where it is not said."""
    try:
        sent_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    # Two strokes at the beginning would lead to another site.
    return escape_leading_slashes(sent_from.path) if sent_from.netloc == request.get_host() else "/"
