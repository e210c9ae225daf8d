"""How far the scores of a run lie in few units, as a page and as a file."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.forms.grouping_choice import offer_groupings
from indexer.forms.node_choice import NodeChoice
from indexer.models import Run
from indexer.numeric.concentration import Concentration, ConcentrationError
from indexer.numeric.method.normalisations import NORMALISATIONS
from indexer.selectors.cities import PROVINCE, REGION
from indexer.selectors.concentration import (
    TOPS,
    ConcentrationReport,
    NodeConcentration,
    PlaceConcentration,
    concentration_of,
)
from indexer.selectors.levels import Level, level_named
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.views.shared.exports import run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.tables import Cell
from indexer.views.shared.unranked import unranked_rows_of
from indexer.words import data_set_name, version_name
from weighting.drawing import Spec
from weighting.exports import Heading
from weighting.numeric.arrays import FloatArray
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer

PERCENT = 100
# Points of the curve that the table beside the chart names.
TENTHS = range(10, 101, 10)


@audience(ANYONE)
@require_safe
def run_concentration(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the measures of the composite, or of the node asked for."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def concentration_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the measures by level and place as a file."""
    run = finished_run(request, pk)
    try:
        subject = node_scores_of(run, request.GET.get("node", ""))
        report = concentration_of(subject, _level_asked(request, subject))
    except (KeyError, ConcentrationError):
        raise Http404 from None
    name = f"concentration-{run.pk}"
    return table_answer(asked_format(request), name, _headings(report), _file_rows(report), run_facts(run))


def lorenz_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the curve for a picture; None where the scores have no concentration."""
    try:
        return _chart(concentration_of(_asked(request, run)[1]))
    except ConcentrationError:
        return None


def _asked(request: HttpRequest, run: Run) -> tuple[NodeChoice, NodeScores]:
    """Return the choice of a node, and the run with this node in view."""
    subject = node_scores_of(run)
    form = NodeChoice(request.GET, nodes=subject.nodes)
    offer_groupings(form, subject.cities)
    form.full_clean()
    return form, subject.on(form.chosen)


def _level_asked(request: HttpRequest, subject: NodeScores) -> Level | None:
    """Return the level of the address; raises `KeyError` for one that the register does not have."""
    asked = request.GET.get("level", "")
    return level_named(subject.cities, asked) if asked else None


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    form, subject = _asked(request, run)
    context = {**run_context(request, run, "run-concentration"), "form": form, "subject": subject}
    context |= {"register": subject.cities.register, "unranked": unranked_rows_of(run)}
    try:
        grouping = form.cleaned_data.get("level", "")
        level = level_named(subject.cities, grouping) if grouping else None
        context |= _report_context(concentration_of(subject, level), form)
    except ConcentrationError as error:
        context |= {"title": _("These scores have no concentration"), "negative": len(error.negative)}
    return render(request, "indexer/run/concentration.html", context)


def _report_context(report: ConcentrationReport, form: NodeChoice) -> dict[str, Any]:
    run = report.subject.run
    export = reverse("indexer:run-concentration-export", args=[run.pk])
    chosen = {"node": form.code, "level": report.level.code if report.level else ""}
    said = {name: value for name, value in chosen.items() if value}
    query = f"?{urlencode(said)}" if said else ""
    return {
        "report": report,
        "keeps_zero": NORMALISATIONS[run.method.normalisation].keeps_zero,
        "title": _finding(report),
        "saves": save_links(export + query),
        "stats": _stats(report),
        "chart": _chart(report),
        "image_url": reverse("indexer:run-picture", args=[run.pk, "lorenz", "svg"]) + query,
        "curve": _curve_rows(report),
        "tops": TOPS,
        "top_rows": _top_rows(report),
        "levels": _levels(report),
        "nodes": [_node_row(row) for row in report.nodes],
        "held": _held(report),
    }


def _finding(report: ConcentrationReport) -> str:
    method = report.subject.run.method
    words = _("The first %(half)s of %(count)s %(units)s hold half of what all of them hold")
    if not NORMALISATIONS[method.normalisation].keeps_zero:
        # Places on a scale are nothing that anybody holds.
        words = _("The first %(half)s of %(count)s %(units)s have half of the sum of all scores")
    return words % {
        "units": report.subject.cities.register.units,
        "half": report.half,
        "count": report.between["cities"].count,
    }


def _stats(report: ConcentrationReport) -> list[dict[str, str]]:
    cities, words = report.between["cities"], {"units": report.subject.cities.register.units}
    stats = [
        {"label": _("Gini"), "value": f"{cities.gini:.3f}", "note": _("0: all alike; 1: one holds all")},
        {
            "label": _("Effective number of %(units)s") % words,
            "value": f"{cities.effective:.1f}",
            "note": _("equal %(units)s as concentrated as these") % words,
        },
    ]
    if cities.count >= 10:
        stats.insert(
            0, {"label": _("First 10"), "value": f"{report.top[2] * PERCENT:.1f}", "unit": "%", "note": ""}
        )
    if report.remainder is not None:
        stats.append(
            {
                "label": _("Outside these %(units)s") % words,
                "value": f"{report.remainder * PERCENT:.2f}",
                "unit": "%",
                "note": _("of the total"),
            }
        )
    return stats


def _chart(report: ConcentrationReport) -> dict[str, Any]:
    run, units = report.subject.run, report.subject.cities.register.units
    return charts.lorenz_chart(
        report.lorenz.tolist(),
        units_word=units,
        title=_("Lorenz curve: %(name)s") % {"name": report.subject.name},
        subtitle=_("the further below the straight line, the more lies in few %(units)s") % {"units": units},
        source=f"{data_set_name(run.data_set)} · {version_name(run)}",
    )


def _curve_rows(report: ConcentrationReport) -> list[tuple[int, int, str]]:
    """Name the curve at every tenth: percent of the units, how many these are, what they hold."""
    last = len(report.lorenz) - 1
    places = [(tenth, round(tenth * last / 100)) for tenth in TENTHS]
    return [(tenth, place, f"{report.lorenz[place] * PERCENT:.2f}") for tenth, place in places]


def _top_rows(report: ConcentrationReport) -> list[dict[str, Any]]:
    """Each top: its share of the units' sum, and of the total where scores are parts of it."""
    whole = 1 - report.remainder if report.remainder is not None else None
    return [
        {
            "count": count,
            "share": Cell(f"{share * PERCENT:.2f}", percent=share * PERCENT),
            "national": f"{share * whole * PERCENT:.2f}" if whole is not None else "",
        }
        for count, share in zip(TOPS, report.top, strict=True)
        if not np.isnan(share)
    ]


def _levels(report: ConcentrationReport) -> list[tuple[str, dict[str, str]]]:
    units = capfirst(report.subject.cities.register.units)
    words = {"cities": units, **_names_of_levels(report)}
    return [(words[level], _measures(found)) for level, found in report.between.items() if level in words]


def _names_of_levels(report: ConcentrationReport) -> dict[str, str]:
    """Return the names of the levels that tell units apart, by their words in a report; the widest last."""
    cities = report.subject.cities
    register = cities.register
    names = {
        PROVINCE: ("provinces", capfirst(register.provinces_word)),
        REGION: ("regions", capfirst(register.regions_word)),
    }
    further = {"groups": report.level.name} if report.level else {}
    return dict(names[level] for level in cities.shown_levels) | further


def _held(report: ConcentrationReport) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return what the places of each level hold, the level that was asked for first."""
    places = {"provinces": report.provinces, "regions": report.regions, "groups": report.groups}
    names = _names_of_levels(report)
    return [(names[word], _place_rows(places[word])) for word in reversed(names)]


def _measures(found: Concentration | None) -> dict[str, str]:
    if found is None:
        return dict.fromkeys(("count", "gini", "herfindahl", "effective"), "–")
    return {
        "count": str(found.count),
        "gini": f"{found.gini:.3f}",
        "herfindahl": f"{found.herfindahl:.4f}",
        "effective": f"{found.effective:.1f}",
    }


def _node_row(row: NodeConcentration) -> dict[str, Any]:
    return {
        "name": row.node.name if row.node else _("Composite score"),
        "code": row.node.code if row.node else "",
        "top": ["–" if np.isnan(share) else f"{share * PERCENT:.1f}" for share in row.top],
        **_measures(row.measures),
    }


def _place_rows(places: Sequence[PlaceConcentration]) -> list[dict[str, Any]]:
    largest = max((held.share for held in places), default=0.0) or 1.0
    return [
        {
            "name": held.place.name,
            "cities": held.count,
            "share": Cell(f"{held.share * PERCENT:.2f}", percent=100 * held.share / largest),
            "first": held.first.name,
            "first_share": f"{held.first_share / held.share * PERCENT:.0f}" if held.share else "–",
            **_measures(held.inside),
        }
        for held in places
    ]


def _headings(report: ConcentrationReport) -> list[Heading]:
    return [
        Heading("score", _("Score")),
        Heading("level", _("Level")),
        Heading("place", _("Place")),
        Heading("cities", capfirst(report.subject.cities.register.units)),
        Heading("share", _("Share of the sum (%)")),
        Heading("gini", _("Gini")),
        Heading("herfindahl", _("Herfindahl index")),
        Heading("effective", _("Effective number")),
        *(
            Heading(f"top_{count}", _("Share of the first %(count)s (%%)") % {"count": count})
            for count in TOPS
        ),
    ]


def _file_rows(report: ConcentrationReport) -> Iterator[list[object]]:
    """One line for each level with its parts, then one for each of their places."""
    name, grouping = report.subject.name, report.level.name if report.level else ""
    register = report.subject.cities.register
    level_words = {
        "cities": _("all %(units)s") % {"units": register.units},
        "provinces": _("all %(units)s") % {"units": register.provinces_word},
        "regions": _("all %(units)s") % {"units": register.regions_word},
        "groups": _("all groups: %(grouping)s") % {"grouping": grouping},
    }
    for level, found in report.between.items():
        tops = _plain(report.top) if level == "cities" else [""] * len(TOPS)
        yield [name, level_words[level], "", found.count, 100.0, *_cells(found), *tops]
    levels = [(register.region_word, report.regions), (register.province_word, report.provinces)]
    levels.append((grouping, report.groups))
    for word, places in levels:
        for held in places:
            row = [name, word, held.place.name, held.count, held.share * PERCENT]
            yield [*row, *_cells(held.inside), *[""] * len(TOPS)]


def _cells(found: Concentration | None) -> list[object]:
    return [found.gini, found.herfindahl, found.effective] if found else ["", "", ""]


def _plain(shares: FloatArray) -> list[object]:
    return ["" if np.isnan(share) else share * PERCENT for share in shares.tolist()]
