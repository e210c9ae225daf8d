"""Coming in and going out: personal links, the password page, the home page's choice."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import activate
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from weighting.enums import Role
from weighting.exceptions import AlreadyClaimed, ExpertRemoved, Refused, RoundNotOpen, TooManyAttempts
from weighting.forms.codes import CodeForm
from weighting.forms.sign_in import SignInForm
from weighting.forms.terms import ConsentForm
from weighting.keyring import EARLIER_COOKIE, KeyRing
from weighting.models import AccessLink, Invitation
from weighting.permissions import ANYONE, audience
from weighting.requests import client_address
from weighting.selectors.access import hash_token, is_of_removed_expert
from weighting.selectors.ballots import is_open
from weighting.selectors.claims import is_claimable
from weighting.selectors.joining import is_empty
from weighting.sentences import join_sentences
from weighting.services.access import sign_in_account, sign_in_expert
from weighting.services.codes import redeem_code
from weighting.views.claims import claimed_page
from weighting.views.guesses import CountsPasswords
from weighting.views.pending import (
    forget_pending,
    keep_pending,
    pending_account,
    pending_join,
    pending_link,
    pending_token,
)
from weighting.views.welcome import begin, terms_context, welcome
from weighting.visitors import visitor_of


@audience(ANYONE)
@never_cache
@require_safe
@sensitive_variables("token")
def receive_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address at once; signing in needs a click, so scanners do not."""
    return keep_pending(redirect("weighting:confirm-link"), token)


@audience(ANYONE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_link(request: HttpRequest) -> HttpResponse:
    """Say who is being invited to what; POST signs in, or claims the invitation for this browser."""
    link = pending_link(request)
    if link is None:
        return _without_link(request)
    if link.invitation:
        return _confirm_invitation(request, link, link.invitation)
    if link.account and request.method == "POST":
        return forget_pending(sign_in_account(request, link.account, method="link"))
    return render(request, "weighting/confirm_link.html", {"link": link})


def _without_link(request: HttpRequest) -> HttpResponse:
    if pending_join(request):
        return redirect("weighting:join")
    if pending_account(request):
        return redirect("weighting:new-password")
    token = pending_token(request)
    if not token and visitor_of(request).role != Role.ANONYMOUS:
        return redirect("home")
    # A browser that keeps no cookies loses a good link on the way here.
    dead = {"link": None, "came_without": not token, "is_removed": is_of_removed_expert(hash_token(token))}
    return render(request, "weighting/confirm_link.html", dead, status=404)


def _confirm_invitation(request: HttpRequest, link: AccessLink, invitation: Invitation) -> HttpResponse:
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        activate(invitation.language)
    ring = KeyRing.of(request)
    own = ring.claim_to(invitation)
    # The browser that claimed it needs no click, unless that would sign somebody else out.
    if own and (request.method == "POST" or not visitor_of(request).account):
        return welcome(request, invitation, ring.using(own.key, own.secret))
    if own is None and is_open(invitation.round) and not is_claimable(invitation):
        return claimed_page(request, invitation)
    return _confirm_terms(request, link, invitation, is_own=own is not None)


def _confirm_terms(
    request: HttpRequest, link: AccessLink, invitation: Invitation, *, is_own: bool
) -> HttpResponse:
    must_consent = not is_own and not invitation.consented and is_open(invitation.round)
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and (not must_consent or form.is_valid()):
        return _begin_or_look(request, link, invitation, conflict=form.declared if must_consent else "")
    context = {"link": link, "must_consent": must_consent, **terms_context(invitation, form)}
    return render(request, "weighting/confirm_link.html", context, status=422 if form.is_bound else 200)


def _begin_or_look(
    request: HttpRequest, link: AccessLink, invitation: Invitation, *, conflict: str
) -> HttpResponse:
    try:
        return begin(request, invitation, conflict=conflict)
    except (AlreadyClaimed, ExpertRemoved):
        # The page says so.
        return redirect("weighting:confirm-link")
    except RoundNotOpen:
        # A closed round has its own page: coming back after the close is not an error.
        sign_in_expert(request, link)
        return forget_pending(redirect("weighting:ballot"))


@audience(ANYONE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code")
def enter_code(request: HttpRequest) -> HttpResponse:
    """Take a code typed by hand, which then works like the personal link."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
    if form.is_bound and form.is_valid():
        try:
            token = redeem_code(form.cleaned_data["code"], address=client_address(request))
        except Refused as refusal:
            form.add_error("code", join_sentences(refusal.blockers))
            status = 429 if isinstance(refusal, TooManyAttempts) else 422
        else:
            return keep_pending(redirect("weighting:confirm-link"), token)
    return render(request, "weighting/enter_code.html", {"form": form}, status=status)


@method_decorator(audience(ANYONE), name="dispatch")
class SignIn(CountsPasswords, LoginView):
    """Name and password, for staff."""

    template_name = "weighting/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say where the first account comes from, and where else one may sign in."""
        elsewhere = settings.OIDC_NAME if settings.OIDC_SERVER else ""
        return super().get_context_data(is_empty=is_empty(), elsewhere=elsewhere, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, or ask for the second factor first."""
        account = form.get_user()
        return sign_in_account(self.request, account, method="password", to=self.get_redirect_url())

    def guessed_name(self, form: Form) -> str:
        """Return whose password was tried."""
        return str(form.data.get("username", ""))


@audience(ANYONE)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget the visitor on this device; the key to a ballot only where its expert says so."""
    ring, forgets = KeyRing.of(request), "forget" in request.POST
    logout(request)
    messages.success(request, _farewell(ring, forgets=forgets))
    response = redirect("home")
    if ring.in_use:
        (ring.forgotten() if forgets else ring.left()).keep_in(response)
    if forgets and settings.BALLOT_COOKIE_NAME != EARLIER_COOKIE:
        response.delete_cookie(EARLIER_COOKIE)
    return response


def _farewell(ring: KeyRing, *, forgets: bool) -> str:
    if not ring.in_use:
        return _("You are signed out.")
    if forgets:
        return _("This device has forgotten your ballot: your ballot key alone opens it again.")
    return _("You have left the ballot. Your personal link opens it again in this browser.")


@audience(ANYONE)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send each visitor to what they came for."""
    visitor = visitor_of(request)
    if visitor.is_expert:
        return redirect("weighting:ballot")
    if visitor.role == Role.MANAGER:
        return redirect("weighting:round-list")
    return redirect("indexer:comparison")
