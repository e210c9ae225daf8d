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
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weighting.enums import Feedback, Role, Rule
from weighting.exceptions import Refused, RoundNotOpen, TooManyAttempts
from weighting.forms.codes import CodeForm
from weighting.forms.terms import ConsentForm
from weighting.models import AccessLink, Invitation
from weighting.permissions import ANYONE, audience
from weighting.selectors.access import find_hashed_link, hash_token, is_of_removed_expert
from weighting.selectors.ballots import is_open, notes_of
from weighting.services.access import sign_in_with_link
from weighting.services.ballots import start_ballot
from weighting.services.codes import redeem_code
from weighting.visitors import visitor_of

# How long an answer takes, for the estimate on the confirm page.
SECONDS_PER_ITEM = 15
# Only the hash waits in the session, for sessions are stored.
PENDING_LINK = "pending_link"


@audience(ANYONE)
@never_cache
@require_GET
@sensitive_variables("token")
def receive_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address at once; signing in needs a click, so scanners do not."""
    request.session[PENDING_LINK] = hash_token(token)
    return redirect("weighting:confirm-link")


@audience(ANYONE)
@never_cache
@require_http_methods(["GET", "POST"])
def confirm_link(request: HttpRequest) -> HttpResponse:
    """Say who is being invited to what; POST signs in, and records the consent of an expert who begins."""
    pending = request.session.get(PENDING_LINK, "")
    link = find_hashed_link(pending)
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and link and (not _must_consent(link) or form.is_valid()):
        sign_in_with_link(request, link)
        return _welcome(request, link, conflict=form.declared if _must_consent(link) else "")
    if not pending and visitor_of(request).role != Role.ANONYMOUS:
        return redirect("home")
    if link is None:
        dead = {"link": None, "is_removed": is_of_removed_expert(pending)}
        return render(request, "weighting/confirm_link.html", dead, status=404)
    if link.invitation and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        activate(link.invitation.expert.language)
    context: dict[str, Any] = {"link": link}
    if link.invitation:
        context |= terms_context(link.invitation, form)
    return render(request, "weighting/confirm_link.html", context, status=422 if form.is_bound else 200)


@audience(ANYONE)
@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("code")
def enter_code(request: HttpRequest) -> HttpResponse:
    """Take a code typed by hand, which then works like the personal link."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
    if form.is_bound and form.is_valid():
        try:
            token = redeem_code(form.cleaned_data["code"], address=request.META.get("REMOTE_ADDR", ""))
        except Refused as refusal:
            form.add_error("code", " ".join(refusal.blockers))
            status = 429 if isinstance(refusal, TooManyAttempts) else 422
        else:
            request.session[PENDING_LINK] = hash_token(token)
            return redirect("weighting:confirm-link")
    return render(request, "weighting/enter_code.html", {"form": form}, status=status)


def terms_context(invitation: Invitation, form: ConsentForm) -> dict[str, Any]:
    """Return what the terms tell: who is asked what, how long that takes, what becomes of it."""
    round_ = invitation.round
    item_count = round_.items.count()
    return {
        "invitation": invitation,
        "expert": invitation.expert,
        "round": round_,
        "is_open": is_open(round_),
        "item_count": item_count,
        "minutes": math.ceil(item_count * SECONDS_PER_ITEM / 60),
        "may_abstain": round_.rule == Rule.NORMALISED_MEAN,
        "keeps_links": round_.feedback == Feedback.OWN,
        "feeds_back": round_.feedback != Feedback.NONE,
        "notes": notes_of(round_),
        "form": form,
    }


def _must_consent(link: AccessLink) -> bool:
    invitation = link.invitation
    return invitation is not None and not invitation.consented and is_open(invitation.round)


def _welcome(request: HttpRequest, link: AccessLink, *, conflict: str) -> HttpResponse:
    if link.invitation is None:
        return redirect("home")
    # A closed round has its own page: coming back after the close is not an error.
    with suppress(RoundNotOpen):
        start_ballot(link.invitation, conflict=conflict)
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
