"""The comparison of versions: the first page an analyst sees."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from indexer.enums import RunStatus
from indexer.forms.comparison import FEWEST, ComparisonForm, FigureForm
from indexer.models import Run
from indexer.selectors.comparison import Comparison, compare_runs
from indexer.selectors.runs import runs_visible_to, runs_with_nodes_visible_to
from indexer.views.comparison_figures import figures_of
from indexer.views.comparison_matrices import matrices_of
from indexer.views.comparison_table import comparison_file, comparison_rows, comparison_table
from indexer.views.comparison_words import (
    common_data,
    finding,
    provenance_of,
    split_note,
    statistics_of,
    summary_rows,
)
from indexer.views.run_names import run_names
from indexer.views.tables import render_part
from indexer.views.words import data_set_name, score_unit
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, picture_answer, save_links
from weighting.visitors import visitor_of


@audience(ANYONE)
@require_GET
def comparison(request: HttpRequest) -> HttpResponse:
    """Compare the runs asked for; without any, the first two versions of the first data set."""
    listed = _listed_runs(request)
    form = _form(request, listed)
    if form is None:
        return render(request, "indexer/comparison_empty.html", _waiting(listed))
    if not form.is_valid():
        return render(request, "indexer/comparison_empty.html", _picker(form, listed), status=400)
    chosen = _load(request, form.cleaned_data["runs"])
    compared = compare_runs(chosen)
    table = comparison_table(request, compared)
    figure_form = FigureForm(request.GET, cities=compared.cities, tops=compared.tops)
    context = {"table": table, "rows": comparison_rows(compared, table), **_shared(compared, figure_form)}
    if not request.htmx:  # type: ignore[attr-defined]
        context |= _picker(form, listed) | _summary(compared, figure_form)
    return render_part(request, "indexer/comparison.html", "indexer/_comparison_table.html", context)


@audience(ANYONE)
@require_GET
def comparison_export(request: HttpRequest) -> HttpResponse:
    """Answer with every city of the comparison as a file."""
    return comparison_file(_compared(request), asked_format(request))


@audience(ANYONE)
@require_GET
def comparison_picture(request: HttpRequest, figure: str, format: str) -> HttpResponse:
    """Answer with a figure of the comparison as a file that stands alone."""
    compared = _compared(request)
    options = FigureForm(request.GET, cities=compared.cities, tops=compared.tops).options
    drawn = figures_of(compared, options).get(figure)
    return picture_answer(drawn and drawn["spec"], format)


def _compared(request: HttpRequest) -> Comparison:
    form = _form(request, _listed_runs(request))
    if form is None or not form.is_valid():
        raise Http404
    return compare_runs(_load(request, form.cleaned_data["runs"]))


def _listed_runs(request: HttpRequest) -> list[Run]:
    runs = runs_visible_to(visitor_of(request).account)
    return list(runs.order_by("data_set_id", "weight_version__number", "pk"))


def _form(request: HttpRequest, listed: Sequence[Run]) -> ComparisonForm | None:
    """Bind the runs asked for, or the default ones; None where nothing can be compared yet."""
    asked = request.GET.getlist("runs")
    known = {str(run.pk) for run in listed}
    if not set(asked) <= known:
        raise Http404
    data: dict[str, Any] = {"runs": asked, "base": request.GET.get("base", "")}
    if not asked and "base" not in request.GET:
        data["runs"] = _first_pair(listed, request.GET.get("data_set", ""))
        if not data["runs"]:
            return None
    return ComparisonForm(data, runs=listed, names=run_names(listed))


def _first_pair(listed: Sequence[Run], data_set: str) -> list[int]:
    """Return the two lowest-numbered finished versions of the first data set that has two."""
    groups: dict[tuple[int, int], list[int]] = {}
    for run in listed:
        if run.status == RunStatus.DONE and data_set in ("", str(run.data_set_id)):
            groups.setdefault((run.data_set_id, run.method_id), []).append(run.pk)
    return next((runs[:FEWEST] for runs in groups.values() if len(runs) >= FEWEST), [])


def _load(request: HttpRequest, chosen: Sequence[Run]) -> list[Run]:
    runs = runs_with_nodes_visible_to(visitor_of(request).account)
    loaded = {run.pk: run for run in runs.filter(pk__in=[run.pk for run in chosen])}
    return [loaded[run.pk] for run in chosen]


def _waiting(listed: Sequence[Run]) -> dict[str, Any]:
    ended = [run for run in listed if run.status in (RunStatus.DONE, RunStatus.FAILED)]
    return {"run_count": len(listed), "ended_count": len(ended), "is_moving": len(ended) < len(listed)}


def _picker(form: ComparisonForm, listed: Sequence[Run]) -> dict[str, Any]:
    """Offer the runs of the framework in view, and the data sets of all."""
    chosen = [str(value) for value in form.data["runs"]]
    base = str(form.data["base"] or (chosen[0] if chosen else ""))
    in_view = next((run for run in listed if str(run.pk) in chosen), listed[0]).data_set
    offered = [run for run in listed if run.data_set.framework_id == in_view.framework_id]
    options = [
        {
            "run": run,
            "name": name,
            "is_chosen": str(run.pk) in chosen,
            "is_base": str(run.pk) == base,
            "is_done": run.status == RunStatus.DONE,
        }
        for run, name in zip(offered, run_names(offered), strict=True)
    ]
    data_sets = {run.data_set_id: run.data_set for run in listed}
    others = [(key, data_set_name(data_set)) for key, data_set in data_sets.items() if key != in_view.pk]
    problems = [str(error) for errors in form.errors.values() for error in errors]
    return {"options": options, "others": others, "problems": problems}


def _shared(compared: Comparison, figure_form: FigureForm) -> dict[str, Any]:
    """What the table and the page around it both show."""
    run = compared.runs[0]
    kept = {name: figure_form.data[name] for name in figure_form.fields if figure_form.data[name]}
    return {
        "compared": compared,
        "runs": compared.runs,
        "versions": run_names(compared.runs),
        "is_pair": len(compared.runs) == FEWEST,
        "unit": score_unit(run.method),
        "data_set_name": common_data(compared),
        "sub_indices": compared.sub_indices,
        "reproduces_publication": run.reproduces_publication,  # type: ignore[attr-defined]
        "query": query_of(compared),
        "kept": kept,
    }


def _summary(compared: Comparison, figure_form: FigureForm) -> dict[str, Any]:
    options = figure_form.options
    query = f"{query_of(compared)}&{urlencode(figure_form.data)}"
    figures = figures_of(compared, options)
    for name, figure in figures.items():
        figure["image_url"] = f"{reverse('indexer:comparison-picture', args=[name, 'svg'])}?{query}"
    return {
        "title": finding(compared),
        "stats": statistics_of(compared),
        "summaries": summary_rows(compared),
        "matrices": matrices_of(compared, options),
        "figure_form": figure_form,
        "figures": figures,
        "split_note": split_note(compared),
        "provenance": provenance_of(compared),
        "saves": save_links(f"{reverse('indexer:comparison-export')}?{query_of(compared)}"),
        "clear_url": f"{reverse('indexer:comparison')}?{query_of(compared)}",
    }


def query_of(compared: Comparison) -> str:
    """Return the address's part that leads back to the same comparison."""
    return urlencode({"runs": [run.pk for run in compared.runs]}, doseq=True)
