"""Runs: their list with live progress, the page of each, cancelling, and trying again."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from indexer.answers import answer_file, answer_page
from indexer.dispatch import cancel_run, retry_run
from indexer.models import Run
from indexer.selectors.published import codes_given_raw
from indexer.selectors.runs import listed_runs_visible_to, runs_visible_to
from indexer.views.run.ranking import ranking_file, ranking_page
from indexer.views.shared.run_groups import runs_context
from indexer.views.shared.run_pages import answer_about_run, finished_run
from weighting.exceptions import Refused
from weighting.permissions import ANYONE, STAFF, audience
from weighting.requests import read_id
from weighting.views.files import asked_format
from weighting.visitors import account_of, visitor_of


@audience(ANYONE)
@require_safe
@never_cache
def run_list(request: HttpRequest) -> HttpResponse:
    """List the runs by data set and method; the list renews itself while it moves.

    ``?data_set=`` and ``?method=`` list all of one, a page at a time.
    """
    return render(request, "indexer/run/run_list.html", _list_context(request))


@audience(ANYONE)
@require_safe
@never_cache
def run_progress(request: HttpRequest) -> HttpResponse:
    """Answer with the list that renews itself; of one data set with ``?data_set=``."""
    return render(request, "indexer/shared/_runs.html", _list_context(request))


@audience(ANYONE)
@require_safe
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the ranking of a finished run, and how far any other is."""

    def answer(request: HttpRequest, run: Run) -> HttpResponse:
        parts = _raw_parts(request, run)
        page = partial(ranking_page, with_raw=bool(parts))
        # The one thing that the page says of what came after the run.
        return answer_page(request, run, page, *parts, run.weight_version.status)

    return answer_about_run(request, pk, answer)


@audience(ANYONE)
@require_safe
def run_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the ranking as a file."""
    run = finished_run(request, pk)
    format, code, parts = asked_format(request), request.GET.get("node", ""), _raw_parts(request, run)
    return answer_file(request, run, lambda: ranking_file(run, format, code, with_raw=bool(parts)), *parts)


def _raw_parts(request: HttpRequest, run: Run) -> list[str]:
    """Return what tells a page or file with the raw values of the node in view from one without."""
    code = request.GET.get("node", "")
    return ["raw"] if code and code in codes_given_raw(visitor_of(request).account, run) else []


@audience(STAFF)
@require_POST
def run_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a failed or cancelled run back in the queue."""
    return _change_run(request, pk, retry_run, _("The run waits to be computed again."))


@audience(STAFF)
@require_POST
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a run that waits or is being computed out of the queue."""
    return _change_run(request, pk, cancel_run, _("The run is cancelled. It can be tried again."))


def _change_run(request: HttpRequest, pk: int, change: Callable[..., Run], done: str) -> HttpResponse:
    account = account_of(request)
    run = get_object_or_404(runs_visible_to(account), pk=pk)
    try:
        change(run, actor=account)
    except Refused as refusal:
        context = {
            "blockers": refusal.blockers,
            "own_address": reverse("indexer:run-list"),
            **runs_context(_listed_runs(request)),
        }
        return render(request, "indexer/run/run_list.html", context, status=409)
    messages.success(request, done)
    return redirect("indexer:run-list")


def _list_context(request: HttpRequest) -> dict[str, Any]:
    data_set, method = (_asked_id(request, name) for name in ("data_set", "method"))
    page = request.GET.get("page", "1") if method else None
    return runs_context(_listed_runs(request, data_set, method), only=data_set, method=method, page=page)


def _asked_id(request: HttpRequest, name: str) -> int | None:
    return read_id(request.GET.get(name, ""))


def _listed_runs(
    request: HttpRequest, data_set: int | None = None, method: int | None = None
) -> QuerySet[Run]:
    runs = listed_runs_visible_to(visitor_of(request).account)
    if data_set is not None:
        runs = runs.filter(data_set=data_set)
    if method is not None:
        runs = runs.filter(method=method)
    return runs
