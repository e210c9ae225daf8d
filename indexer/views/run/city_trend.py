"""One unit over the years: ranks, scores and raw values, as a page, a file and pictures."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.models import Run
from indexer.selectors.runs import PERCENT
from indexer.selectors.trends import CityTrend, ScoreTrend, city_trend_of, trend_of
from indexer.views.run.beside import asked_beside, beside_facts, other_years, with_beside
from indexer.views.run.trends import (
    DIGITS,
    bounds_note,
    data_span,
    growth_text,
    interval_text,
    trend_facts,
    year_rows,
)
from indexer.views.shared.exports import place_cells, place_headings, run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.tables import plain_number
from indexer.words import score_unit, version_name
from weighting.drawing import SERIES, Figure, Spec
from weighting.exports import Heading
from weighting.permissions import ANYONE, audience
from weighting.requests import read_id
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import number_or_none, signed
from weighting.visitors import visitor_of


@audience(ANYONE)
@require_safe
def run_city_trend(request: HttpRequest, pk: int, city_pk: int) -> HttpResponse:
    """Show what becomes of one unit over the years."""
    return answer_about_run(request, pk, lambda request, run: _page(request, run, city_pk))


@audience(ANYONE)
@require_safe
def city_trend_export(request: HttpRequest, pk: int, city_pk: int) -> HttpResponse:
    """Answer with its scores, ranks and raw values of all years as a file."""
    run = finished_run(request, pk)
    found = _find(request, run, city_pk)
    years = found.trend.years
    headings = [
        *place_headings(found.trend.cities),
        Heading("code", _("Code of the indicator")),
        Heading("name", _("Name")),
        Heading("what", _("What is counted")),
        Heading("unit", _("Unit")),
        *(Heading(f"value_{year}", str(year)) for year in years),
        *(Heading(f"rank_{year}", _("Rank %(year)s") % {"year": year}) for year in years),
        *(
            Heading(f"growth_{last}", _("Growth per year %(step)s, %%") % {"step": f"{first}–{last}"})
            for first, last in pairwise(years)
        ),
        Heading("change", _("Change")),
        Heading("growth", _("Growth per year, %")),
    ]
    facts = [*run_facts(*found.trend.runs), *trend_facts(found.trend), *beside_facts(found.trend, run)]
    name = f"trend-{run.pk}-{city_pk}"
    return table_answer(asked_format(request), name, headings, _file_rows(found), facts)


def city_ranks_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the ranks over the years of the unit of ``?city=`` for a picture."""
    figure = _ranks(_find(request, run, read_id(request.GET.get("city", "")) or 0), run)
    return figure.spec if figure else None


def city_scores_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return its scores over the years for a picture."""
    figure = _scores(_find(request, run, read_id(request.GET.get("city", "")) or 0), run)
    return figure.spec if figure else None


def _find(request: HttpRequest, run: Run, city_pk: int) -> CityTrend:
    account = visitor_of(request).account
    trend = trend_of(run, account, beside=asked_beside(request, run).chosen)
    found = city_trend_of(trend, city_pk, account)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, run: Run, city_pk: int) -> HttpResponse:
    found = _find(request, run, city_pk)
    trend = found.trend
    context = {
        **run_context(request, run, "run-trend", years=trend.own_years),
        "data_span": data_span(trend),
        "trend": trend,
        "city": found.city,
        "places": trend.cities.places_of(found.city),
        "title": _finding(found),
        "ranks": _ranks(found, run),
        "scores": _scores(found, run),
        "score_rows": [_score_row(found, score) for score in found.scores],
        "value_rows": _value_rows(found),
        "steps": [f"{first}–{last}" for first, last in pairwise(trend.years)],
        "bounds_note": bounds_note(trend),
        "tree_notes": other_years(trend, run),
        "beside_query": with_beside(trend),
        "years": year_rows(trend),
        "moves": _moves(found),
        "in_this_year": found.city.pk in run.data_set.city_ids,
        "saves": save_links(
            f"{reverse('indexer:run-city-trend-export', args=[run.pk, city_pk])}?{with_beside(trend)}"
        ),
    }
    return render(request, "indexer/run/city_trend.html", context)


def _finding(found: CityTrend) -> str:
    composite, years = found.scores[0], found.trend.years
    ranked = np.flatnonzero(composite.ranks).tolist()
    words: dict[str, Any] = {"city": found.city.name}
    if not ranked:
        return _("%(city)s has no rank in any year") % words
    words |= {"first": years[ranked[0]], "last": years[ranked[-1]]}
    words |= {"before": int(composite.ranks[ranked[0]]), "after": int(composite.ranks[ranked[-1]])}
    if len(ranked) == 1:
        return _("%(city)s ranks %(before)s in %(first)s") % words
    return _("%(city)s ranks %(before)s in %(first)s and %(after)s in %(last)s") % words


def _ranks(found: CityTrend, run: Run) -> Figure | None:
    trend, ranks = found.trend, found.scores[0].ranks
    low, high = trend.intervals[:, found.position]
    points = [
        charts.YearPoint(year, int(rank), number_or_none(float(low[at])), number_or_none(float(high[at])))
        for at, (year, rank) in enumerate(zip(trend.years, ranks.tolist(), strict=True))
        if rank
    ]
    if len(points) < 2:
        return None
    title = _("Rank of %(city)s over the years") % {"city": found.city.name}
    subtitle = _("rank on the composite score")
    if trend.studies:
        subtitle = _("rank on the composite score; bars: nine of ten draws of a study (Q5 to Q95)")
    rows = [[str(p.year), f"{p.value:g}", interval_text(*_nan_pair(p))] for p in points]
    heads = [_("Year"), _("Rank"), _("Q5 to Q95")]
    spec = charts.years_chart(
        [charts.YearLine(found.city.name, points)],
        value=_("Rank"),
        are_ranks=True,
        title=title,
        subtitle=subtitle,
        source=_source(found),
    )
    return Figure(title, subtitle, spec, rows, heads, image_url=_picture(run, "city-ranks", found))


def _nan_pair(point: charts.YearPoint) -> tuple[float, float]:
    low, high = (np.nan if side is None else side for side in (point.low, point.high))
    return low, high


def _scores(found: CityTrend, run: Run) -> Figure | None:
    """Draw the composite and what it is divided into, as many as have a colour of their own."""
    trend = found.trend
    shown = [score for score in found.scores if score.node is None or score.node.depth == 1][: len(SERIES)]
    lines = [
        charts.YearLine(_name(score), points)
        for score in shown
        if (points := _score_points(trend.years, score.scores * trend.scale))
    ]
    if len(trend.years) < 2 or not lines:
        return None
    digits = run.method.digits_or(DIGITS)
    title = _("Scores of %(city)s over the years") % {"city": found.city.name}
    subtitle = score_unit(run.method)
    rows = [
        [_name(score), *(signed(float(s), digits, plus=False) for s in score.scores * trend.scale)]
        for score in shown
    ]
    spec = charts.years_chart(
        lines, value=_("Score"), are_ranks=False, title=title, subtitle=subtitle, source=_source(found)
    )
    heads = [_("Score"), *map(str, trend.years)]
    return Figure(title, subtitle, spec, rows, heads, image_url=_picture(run, "city-scores", found))


def _score_points(years: list[int], scores: Any) -> list[charts.YearPoint]:
    pairs = zip(years, scores.tolist(), strict=True)
    return [charts.YearPoint(year, score) for year, score in pairs if not np.isnan(score)]


def _source(found: CityTrend) -> str:
    return f"{data_span(found.trend)} · {version_name(found.trend.runs[-1])}"


def _picture(run: Run, name: str, found: CityTrend) -> str:
    address = reverse("indexer:run-picture", args=[run.pk, name, "svg"])
    return f"{address}?{with_beside(found.trend, {'city': found.city.pk})}"


def _name(score: ScoreTrend) -> str:
    return score.node.name if score.node else _("Composite score")


def _score_row(found: CityTrend, score: ScoreTrend) -> dict[str, Any]:
    digits, scale = found.trend.runs[0].method.digits_or(DIGITS), found.trend.scale
    scores = (score.scores * scale).tolist()
    return {
        "name": _name(score),
        "depth": score.node.depth + 1 if score.node else 1,
        "is_composite": score.node is None,
        "cells": [
            {"score": signed(value, digits, plus=False), "rank": rank or ""}
            for value, rank in zip(scores, score.ranks.tolist(), strict=True)
        ],
        "change": signed(score.change * scale, digits),
        "growth": growth_text(score.growth),
        "url": "" if score.node is None else with_beside(found.trend, {"node": score.node.code}),
    }


def _value_rows(found: CityTrend) -> list[dict[str, Any]]:
    return [
        {
            "name": value.node.name,
            "url": with_beside(found.trend, {"node": value.node.code}),
            "unit": value.node.unit_label,
            "values": [plain_number(number) for number in value.values.tolist()],
            "steps": [growth_text(step) for step in value.steps.tolist()],
            "growth": growth_text(value.growth),
        }
        for value in found.values
    ]


def _moves(found: CityTrend) -> list[dict[str, str]]:
    """Return where the change from each year to the next, and over all, is split exactly along the tree."""
    trend, ranked = found.trend, np.flatnonzero(found.scores[0].ranks).tolist()
    pairs = list(pairwise(ranked))
    if len(ranked) > 2:
        pairs.append((ranked[0], ranked[-1]))
    address = reverse("indexer:city-change", args=[found.city.pk])
    runs = [{"runs": [trend.runs[first].pk, trend.runs[last].pk]} for first, last in pairs]
    return [
        {"name": _span(trend.years, *pair), "url": f"{address}?{urlencode(asked, doseq=True)}"}
        for pair, asked in zip(pairs, runs, strict=True)
    ]


def _span(years: Sequence[int], first: int, last: int) -> str:
    return f"{years[first]}–{years[last]}"


def _file_rows(found: CityTrend) -> Iterator[list[object]]:
    trend = found.trend
    place = place_cells(trend.cities, found.city)
    unit, scale = score_unit(trend.runs[0].method), trend.scale
    steps = max(len(trend.years) - 1, 0)
    for score in found.scores:
        yield [
            *place,
            score.node.code if score.node else "",
            _name(score),
            _("score"),
            unit,
            *(number_or_none(value) for value in (score.scores * scale).tolist()),
            *(rank or None for rank in score.ranks.tolist()),
            *[None] * steps,
            number_or_none(score.change * scale),
            number_or_none(score.growth * PERCENT),
        ]
    for value in found.values:
        change = float(value.values[-1] - value.values[0]) if trend.span else np.nan
        yield [
            *place,
            value.node.code,
            value.node.name,
            _("raw value"),
            value.node.unit_label,
            *map(number_or_none, value.values.tolist()),
            *[None] * len(trend.years),
            *(number_or_none(step * PERCENT) for step in value.steps.tolist()),
            number_or_none(change),
            number_or_none(value.growth * PERCENT),
        ]
