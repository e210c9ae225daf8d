"""The page of one study: its progress while it is counted, and its answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.enums import StudyStatus
from indexer.forms.studies import PairForm
from indexer.job_words import failure_words, reason_names
from indexer.method_words import method_words, short_method_words
from indexer.models import Study
from indexer.selectors.methods import names_in_method
from indexer.selectors.studies import UNDER_WAY, StudyResult, find_study, result_of_study
from indexer.services.study_archive import archive_pieces, command_of, has_archive_for
from indexer.services.study_pairs import compare_pair
from indexer.studies.kind import register_of
from indexer.studies.rank_figures import ROWS, intervals_figure
from indexer.studies.registry import kind_of, study_name
from indexer.studies.words import percent
from indexer.views.shared.exports import place_cells, place_headings, run_facts
from indexer.views.shared.run_tabs import run_tabs
from indexer.views.shared.tables import (
    CityTable,
    Column,
    cut_table,
    place_columns,
    province_column,
    render_part,
)
from indexer.words import data_set_name, moment, version_name
from weighting.exceptions import Refused
from weighting.exports import Heading
from weighting.models import Indicator
from weighting.permissions import ANYONE, STAFF, audience
from weighting.requests import asks_for_part
from weighting.selectors.frameworks import indicators_of
from weighting.views.files import (
    archive_in_pieces,
    asked_format,
    picture_answer,
    save_links,
    table_answer,
)
from weighting.visitors import visitor_of


def load_study(request: HttpRequest, pk: int) -> Study:
    """Return a study that the visitor may see; any other is not found."""
    study = find_study(visitor_of(request).account, pk)
    if study is None:
        raise Http404
    return study


def study_page(
    request: HttpRequest, study: Study, *, problems: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    """Show the whole page; htmx, filtering the units, gets their table alone."""
    context = {**_context(request, study), "problems": problems}
    if study.status == StudyStatus.DONE and "table" in context:
        return render_part(
            request, "indexer/studies/study.html", "indexer/studies/_study_cities.html", context
        )
    return render(request, "indexer/studies/study.html", context, status=status)


def answer_of(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the part of the page that renews itself."""
    return render(request, "indexer/studies/_study.html", _context(request, study))


def study_file(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the figures of every unit as a file."""
    if study.status != StudyStatus.DONE:
        raise Http404
    result = result_of_study(study)
    names = _columns(result)
    facts = run_facts(study.run, seed=study.seed)
    headings = [
        *place_headings(result.cities),
        *(Heading(name, label) for name, label in names.items()),
    ]
    if not names:
        raise Http404
    order = np.argsort(result.figures["nominal"], kind="stable").tolist()
    rows = (
        [*place_cells(result.cities, city), *(result.figures[name][p] for name in names)]
        for p, city in zip(order, result.cities.along(order), strict=True)
    )
    return table_answer(asked_format(request), f"study-{study.pk}", headings, rows, facts)


def study_picture_of(request: HttpRequest, study: Study, figure: str, format: str) -> HttpResponse:
    """Answer with a figure of a finished study as a file."""
    if study.status != StudyStatus.DONE:
        raise Http404
    draw = kind_of(study).drawings(result_of_study(study), _nodes(study)).get(figure)
    return picture_answer(request, draw().spec if draw else None, format)


def _context(request: HttpRequest, study: Study) -> dict[str, Any]:
    context: dict[str, Any] = {
        "study": study,
        "run": study.run,
        "register": register_of(study),
        "cases_word": kind_of(study).cases_word(register_of(study)),
        "cases": kind_of(study).cases_counted(study),
        "tabs": run_tabs(study.run, "run-studies"),
        "data_set_name": data_set_name(study.run.data_set),
        "version_name": version_name(study.run),
        "method_name": short_method_words(study.run.method),
        "name": study_name(study),
        "is_under_way": study.status in UNDER_WAY,
        "own_address": reverse("indexer:study-detail", args=[study.pk]),
        "progress_url": reverse("indexer:study-progress", args=[study.pk]),
        "draws_done": study.draws * study.chunks_done // study.chunks,
    }
    if study.status != StudyStatus.DONE:
        return {**context, "title": kind_of(study).label(register_of(study)), "failure": _failure_of(study)}
    return context | _answer(request, study)


def _failure_of(study: Study) -> list[str]:
    if study.status != StudyStatus.FAILED:
        return []
    return failure_words(study.failure, reason_names(study.failure, [study.run.data_set.framework_id]))


def _answer(request: HttpRequest, study: Study) -> dict[str, Any]:
    result, kind, register = result_of_study(study), kind_of(study), register_of(study)
    nodes = _nodes(study)
    context = _city_table(request, result) if kind.is_ranked else {}
    # What only the table is asked for needs no figures.
    if asks_for_part(request):
        return context
    figures = {
        name: draw().drawn_at(reverse("indexer:study-picture", args=[study.pk, name, "svg"]))
        for name, draw in kind.drawings(result, nodes).items()
    }
    saves = save_links(reverse("indexer:study-export", args=[study.pk])) if kind.columns(register) else []
    return context | {
        "title": kind.finding(result, nodes),
        "stats": kind.statistics(study, register),
        "figures": figures,
        "problems_left_out": kind.left_out(study),
        "provenance": _provenance(study, names_asker=visitor_of(request).can_analyse),
        "command": command_of(study) if visitor_of(request).can_analyse else "",
        "saves": saves,
        "has_archive": has_archive_for(visitor_of(request).account, study),
        "pair": _pair(request, study),
    }


def _provenance(study: Study, *, names_asker: bool) -> list[tuple[str, str]]:
    """Say everything that a finished study rests on; who asked is nobody's business outside."""
    kind, asker = kind_of(study), study.created_by
    names = names_in_method(study.run.method, study.run.data_set.framework_id)
    return [
        (_("Study"), kind.label(register_of(study))),
        *kind.words_of(study),
        (_("Data set"), data_set_name(study.run.data_set)),
        (_("SHA-256 of the data"), study.data_sha256),
        (_("Weight version"), version_name(study.run)),
        (_("SHA-256 of the manifest"), study.manifest_hash),
        (_("Method"), method_words(study.run.method, names)),
        (_("SHA-256 of the result"), study.result_sha256),
        (_("Software version"), study.code_version),
        *([(_("Asked by"), asker.get_full_name() or asker.get_username())] if names_asker else []),
        (_("Finished at"), moment(study.finished_at)),
    ]


def _nodes(study: Study) -> list[Indicator]:
    return indicators_of(study.run.data_set.framework_id)


def _columns(result: StudyResult) -> dict[str, str]:
    """Return the figures of each unit with their headings; of ranks in bands also the median's ends."""
    ends = {"median_low": _("Median, lowest"), "median_high": _("Median, highest")}
    names = kind_of(result.study).columns(result.cities.register)
    return names | {name: label for name, label in ends.items() if name in result.figures}


def _city_table(request: HttpRequest, result: StudyResult) -> dict[str, Any]:
    """Cut the table of units; the figure above it draws the first of those shown."""
    figures = result.figures
    # Of fewer than fifty units each is among the first fifty in every draw: that tells none apart.
    certain = {name for name in figures if name.startswith("top") and (figures[name] == 1).all()}
    names = {name: label for name, label in _columns(result).items() if name not in certain}
    columns = [
        Column("nominal", names["nominal"], figures["nominal"]),
        place_columns(result.cities)[0],
        *province_column(result.cities),
        *(
            Column(name, label, figures[name], falling_first=name.startswith("top"))
            for name, label in names.items()
            if name != "nominal"
        ),
    ]
    table: CityTable = cut_table(request, result.cities, columns, first="nominal")
    result.cities.load(table.positions)
    rows = [
        {
            "rank": int(figures["nominal"][p]),
            "city": result.cities[p],
            "cells": [_cell(name, figures[name][p]) for name in names if name != "nominal"],
        }
        for p in table.positions
    ]
    shown = None
    if table.form.narrows and rows:
        kind, study = kind_of(result.study), result.study
        source, cases = kind.source_of(study), kind.cases_counted(study)
        shown = intervals_figure(result, table.positions[:ROWS], source, cases)
    return {"table": table, "rows": rows, "shown": shown}


def _cell(name: str, value: float) -> str:
    if name == "group":
        return str(int(value))
    if name == "mean":
        return f"{value:.2f}"
    return f"{100 * value:.1f}" if name.startswith("top") else f"{value:g}"


def _pair(request: HttpRequest, study: Study) -> dict[str, Any] | None:
    """Answer the question about two units, for those who may set the machine to work."""
    if not kind_of(study).is_paired or not visitor_of(request).can_analyse:
        return None
    asked = "above" in request.GET or "below" in request.GET
    form = PairForm(request.GET if asked else None, register=register_of(study))
    if not asked or not form.is_valid():
        return {"form": form}
    first, second = form.cleaned_data["above"], form.cleaned_data["below"]
    try:
        count = compare_pair(study, first=first, second=second)
    except Refused as refusal:
        return {"form": form, "problems": refusal.blockers}
    return {"form": form, "count": count, "share": percent(count.share)}


@audience(ANYONE)
@require_safe
def study_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with every unit of a finished study as a file."""
    return study_file(request, load_study(request, pk))


@audience(ANYONE)
@require_safe
def study_picture(request: HttpRequest, pk: int, figure: str, format: str) -> HttpResponse:
    """Answer with a figure of a finished study as a picture."""
    return study_picture_of(request, load_study(request, pk), figure, format)


@audience(STAFF)
@require_safe
def study_archive(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Answer with a finished study and all that it was computed from, as one file."""
    study = load_study(request, pk)
    if not has_archive_for(visitor_of(request).account, study):
        raise Http404
    return archive_in_pieces(archive_pieces(study), f"study-{pk}")
