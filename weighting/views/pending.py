"""The link that somebody has opened and not confirmed yet waits in a cookie, for sessions are stored."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from weighting.models import AccessLink, Account, JoinLink
from weighting.requests import marked
from weighting.selectors.access import account_of_password_link, find_link, hash_token
from weighting.selectors.joining import find_join_link

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
UNREADABLE = "-"


def keep_pending(response: HttpResponse, token: str) -> HttpResponse:
    """Have the browser keep a token until it is confirmed, for the pages of the confirmation alone."""
    response.set_cookie(
        settings.PENDING_COOKIE_NAME,
        token if TOKEN.fullmatch(token) else UNREADABLE,
        path=reverse("weighting:confirm-link"),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def pending_token(request: HttpRequest) -> str:
    """Return the token that waits; empty when none does."""
    return request.COOKIES.get(settings.PENDING_COOKIE_NAME, "")


def pending_link(request: HttpRequest) -> AccessLink | None:
    """Return the live link of the token that waits, looked up once for a request."""
    known = marked(request)
    if not hasattr(known, "pending"):
        token = pending_token(request)
        known.pending = find_link(token) if token else None
    return known.pending


def pending_join(request: HttpRequest) -> JoinLink | None:
    """Return the live one-time link of the token that waits."""
    token = pending_token(request)
    return find_join_link(hash_token(token)) if token else None


def pending_account(request: HttpRequest) -> Account | None:
    """Return the account whose new password the token that waits is for."""
    token = pending_token(request)
    return account_of_password_link(token) if token else None


def forget_pending(response: HttpResponse) -> HttpResponse:
    """Have the browser forget the token: it is confirmed."""
    path = reverse("weighting:confirm-link")
    response.delete_cookie(settings.PENDING_COOKIE_NAME, path=path, samesite="Lax")
    return response
