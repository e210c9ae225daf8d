"""A one-time link: whoever holds it makes an account of their own."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import activate
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from weighting.exceptions import Refused
from weighting.forms.joining import JoinForm
from weighting.models import JoinLink
from weighting.permissions import ANYONE, audience
from weighting.sentences import join_sentences
from weighting.services.access import sign_in_account
from weighting.services.joining import join
from weighting.views.answers import CONFLICT, UNPROCESSABLE
from weighting.views.pending import forget_pending, pending_join


@audience(ANYONE)
@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def join_page(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; POST makes the account and signs it in."""
    link = pending_join(request)
    if link is None:
        return render(request, "weighting/confirm_link.html", {"link": None}, status=404)
    if link.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        activate(link.language)
    form = JoinForm(request.POST if request.method == "POST" else None, link=link)
    status = UNPROCESSABLE if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            return _welcome(request, link, form)
        except Refused as refusal:
            form.add_error(None, join_sentences(refusal.blockers))
            status = CONFLICT
    return render(request, "weighting/join.html", {"form": form, "link": link}, status=status)


def _welcome(request: HttpRequest, link: JoinLink, form: JoinForm) -> HttpResponse:
    account = join(link, form.newcomer)
    response = sign_in_account(request, account, method="password")
    messages.success(request, _("Your account is made, and you are signed in. The link works no more."))
    return forget_pending(response)
