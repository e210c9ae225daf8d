"""Signing in at a provider of OpenID Connect."""

from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect.views import login
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe
from requests import RequestException

from weighting.permissions import ANYONE, STAFF, audience
from weighting.visitors import account_of

UNAVAILABLE = 503


@audience(ANYONE)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Ask whether to go there; POST goes."""
    try:
        return login(request, provider_id)
    except RequestException:
        return render(request, "socialaccount/authentication_error.html", status=UNAVAILABLE)


@audience(ANYONE)
@require_safe
def cancelled(request: HttpRequest) -> HttpResponse:
    """Say that nobody was signed in."""
    return render(request, "socialaccount/login_cancelled.html")


@audience(STAFF)
@require_safe
def confirm_elsewhere(request: HttpRequest) -> HttpResponse:
    """Ask to sign in there once more, before a grave act."""
    has_it = SocialAccount.objects.filter(user=account_of(request)).exists()
    context = {"has_it": has_it, "next": request.GET.get("next", ""), "elsewhere": settings.OIDC_NAME}
    return render(request, "weighting/account/confirm_elsewhere.html", context, status=200 if has_it else 404)
