"""What pages answer while nothing is kept of something large: who is at it, or who can have it done."""

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from indexer.dispatch import AnyFacts, ask_run_facts, retry_facts
from indexer.enums import RunStatus
from indexer.job_words import failure_words
from indexer.models import DataSet, Run
from indexer.selectors.data_facts import Lack
from indexer.selectors.run_facts import lack_of_run_facts
from indexer.views.shared.run_pages import run_context
from indexer.words import version_name
from weighting.views.answers import answer_act
from weighting.visitors import account_of, visitor_of

UNAVAILABLE, SECONDS_TO_WAIT = 503, "5"


def lacking_page(request: HttpRequest, template: str, context: dict[str, Any], lack: Lack) -> HttpResponse:
    """Say what there is in place of facts; while a worker is at them a browser asks again by itself."""
    response = render(request, template, context, status=UNAVAILABLE)
    for name in () if lack.has_ended else ("Retry-After", "Refresh"):
        response.headers[name] = SECONDS_TO_WAIT
    return response


def lack_context(lack: Lack, retry_url: str) -> dict[str, Any]:
    """Return what pages say where facts lack."""
    has_failed = lack.job is not None and lack.job.status == RunStatus.FAILED
    reasons = failure_words(lack.job.failure) if lack.job and has_failed else []
    return {"lack": lack, "lack_reasons": reasons, "retry_url": retry_url}


def data_set_lack_context(data_set: DataSet, lack: Lack | None) -> dict[str, Any]:
    """Return the same of a data set; nothing where none lack."""
    return lack_context(lack, reverse("indexer:data-set-facts-retry", args=[data_set.pk])) if lack else {}


def answer_lack_of_run_facts(request: HttpRequest, run: Run, tab: str) -> HttpResponse | None:
    """Answer so about a large run of which nothing is kept; None for any other.

    What anybody may read is worked out unasked; for other runs a worker is asked where the reader may.
    """
    lack = lack_of_run_facts(run)
    if lack is None:
        return None
    if not lack.has_ended and visitor_of(request).can_analyse:
        ask_run_facts(run)
    retry_url = reverse("indexer:run-facts-retry", args=[run.pk])
    context = {
        **run_context(request, run, tab),
        "title": version_name(run),
        **lack_context(lack, retry_url),
    }
    return lacking_page(request, "indexer/run/facts_lacking.html", context, lack)


def answer_retry(request: HttpRequest, facts: AnyFacts | None, back: str) -> HttpResponse:
    """Have facts that failed or were cancelled worked out again, and lead back; 404 where none are kept."""
    if facts is None:
        raise Http404
    return answer_act(
        request,
        partial(retry_facts, facts, actor=account_of(request)),
        done=_("A worker works it out now."),
        back=back,
    )
