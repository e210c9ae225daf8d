"""The page of one study: its progress while it is counted, and its answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from indexer.enums import StudyKind, StudyStatus
from indexer.forms.studies import PairForm
from indexer.job_words import failure_words, reason_names
from indexer.models import Study
from indexer.selectors.studies import (
    PAIRED,
    RANKED,
    UNDER_WAY,
    StudyResult,
    has_archive_for,
    result_of_study,
    studies_visible_to,
)
from indexer.services.study_archive import archive_of, command_of
from indexer.services.study_pairs import compare_pair
from indexer.services.study_results import TOPS
from indexer.views.shared.exports import place_cells, place_headings, run_facts
from indexer.views.shared.run_tabs import run_tabs
from indexer.views.shared.tables import CityTable, Column, cut_table, place_columns, render_part
from indexer.views.study_figures import ROWS, figures_of, intervals_figure
from indexer.views.study_words import (
    finding_of,
    percent,
    study_name,
    study_provenance,
)
from indexer.words import data_set_name, version_name
from weighting.exceptions import Refused
from weighting.exports import Heading
from weighting.models import Indicator
from weighting.permissions import ANYONE, STAFF, audience
from weighting.requests import asks_for_part
from weighting.selectors.frameworks import indicators_of
from weighting.views.files import asked_format, picture_answer, save_links, table_answer
from weighting.visitors import visitor_of

QUANTILES = {"q05": "Q5", "q25": "Q25", "median": "", "q75": "Q75", "q95": "Q95"}


def load_study(request: HttpRequest, pk: int) -> Study:
    """Return a study that the visitor may see; any other is not found."""
    return get_object_or_404(studies_visible_to(visitor_of(request).account), pk=pk)


def study_page(
    request: HttpRequest, study: Study, *, problems: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    """Show the whole page; htmx, filtering the cities, gets their table alone."""
    context = {**_context(request, study), "problems": problems}
    if study.status == StudyStatus.DONE and "table" in context:
        return render_part(request, "indexer/study.html", "indexer/_study_cities.html", context)
    return render(request, "indexer/study.html", context, status=status)


def answer_of(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the part of the page that renews itself."""
    return render(request, "indexer/_study.html", _context(request, study))


def study_file(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the figures of every city as a file."""
    if study.status != StudyStatus.DONE:
        raise Http404
    result = result_of_study(study)
    names = _columns_of(study)
    facts = run_facts(study.run, seed=study.seed)
    headings = [
        *place_headings(result.cities.register),
        *(Heading(name, label) for name, label in names.items()),
    ]
    if not names:
        raise Http404
    order = np.argsort(result.figures["nominal"], kind="stable").tolist()
    rows = ([*place_cells(result.cities[p]), *(result.figures[name][p] for name in names)] for p in order)
    return table_answer(asked_format(request), f"study-{study.pk}", headings, rows, facts)


def study_picture_of(study: Study, figure: str, format: str) -> HttpResponse:
    """Answer with a figure of a finished study as a file."""
    if study.status != StudyStatus.DONE:
        raise Http404
    found = figures_of(result_of_study(study), _nodes(study)).get(figure)
    return picture_answer(found["spec"] if found else None, format)


def _context(request: HttpRequest, study: Study) -> dict[str, Any]:
    context: dict[str, Any] = {
        "study": study,
        "run": study.run,
        "tabs": run_tabs(study.run, "run-studies"),
        "data_set_name": data_set_name(study.run.data_set),
        "version_name": version_name(study.run),
        "name": study_name(study),
        "is_under_way": study.status in UNDER_WAY,
        "progress_url": reverse("indexer:study-progress", args=[study.pk]),
        "draws_done": study.draws * study.chunks_done // study.chunks,
    }
    if study.status != StudyStatus.DONE:
        return {**context, "title": study.get_kind_display(), "failure": _failure_of(study)}
    return context | _answer(request, study)


def _failure_of(study: Study) -> list[str]:
    if study.status != StudyStatus.FAILED:
        return []
    return failure_words(study.failure, reason_names(study.failure, [study.run.data_set.framework_id]))


def _answer(request: HttpRequest, study: Study) -> dict[str, Any]:
    result = result_of_study(study)
    nodes = _nodes(study)
    context = _city_table(request, result) if study.kind in RANKED else {}
    # What only the table is asked for needs no figures.
    if asks_for_part(request):
        return context
    figures = figures_of(result, nodes)
    for name, figure in figures.items():
        if figure["spec"]:
            figure["image_url"] = reverse("indexer:study-picture", args=[study.pk, name, "svg"])
    names = {city.pk: city.name for city in result.cities}
    return context | {
        "title": finding_of(result, nodes),
        "stats": _statistics(study),
        "figures": figures,
        "problems_left_out": next((f["problems"] for f in figures.values() if f.get("problems")), []),
        "provenance": study_provenance(study, names),
        "command": command_of(study) if visitor_of(request).can_analyse else "",
        "saves": save_links(reverse("indexer:study-export", args=[study.pk])) if _columns_of(study) else [],
        "has_archive": has_archive_for(visitor_of(request).account, study),
        "pair": _pair(request, study),
    }


def _nodes(study: Study) -> list[Indicator]:
    return indicators_of(study.run.data_set.framework_id)


def _columns_of(study: Study) -> dict[str, str]:
    """Return the figures of each city by name, with their headings."""
    if study.kind == StudyKind.SOBOL:
        return {}
    if study.kind == StudyKind.DROPPED:
        return {"nominal": _("Nominal rank"), "movers": _("Cities that move"), "r_s": _("R_S, places")}
    names = {"nominal": _("Nominal rank"), "mean": _("Mean")}
    names |= {name: label or _("Median") for name, label in QUANTILES.items()}
    names |= {f"top{k}": _("P(top %(k)s)") % {"k": k} for k in TOPS}
    return names | {"group": _("Group")}


def _city_table(request: HttpRequest, result: StudyResult) -> dict[str, Any]:
    """Cut the table of cities; the figure above it draws the first of those shown."""
    names = _columns_of(result.study)
    figures = result.figures
    columns = [
        Column("nominal", names["nominal"], figures["nominal"]),
        *place_columns(result.cities)[:2],
        *(
            Column(name, label, figures[name], falling_first=name.startswith("top"))
            for name, label in names.items()
            if name != "nominal"
        ),
    ]
    table: CityTable = cut_table(request, result.cities, columns, first="nominal")
    rows = [
        {
            "rank": int(figures["nominal"][p]),
            "city": result.cities[p],
            "cells": [_cell(name, figures[name][p]) for name in names if name != "nominal"],
        }
        for p in table.positions
    ]
    shown = intervals_figure(result, table.positions[:ROWS]) if table.form.narrows and rows else None
    return {"table": table, "rows": rows, "shown": shown}


def _cell(name: str, value: float) -> str:
    if name == "group":
        return str(int(value))
    if name == "mean":
        return f"{value:.2f}"
    return f"{100 * value:.1f}" if name.startswith("top") else f"{value:g}"


def _statistics(study: Study) -> list[dict[str, str]]:
    summary = study.summary
    if study.kind == StudyKind.SOBOL:
        return [
            {"label": _("Samples"), "value": f"{study.draws:,}"},
            {"label": _("Variance of the output"), "value": f"{summary['variance']:.4g}"},
            {"label": _("Interactions"), "value": f"{100 * summary['interactions']:.0f}", "unit": "%"},
            {
                "label": _("Converged"),
                "value": _("yes") if summary["converged"] else _("no"),
                "note": "" if summary["converged"] else _("Ask again with more samples."),
            },
        ]
    if study.kind == StudyKind.DROPPED:
        return [
            {"label": _("Cities that leave, one at a time"), "value": str(study.draws)},
            {"label": _("Most that change places"), "value": str(summary["most_movers"])},
            {"label": _("Cannot leave"), "value": str(summary["impossible"])},
        ]
    stats = [
        {
            "label": _("Mean absolute shift (R_S)"),
            "value": f"{summary['r_s']['mean']:.2f}",
            "unit": _("places"),
            "note": _("90 %% of the draws: %(low)s to %(high)s")
            % {"low": f"{summary['r_s']['q05']:.2f}", "high": f"{summary['r_s']['q95']:.2f}"},
        },
        {
            "label": _("Ranks that are kept"),
            "value": percent(summary["stays"]).removesuffix("\u00a0%"),
            "unit": _("% of all cities and draws"),
        },
    ]
    for name, label in (("spearman", _("Rank correlation (Spearman)")), ("kendall", _("Kendall tau-b"))):
        if spread := summary[name]:
            stats.append(
                {
                    "label": label,
                    "value": f"{spread['median']:.4f}",
                    "note": _("median of %(count)s; Q5 %(low)s")
                    % {
                        "count": f"{spread['draws']:,}",
                        "low": f"{spread['q05']:.4f}",
                    },
                }
            )
    groups = {"label": _("Groups that can be told apart"), "value": str(summary["groups"])}
    return [*stats, groups | {"note": _("by intervals of 90 %")}]


def _pair(request: HttpRequest, study: Study) -> dict[str, Any] | None:
    """Answer the question about two cities, for those who may set the machine to work."""
    if study.kind not in PAIRED or not visitor_of(request).can_analyse:
        return None
    asked = "above" in request.GET or "below" in request.GET
    form = PairForm(request.GET if asked else None)
    if not asked or not form.is_valid():
        return {"form": form}
    first, second = form.cleaned_data["above"], form.cleaned_data["below"]
    try:
        count = compare_pair(study, first=first, second=second)
    except Refused as refusal:
        return {"form": form, "problems": refusal.blockers}
    return {"form": form, "count": count, "share": percent(count.share)}


@audience(ANYONE)
@require_GET
def study_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with every city of a finished study as a file."""
    return study_file(request, load_study(request, pk))


@audience(ANYONE)
@require_GET
def study_picture(request: HttpRequest, pk: int, figure: str, format: str) -> HttpResponse:
    """Answer with a figure of a finished study as a picture."""
    return study_picture_of(load_study(request, pk), figure, format)


@audience(STAFF)
@require_GET
def study_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with a finished study and all that it was computed from, as one file."""
    study = load_study(request, pk)
    if not has_archive_for(visitor_of(request).account, study):
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="study-{pk}.zip"'}
    return HttpResponse(archive_of(study), content_type="application/zip", headers=headers)
