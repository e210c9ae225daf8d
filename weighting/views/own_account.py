"""One's own account: details, password, sessions; second factors and tokens have pages beside it."""

from dataclasses import dataclass
from typing import Any

from allauth.account.views import PasswordChangeView, PasswordSetView, ReauthenticateView
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from weighting.forms.own_account import NewPasswordForm, ProfileForm
from weighting.permissions import STAFF, audience
from weighting.reauthentication import grave, must_confirm
from weighting.requests import remember_language
from weighting.selectors.access import api_tokens_of
from weighting.selectors.people import has_second_factor, sessions_of
from weighting.services.profiles import Profile, change_profile
from weighting.services.sessions import end_other_sessions
from weighting.views.answers import answer_form
from weighting.views.devices import device_text
from weighting.views.guesses import CountsPasswords
from weighting.visitors import account_of


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def own_account(request: HttpRequest) -> HttpResponse:
    """Show one's own details, and the way to all else; POST changes the details."""
    account = account_of(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=account)
    if form.is_bound and form.is_valid():
        return _change(request, form)
    # A form that was refused has already written into its account what was sent.
    account.refresh_from_db()
    context = {
        "form": form,
        "account": account,
        "has_password": account.has_usable_password(),
        "has_second_factor": has_second_factor(account),
        "elsewhere": settings.OIDC_NAME if settings.OIDC_SERVER else "",
        "is_connected": SocialAccount.objects.filter(user=account).exists(),
        "token_count": api_tokens_of(account).count(),
    }
    return answer_form(request, "weighting/account/own_account.html", context)


def _change(request: HttpRequest, form: ProfileForm) -> HttpResponse:
    # A new password is mailed to this address: whoever found the browser open must not choose it.
    if "email" in form.changed_data and must_confirm(request):
        raise ReauthenticationRequired
    sent = form.cleaned_data
    profile = Profile(sent["first_name"], sent["email"], sent["language"], sent["time_zone"])
    change_profile(account_of(request), profile)
    messages.success(request, _("Your details are saved."))
    response = redirect("weighting:own-account")
    if profile.language:
        remember_language(response, profile.language)
    return response


@dataclass(frozen=True)
class ShownSession:
    """A session in words."""

    session: UserSession
    device: str
    is_current: bool


@audience(STAFF)
@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """Where one is signed in."""
    current = request.session.session_key
    shown = [
        ShownSession(session, device_text(session.user_agent), session.session_key == current)
        for session in sessions_of(account_of(request))
    ]
    return render(request, "weighting/account/sessions.html", {"sessions": shown})


@audience(STAFF)
@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one of one's own browsers out."""
    get_object_or_404(UserSession, pk=pk, user=account_of(request)).end()
    messages.success(request, _("That browser is signed out."))
    return redirect("weighting:session-list")


@audience(STAFF)
@require_POST
def session_end_others(request: HttpRequest) -> HttpResponse:
    """Sign all browsers out but this one."""
    end_other_sessions(account_of(request), but=request.session.session_key)
    messages.success(request, _("All other browsers are signed out."))
    return redirect("weighting:session-list")


@method_decorator(audience(STAFF), name="dispatch")
class PasswordAgain(CountsPasswords, ReauthenticateView):
    """Asks for the password before a grave act."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"next": self.get_next_url()}


@method_decorator(audience(STAFF), name="dispatch")
class PasswordChange(CountsPasswords, PasswordChangeView):
    """Takes the current password and a new one."""

    form_class = NewPasswordForm
    guess = "oldpassword"


@method_decorator([audience(STAFF), grave], name="dispatch")
class PasswordSet(PasswordSetView):
    """Takes a first password, of an account that signs in elsewhere or by link."""
