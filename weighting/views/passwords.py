"""A forgotten password: asked for by mail, set by the link."""

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.mail import has_mail_server
from weighting.dispatch import queue_password_mails
from weighting.exceptions import Refused
from weighting.forms.sign_in import ForgottenForm
from weighting.permissions import ANYONE, audience
from weighting.requests import client_address
from weighting.sentences import join_sentences
from weighting.services.attempts import count_attempt
from weighting.services.profiles import replace_forgotten_password
from weighting.views.answers import CONFLICT, UNPROCESSABLE, answer_form
from weighting.views.pending import forget_pending, pending_account

TOO_MANY = 429


@audience(ANYONE)
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Ask for an address; POST mails a link to the account that has it, and never says whether one has."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "has_mail": has_mail_server(), "is_sent": False}
    status = UNPROCESSABLE if form.is_bound else 200
    if form.is_bound and form.is_valid() and has_mail_server():
        status = _ask(request, form)
        context["is_sent"] = status == 200
    return render(request, "weighting/account/forgotten.html", context, status=status)


def _ask(request: HttpRequest, form: ForgottenForm) -> int:
    if count_attempt("forgotten", client_address(request)) is None:
        form.add_error(None, _("Too many links were asked for from here: wait a quarter of an hour."))
        return TOO_MANY
    try:
        queue_password_mails(form.cleaned_data["email"])
    except Refused as refusal:
        form.add_error(None, join_sentences(refusal.blockers))
        return CONFLICT
    return 200


@audience(ANYONE)
@never_cache
@sensitive_post_parameters("new_password1", "new_password2")
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest) -> HttpResponse:
    """Take a new password from whoever holds the link; POST signs every browser of the account out."""
    account = pending_account(request)
    if account is None:
        return render(request, "weighting/confirm_link.html", {"link": None}, status=404)
    form = SetPasswordForm(account, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        replace_forgotten_password(account, form.cleaned_data["new_password1"])
        messages.success(request, _("The password is changed. Sign in with it."))
        return forget_pending(redirect("weighting:sign-in"))
    return answer_form(request, "weighting/account/new_password.html", {"form": form, "account": account})
