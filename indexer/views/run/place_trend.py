"""Provinces, regions or other groups over the years, as a page, a file and a picture."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.forms.trends import PlaceTrendChoice
from indexer.models import Run
from indexer.selectors.levels import level_named
from indexer.selectors.place_trends import MEAN, MEDIAN, PlaceTrend
from indexer.selectors.runs import PERCENT
from indexer.selectors.trends import Trend, trend_of
from indexer.views.run.beside import asked_beside, beside_facts, other_years, with_beside
from indexer.views.run.trends import bounds_note, data_span, growth_text, score_name
from indexer.views.shared.exports import run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import score_unit, version_name
from weighting.drawing import Figure, Spec
from weighting.exports import Fact, Heading
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import number_or_none, signed
from weighting.visitors import visitor_of

DIGITS = 4
# More lines than this could not be told apart.
DRAWN = 12


@audience(ANYONE)
@require_safe
def run_place_trend(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what becomes of places over the years."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def place_trend_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the places of all years as a file."""
    run = finished_run(request, pk)
    _form, places = _asked(request, run)
    facts = [
        *run_facts(*places.trend.runs),
        Fact("score", _("Score"), score_name(places.trend)),
        Fact("level", _("Level"), f"{places.level.code}: {places.level.name}"),
        Fact("formed_by", _("Scores of places"), how_formed(places)),
        *beside_facts(places.trend, run),
    ]
    name = f"trend-places-{run.pk}"
    return table_answer(asked_format(request), name, _headings(places), _file_rows(places), facts)


def place_trend_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the chart of the page for a picture."""
    form, places = _asked(request, run)
    figure = _figure(places, with_beside(places.trend, form.asked))
    return figure.spec if figure else None


def _asked(request: HttpRequest, run: Run) -> tuple[PlaceTrendChoice, PlaceTrend]:
    trend = trend_of(run, visitor_of(request).account, beside=asked_beside(request, run).chosen)
    form = PlaceTrendChoice(request.GET, nodes=trend.nodes, cities=trend.cities)
    return form, PlaceTrend(
        trend=_on(trend, form, request, run),
        level=level_named(trend.cities, form.chosen_level),
        middle=form.chosen_middle,
        of_ranks=form.of_ranks,
        among_common=form.among_common,
    )


def _on(trend: Trend, form: PlaceTrendChoice, request: HttpRequest, run: Run) -> Trend:
    """Return the years with the score in view; values are loaded for a leaf alone, whose scores they make."""
    if form.chosen is None or not form.chosen.is_leaf:
        return trend.on(form.chosen)
    beside = asked_beside(request, run).chosen
    return trend_of(run, visitor_of(request).account, form.code, beside=beside)


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    form, places = _asked(request, run)
    trend = places.trend
    query = with_beside(trend, form.asked)
    context = {
        **run_context(request, run, "run-trend", years=trend.own_years),
        "kept": {"beside": ",".join(str(one.pk) for one in trend.beside)} if trend.beside else {},
        "beside_query": with_beside(trend),
        "tree_notes": other_years(trend, run),
        "title": _finding(places) if form.tells_apart else _("There are no places to compare"),
        "data_span": data_span(trend),
        "score": score_name(trend),
        "form": form,
        "register": trend.cities.register,
        "places": places,
        "how": how_formed(places),
        "tells_apart": form.tells_apart,
        "figure": _figure(places, query) if form.tells_apart else None,
        "rows": _rows(places),
        "bounds_note": "" if form.of_ranks else bounds_note(trend),
        "saves": save_links(f"{reverse('indexer:run-place-trend-export', args=[run.pk])}?{query}"),
    }
    return render(request, "indexer/run/place_trend.html", context)


def how_formed(places: PlaceTrend) -> str:
    """Say what of its units a place has."""
    said = {
        (MEAN, False): _("mean of the scores of their %(units)s"),
        (MEDIAN, False): _("median of the scores of their %(units)s"),
        (MEAN, True): _("mean of the ranks of their %(units)s"),
        (MEDIAN, True): _("median of the ranks of their %(units)s"),
    }
    formed = said[places.middle, places.of_ranks] % {"units": places.trend.cities.register.units}
    if places.among_common:
        return _("%(formed)s that every year ranks") % {"formed": formed}
    return formed


def _finding(places: PlaceTrend) -> str:
    """Name the place that gains most: of ranks, whose mean falls furthest."""
    trend = places.trend
    words: dict[str, Any] = {"first": trend.years[0], "last": trend.years[-1], "name": score_name(trend)}
    gained = -places.change if places.of_ranks else places.change
    if not trend.span or np.isnan(gained).all():
        return _("%(name)s by place over the years") % words
    most = int(np.nanargmax(gained))
    if not gained[most] > 0:
        return _("%(name)s, %(first)s to %(last)s: no place gains") % words
    words["place"] = places.level.places[most].name
    return _("%(name)s, %(first)s to %(last)s: %(place)s gains most") % words


def _figure(places: PlaceTrend, query: str) -> Figure | None:
    trend, level = places.trend, places.level
    drawn = [at for at in places.order if at in places.largest[:DRAWN]]
    if not trend.span or not drawn:
        return None
    lines = [charts.YearLine(level.places[at].name, _points(places, at)) for at in drawn]
    run = trend.runs[-1]
    title = _("%(name)s by place over the years") % {"name": score_name(trend)}
    unit = _("rank") if places.of_ranks else score_unit(run.method)
    subtitle = _("%(how)s, %(unit)s") % {"how": how_formed(places), "unit": unit}
    if len(drawn) < len(places.largest):
        words = {"subtitle": subtitle, "count": len(drawn), "all": len(places.largest)}
        subtitle = _("%(subtitle)s; the largest %(count)s of %(all)s are drawn") % words
    spec = charts.years_chart(
        lines,
        value=_("Rank") if places.of_ranks else _("Score"),
        are_ranks=places.of_ranks,
        title=title,
        subtitle=subtitle,
        source=f"{data_span(trend)} · {version_name(run)}",
    )
    picture = reverse("indexer:run-picture", args=[run.pk, "place-years", "svg"])
    rows = [[level.places[at].name, *_texts(places, at)] for at in drawn]
    heads = [level.name, *map(str, trend.years)]
    return Figure(title, subtitle, spec, rows, heads, image_url=f"{picture}?{query}")


def _points(places: PlaceTrend, at: int) -> list[charts.YearPoint]:
    pairs = zip(places.trend.years, places.values[at].tolist(), strict=True)
    return [charts.YearPoint(year, value) for year, value in pairs if not np.isnan(value)]


def _texts(places: PlaceTrend, at: int) -> list[str]:
    return [signed(value, _digits(places), plus=False) for value in places.values[at].tolist()]


def _digits(places: PlaceTrend) -> int:
    # A mean of ranks lies between them.
    return 1 if places.of_ranks else places.trend.runs[0].method.digits_or(DIGITS)


def _rows(places: PlaceTrend) -> list[dict[str, Any]]:
    return [
        {
            "place": places.level.places[at],
            "counts": places.counts[at].tolist(),
            "cells": list(zip(_texts(places, at), places.counts[at].tolist(), strict=True)),
            "change": signed(float(places.change[at]), _digits(places)),
            "growth": growth_text(float(places.growth[at])),
        }
        for at in places.order
    ]


def _headings(places: PlaceTrend) -> list[Heading]:
    unit = _("rank") if places.of_ranks else score_unit(places.trend.runs[0].method)
    units = capfirst(places.trend.cities.register.units)
    heads = [Heading("place_zh", _("Place (Chinese)")), Heading("place_en", _("Place (English)"))]
    for year in places.trend.years:
        words = {"year": year, "unit": unit, "units": units}
        heads.append(Heading(f"value_{year}", _("Score %(year)s (%(unit)s)") % words))
        heads.append(Heading(f"units_{year}", _("%(units)s %(year)s") % words))
    return [
        *heads,
        Heading("change", _("Change of the score")),
        Heading("growth", _("Growth per year, %")),
    ]


def _file_rows(places: PlaceTrend) -> Iterator[list[object]]:
    for at in places.order:
        place = places.level.places[at]
        row: list[object] = [place.name_zh, place.name_en]
        for value, count in zip(places.values[at].tolist(), places.counts[at].tolist(), strict=True):
            row += [number_or_none(value), count]
        change, growth = float(places.change[at]), float(places.growth[at]) * PERCENT
        yield [*row, number_or_none(change), number_or_none(growth)]
