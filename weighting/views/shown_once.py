"""What is shown once, in either language: the page itself carries it, signed, and nothing stores it."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import activate

from weighting.requests import remember_language
from weighting.visitors import account_of

FIELD = "shown"
KEPT_SECONDS = 24 * 3600


def shown_before(request: HttpRequest) -> Any:
    """Return what the page showed when it was answered first; None where the act itself is asked for.

    The language switch of such a page sends back what it carries: doing the act again would make
    another link, and end the one in sight.
    """
    if FIELD not in request.POST:
        return None
    try:
        shown = signing.loads(request.POST[FIELD], salt=_salt(request), max_age=KEPT_SECONDS)
    except signing.BadSignature:
        raise Http404 from None
    if language := _chosen_language(request):
        activate(language)
    return shown


def render_once(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, shown: Any
) -> HttpResponse:
    """Show the page, with ``shown`` in it for its language switch."""
    carried = signing.dumps(shown, salt=_salt(request), compress=True)
    response = render(request, template, {**context, "shown_once": carried})
    if FIELD in request.POST and (language := _chosen_language(request)):
        remember_language(response, language)
    return response


def _salt(request: HttpRequest) -> str:
    """Nobody else's page, and no other act's, can be shown by it."""
    return f"shown once {account_of(request).pk} {request.path}"


def _chosen_language(request: HttpRequest) -> str:
    language = request.POST.get("language", "")
    return language if language in dict(settings.LANGUAGES) else ""
