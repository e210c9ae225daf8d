"""The tokens of one's own account: made, shown once, revoked."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from weighting.exceptions import Refused
from weighting.forms.api_tokens import TokenForm
from weighting.permissions import STAFF, audience
from weighting.selectors.access import api_tokens_of
from weighting.services.api_tokens import make_api_token, revoke_api_token
from weighting.views.answers import CONFLICT, UNPROCESSABLE, sent_data
from weighting.views.shown_once import render_once, shown_before
from weighting.visitors import account_of


@audience(STAFF)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("secret")
def token_list(request: HttpRequest) -> HttpResponse:
    """List one's tokens; POST makes one and shows it, this once."""
    account, secret = account_of(request), shown_before(request)
    form = TokenForm(*([] if secret else sent_data(request)))
    context: dict[str, Any] = {"form": form, "address": settings.PUBLIC_URL.rstrip("/")}
    status = UNPROCESSABLE if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            secret = make_api_token(account, name=form.cleaned_data["name"])
        except Refused as refusal:
            context["blockers"], status = refusal.blockers, CONFLICT
    context["tokens"] = api_tokens_of(account)
    if secret:
        context |= {"secret": secret, "form": TokenForm()}
        return render_once(request, "weighting/api_tokens.html", context, shown=secret)
    return render(request, "weighting/api_tokens.html", context, status=status)


@audience(STAFF)
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Let one of one's own tokens stop working."""
    account = account_of(request)
    token = get_object_or_404(api_tokens_of(account), pk=pk)
    revoke_api_token(token, actor=account)
    messages.success(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return redirect("weighting:token-list")
