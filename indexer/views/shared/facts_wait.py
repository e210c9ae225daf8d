"""What pages answer while a worker works out what there is to know of something large."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from indexer.dispatch import ask_run_facts
from indexer.models import Run
from indexer.selectors.run_facts import run_facts_wait_for
from indexer.views.shared.run_pages import run_context
from indexer.words import version_name
from weighting.visitors import visitor_of

UNAVAILABLE, SECONDS_TO_WAIT = 503, "5"


def waiting_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Say that a worker is at it; a browser asks again by itself."""
    response = render(request, template, context, status=UNAVAILABLE)
    for name in ("Retry-After", "Refresh"):
        response.headers[name] = SECONDS_TO_WAIT
    return response


def wait_for_run_facts(request: HttpRequest, run: Run, tab: str) -> HttpResponse | None:
    """Answer so about a large run of which nothing is kept yet; None for any other.

    What anybody may read is worked out unasked.
    """
    if not ask_facts_of(request, run):
        return None
    context = {**run_context(request, run, tab), "title": version_name(run)}
    return waiting_page(request, "indexer/run/facts_waiting.html", context)


def ask_facts_of(request: HttpRequest, run: Run) -> bool:
    """Say whether nothing is kept yet of a large run; ask a worker for it where the reader may."""
    waits = run_facts_wait_for(run)
    if waits and visitor_of(request).can_analyse:
        ask_run_facts(run)
    return waits
