"""The comparison of versions: the first page an analyst sees."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from indexer.forms.comparison import FEWEST, FigureForm
from indexer.selectors.comparison import Comparison
from indexer.views.comparison.apart import apart_note, apart_table, other_trees
from indexer.views.comparison.choice import RunChoice, asked_comparison
from indexer.views.comparison.figures import drawn_figures, figures_of
from indexer.views.comparison.matrices import matrices_of, pairs_file
from indexer.views.comparison.table import comparison_file, comparison_rows, comparison_table
from indexer.views.comparison.words import (
    common_data,
    finding,
    provenance_of,
    split_manner,
    split_note,
    statistics_of,
    summary_rows,
)
from indexer.views.shared.run_names import run_names
from indexer.views.shared.tables import render_part
from indexer.words import score_unit
from weighting.permissions import ANYONE, audience
from weighting.requests import asks_for_part
from weighting.views.files import asked_format, picture_answer, save_links


@audience(ANYONE)
@require_safe
def comparison(request: HttpRequest) -> HttpResponse:
    """Compare the runs asked for; without any, the first version of the first data set and equal weights."""
    choice = RunChoice(request)
    if choice.refusal:
        return choice.refusal
    compared = choice.compare()
    table = comparison_table(request, compared)
    figure_form = FigureForm(request.GET, cities=compared.cities, tops=compared.tops)
    context = {"table": table, "rows": comparison_rows(compared, table), **_shared(compared, figure_form)}
    if not asks_for_part(request):
        context |= choice.picker() | _summary(compared, figure_form)
    return render_part(
        request, "indexer/comparison/comparison.html", "indexer/comparison/_comparison_table.html", context
    )


@audience(ANYONE)
@require_safe
def comparison_export(request: HttpRequest) -> HttpResponse:
    """Answer with every unit of the comparison as a file."""
    return comparison_file(asked_comparison(request), asked_format(request))


@audience(ANYONE)
@require_safe
def comparison_pairs(request: HttpRequest) -> HttpResponse:
    """Answer with every two versions against each other as a file."""
    return pairs_file(asked_comparison(request), asked_format(request))


@audience(ANYONE)
@require_safe
def comparison_picture(request: HttpRequest, figure: str, format: str) -> HttpResponse:
    """Answer with a figure of the comparison as a file that stands alone."""
    compared = asked_comparison(request)
    options = FigureForm(request.GET, cities=compared.cities, tops=compared.tops).options
    drawn = figures_of(compared, options).get(figure)
    return picture_answer(request, drawn.spec if drawn else None, format)


def _shared(compared: Comparison, figure_form: FigureForm) -> dict[str, Any]:
    """What the table and the page around it both show."""
    run = compared.runs[0]
    kept = {name: figure_form.data[name] for name in figure_form.fields if figure_form.data[name]}
    return {
        "compared": compared,
        "register": compared.cities.register,
        "runs": compared.runs,
        "versions": run_names(compared.runs, compared.names),
        "is_pair": len(compared.runs) == FEWEST,
        "unit": score_unit(run.method),
        "data_set_name": common_data(compared),
        "sub_indices": compared.sub_indices,
        "reproduces_publication": run.reproduces_publication,
        "query": query_of(compared),
        "kept": kept,
    }


def _summary(compared: Comparison, figure_form: FigureForm) -> dict[str, Any]:
    options = figure_form.options
    query = f"{query_of(compared)}&{urlencode(figure_form.data)}"
    return {
        "title": finding(compared),
        "apart_note": apart_note(compared),
        "apart": apart_table(compared),
        "tree_notes": other_trees(compared),
        "stats": statistics_of(compared),
        "summaries": summary_rows(compared),
        "matrices": matrices_of(compared, options),
        "pair_saves": save_links(f"{reverse('indexer:comparison-pairs')}?{query_of(compared)}"),
        "figure_form": figure_form,
        "figures": drawn_figures(compared, options, query),
        "split_note": split_note(compared),
        "split_manner": split_manner(compared),
        "provenance": provenance_of(compared),
        "saves": save_links(f"{reverse('indexer:comparison-export')}?{query_of(compared)}"),
        "clear_url": f"{reverse('indexer:comparison')}?{query_of(compared)}",
    }


def query_of(compared: Comparison) -> str:
    """Return the address's part that leads back to the same comparison."""
    return urlencode({"runs": [run.pk for run in compared.runs]}, doseq=True)
