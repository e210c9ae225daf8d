"""Coming in and going out: personal links, the password page, the home page's choice."""

import math
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import activate
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weighting.enums import Role, Rule
from weighting.exceptions import RoundNotOpen
from weighting.models import AccessLink
from weighting.permissions import ANYONE, audience
from weighting.selectors.access import find_link
from weighting.selectors.ballots import is_open
from weighting.services.access import sign_in_with_link
from weighting.services.ballots import start_ballot
from weighting.visitors import visitor_of

# How long an answer takes, for the estimate on the confirm page.
SECONDS_PER_ITEM = 15
PENDING_TOKEN = "pending_token"  # noqa: S105  (the name of a session key)


@audience(ANYONE)
@never_cache
@require_GET
@sensitive_variables("token")
def receive_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address at once; signing in needs a click, so scanners do not."""
    request.session[PENDING_TOKEN] = token
    return redirect("weighting:confirm-link")


@audience(ANYONE)
@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_variables("token")
def confirm_link(request: HttpRequest) -> HttpResponse:
    """Say who is being invited to what; POST signs in."""
    token = request.session.get(PENDING_TOKEN, "")
    link = find_link(token)
    if request.method == "POST" and link and sign_in_with_link(request, token):
        return _welcome(request, link)
    if not token and visitor_of(request).role != Role.ANONYMOUS:
        return redirect("home")
    if link is None:
        return render(request, "weighting/confirm_link.html", {"link": None}, status=404)
    if link.invitation and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        activate(link.invitation.expert.language)
    return render(request, "weighting/confirm_link.html", _invitation_page(link))


def _invitation_page(link: AccessLink) -> dict[str, Any]:
    """Return what the confirm page tells: who is asked what, and how long that takes."""
    if link.invitation is None:
        return {"link": link}
    round_ = link.invitation.round
    item_count = round_.items.count()
    return {
        "link": link,
        "expert": link.invitation.expert,
        "round": round_,
        "is_open": is_open(round_),
        "item_count": item_count,
        "minutes": math.ceil(item_count * SECONDS_PER_ITEM / 60),
        "may_abstain": round_.rule == Rule.NORMALISED_MEAN,
    }


def _welcome(request: HttpRequest, link: AccessLink) -> HttpResponse:
    if link.invitation is None:
        return redirect("home")
    # A closed round has its own page: coming back after the close is not an error.
    with suppress(RoundNotOpen):
        start_ballot(link.invitation)
    response = redirect("weighting:ballot")
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        language = link.invitation.expert.language
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax")
    return response


@method_decorator(audience(ANYONE), name="dispatch")
class SignIn(LoginView):
    """Name and password, for staff."""

    template_name = "weighting/sign_in.html"
    redirect_authenticated_user = True


@audience(ANYONE)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget the visitor on this device."""
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("home")


@audience(ANYONE)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Send each visitor to what they came for."""
    visitor = visitor_of(request)
    if visitor.is_expert:
        return redirect("weighting:ballot")
    if visitor.role == Role.MANAGER:
        return redirect("weighting:round-list")
    return redirect("indexer:comparison")
