"""What the pages about one finished run share."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from indexer.enums import RunStatus
from indexer.method_words import short_method_words
from indexer.models import City, Run
from indexer.selectors.runs import listed_runs_visible_to, runs_with_nodes_visible_to
from indexer.selectors.years import YearOfRun
from indexer.views.shared.run_groups import runs_context
from indexer.views.shared.run_tabs import run_tabs
from indexer.views.shared.words import provenance_of
from indexer.views.shared.year_switch import year_switch
from indexer.words import data_set_name, score_unit, version_name
from weighting.visitors import visitor_of


def visible_run(request: HttpRequest, pk: int) -> Run:
    """Return a run that the visitor may see, with its nodes."""
    return get_object_or_404(runs_with_nodes_visible_to(visitor_of(request).account), pk=pk)


def finished_run(request: HttpRequest, pk: int) -> Run:
    """Return a finished run that the visitor may see; any other is not found."""
    run = visible_run(request, pk)
    if run.status != RunStatus.DONE:
        raise Http404
    return run


def answer_about_run(
    request: HttpRequest, pk: int, page: Callable[[HttpRequest, Run], HttpResponse]
) -> HttpResponse:
    """Show a page about a finished run, and how far any other is."""
    run = visible_run(request, pk)
    if run.status == RunStatus.DONE:
        return page(request, run)
    runs = listed_runs_visible_to(visitor_of(request).account).filter(pk=run.pk)
    context = runs_context(runs, only=run.data_set_id)
    return render(request, "indexer/run/run_unfinished.html", {"title": version_name(run), **context})


def run_context(
    request: HttpRequest,
    run: Run,
    tab: str,
    *,
    city: City | None = None,
    years: Sequence[YearOfRun] | None = None,
) -> dict[str, Any]:
    """Return what every page about a run names: data set, version, unit, method, tabs, years, origin."""
    return {
        "run": run,
        "tabs": run_tabs(run, tab),
        "year_switch": year_switch(request, run, tab=tab, city=city, years=years),
        "data_set_name": data_set_name(run.data_set),
        "version_name": version_name(run),
        "unit": score_unit(run.method),
        "method_name": short_method_words(run.method),
        "provenance": provenance_of(run),
    }
