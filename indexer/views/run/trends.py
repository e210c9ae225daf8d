"""A run over the years: who rises and who falls, as a page, a file and a picture."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.forms.trends import COMMON, RANKS, Beside, MarkedTrendChoice
from indexer.method_words import common_bounds_words
from indexer.models import Run
from indexer.numeric.method.plan import is_absolute
from indexer.selectors.levels import level_choices
from indexer.selectors.plans import plan_of
from indexer.selectors.runs import PERCENT
from indexer.selectors.trends import Trend, trend_of
from indexer.studies.registry import study_name
from indexer.views.run.beside import asked_beside, beside_facts, beside_options, other_years, with_beside
from indexer.views.shared.exports import place_cells, place_headings, run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.tables import (
    CityTable,
    Column,
    cut_table,
    place_columns,
    province_column,
    render_part,
)
from indexer.views.shared.ties import and_more
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import Figure, Spec
from weighting.exports import Fact, Heading
from weighting.numeric.arrays import FloatArray
from weighting.permissions import ANYONE, audience
from weighting.requests import asks_for_part
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import number_or_none, signed
from weighting.visitors import visitor_of

DIGITS = 4
# The first of the last year that the chart draws, and the comers and goers that the page lists.
FIRST, LISTED = 10, 50


@audience(ANYONE)
@require_safe
def run_trend(request: HttpRequest, pk: int) -> HttpResponse:
    """Show ranks or scores of all years side by side."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def trend_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with scores and ranks of all years as a file."""
    run = finished_run(request, pk)
    trend = asked_trend(request, run)
    headings = [*place_headings(trend.cities), *_headings(trend)]
    facts = [*run_facts(*trend.runs), Fact("score", _("Score"), score_name(trend)), *trend_facts(trend)]
    facts += beside_facts(trend, run)
    return table_answer(asked_format(request), f"trend-{run.pk}", headings, _file_rows(trend), facts)


def trend_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the chart of the page for a picture."""
    trend = asked_trend(request, run)
    figure = _figure(trend, _choice(request, trend), "")
    return figure.spec if figure else None


def asked_trend(request: HttpRequest, run: Run, beside: Beside | None = None) -> Trend:
    """Load the years with the score that is asked for; the composite where there is no such node."""
    account, among_common = visitor_of(request).account, request.GET.get("among") == COMMON
    runs = (beside or asked_beside(request, run)).chosen
    try:
        return trend_of(run, account, request.GET.get("node", ""), among_common=among_common, beside=runs)
    except KeyError:
        return trend_of(run, account, among_common=among_common, beside=runs)


def score_name(trend: Trend) -> str:
    """Name what is followed through the years."""
    return trend.node.name if trend.node else _("Composite score")


def data_span(trend: Trend) -> str:
    """Name the series, with its first and its last year."""
    series = trend.runs[-1].data_set
    return f"{series.name} ({trend.years[0]}–{trend.years[-1]})" if trend.span else data_set_name(series)


def growth_text(rate: float) -> str:
    """Write an annual growth in percent."""
    return "–" if np.isnan(rate) else f"{signed(rate * PERCENT, 2)}\u00a0%"


def trend_facts(trend: Trend) -> list[Fact]:
    """Return what a file of several years says of itself beside what its runs were computed from."""
    among = _("those of all years") if trend.among_common else _("all of the year")
    facts = [Fact("ranks_among", _("Ranks among"), among)]
    if trend.studies:
        names = _("; ").join(dict.fromkeys(study_name(study) for study in trend.studies))
        facts.append(Fact("rank_intervals", _("Rank intervals (Q5 to Q95)"), names))
    note = bounds_note(trend)
    return [*facts, Fact("bounds", _("Bounds"), note)] if note else facts


def bounds_note(trend: Trend) -> str:
    """Say where scores of two years are measured by two scales; empty where one raw value is one score."""
    plans, leaves = (
        [plan_of(run.method) for run in trend.runs],
        [node for node in trend.nodes if node.is_leaf],
    )
    relative = [leaf for leaf in leaves if not all(is_absolute(plan.leaf_step(leaf.code)) for plan in plans)]
    method = trend.runs[0].method
    if not trend.span or (not relative and not method.bounds):
        return ""
    if not relative:
        return _("One raw value has one score in every year: %(bounds)s.") % {
            "bounds": common_bounds_words(method)
        }
    return _(
        "Each year is normalised by itself: a score says where a value stands among those of its year, and "
        "may fall while the value rises (%(count)s of %(leaves)s indicators). Ranks are not concerned."
    ) % {"count": len(relative), "leaves": len(leaves)}


def year_rows(trend: Trend) -> list[dict[str, Any]]:
    """Return the years of the series: their run, or that there is none."""
    runs = {one.pk: (one, at) for at, one in enumerate(trend.runs)}
    rows = []
    for year in trend.all_years:
        one, at = runs.get(year.run_id or 0, (None, 0))
        studied = trend.studied.get(one.pk) if one else None
        rows.append(
            {
                "year": year.year,
                "run": one,
                "data_set": data_set_name(one.data_set) if one else "",
                "ranked": int((trend.results[at].ranks > 0).sum()) if one else 0,
                "study": studied.study if studied else None,
                "study_name": study_name(studied.study) if studied else "",
            }
        )
    return rows


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    is_page = not asks_for_part(request)
    beside = asked_beside(request, run, is_offered=is_page)
    trend = asked_trend(request, run, beside)
    form = _choice(request, trend)
    query = with_beside(trend, form.asked)
    table = cut_table(request, trend.cities, _columns(trend, form.shows), first=_first(trend))
    figure = _figure(trend, form, query) if is_page else None
    others = np.flatnonzero(~trend.in_every_year)[:LISTED].tolist()
    trend.cities.load({*table.positions, *_drawn(trend, form), *others})
    context: dict[str, Any] = {
        **run_context(request, run, "run-trend", years=trend.own_years),
        "data_span": data_span(trend),
        "trend": trend,
        "form": form,
        "table": table,
        "rows": _rows(trend, table, form.shows),
        "score": score_name(trend),
        "kept": form.asked | beside.asked,
        "beside_query": with_beside(trend),
    }
    if is_page:
        context |= {
            "title": _finding(trend),
            "figure": figure,
            "years": year_rows(trend),
            "bounds_note": bounds_note(trend),
            "beside": beside_options(beside),
            "beside_problems": beside.problems,
            "tree_notes": other_years(trend, run),
            "others": [_other(trend, position) for position in others],
            "other_count": int((~trend.in_every_year).sum()),
            "saves": save_links(f"{reverse('indexer:run-trend-export', args=[run.pk])}?{query}"),
            "clear_url": f"{reverse('indexer:run-trend', args=[run.pk])}?{query}",
            "moves_url": _comparison(trend.runs),
            "has_places": bool(level_choices(trend.cities)),
        }
    return render_part(request, "indexer/run/trend.html", "indexer/run/_trend_table.html", context)


def _choice(request: HttpRequest, trend: Trend) -> MarkedTrendChoice:
    return MarkedTrendChoice(request.GET, nodes=trend.nodes, cities=trend.cities)


def _first(trend: Trend) -> str:
    return f"rank{trend.years[-1]}"


def _columns(trend: Trend, shows: str) -> list[Column]:
    city = place_columns(trend.cities)[0]
    ranks = np.where(trend.ranks > 0, trend.ranks, np.nan)
    by_rank = [
        Column(f"rank{year}", _("Rank"), column, unit=str(year))
        for year, column in zip(trend.years, ranks.T, strict=True)
    ]
    by_score = [
        Column(f"score{year}", _("Score"), column, falling_first=True, unit=str(year))
        for year, column in zip(trend.years, trend.scores.T, strict=True)
    ]
    shown = by_rank if shows == RANKS else [by_rank[-1], *by_score]
    return [
        city,
        *province_column(trend.cities),
        *shown,
        Column("gained", _("Places gained"), trend.gained, falling_first=True),
        Column("change", _("Change of the score"), trend.change, falling_first=True),
        Column("growth", _("Growth per year"), trend.growth, falling_first=True, unit="%"),
    ]


def _rows(trend: Trend, table: CityTable, shows: str) -> list[dict[str, Any]]:
    digits = trend.runs[0].method.digits_or(DIGITS)
    return [
        {
            "city": trend.cities[p],
            "cells": _rank_cells(trend, p) if shows == RANKS else _score_cells(trend, p, digits),
            "gained": None if np.isnan(trend.gained[p]) else int(trend.gained[p]),
            "change": signed(float(trend.change[p]) * trend.scale, digits),
            "growth": growth_text(float(trend.growth[p])),
        }
        for p in table.positions
    ]


def _rank_cells(trend: Trend, position: int) -> list[dict[str, str]]:
    return [
        {"text": str(rank) if rank else "–", "between": interval_text(low, high)}
        for rank, (low, high) in zip(
            trend.ranks[position].tolist(), trend.intervals[:, position].T.tolist(), strict=True
        )
    ]


def interval_text(low: float, high: float) -> str:
    """Write the ranks between which a unit lies; '' where no study says."""
    return "" if np.isnan(low) else f"{low:g}–{high:g}"


def _score_cells(trend: Trend, position: int, digits: int) -> list[dict[str, str]]:
    rank = int(trend.ranks[position, -1])
    scores = (trend.scores[position] * trend.scale).tolist()
    texts = [str(rank) if rank else "–", *(signed(score, digits, plus=False) for score in scores)]
    return [{"text": text, "between": ""} for text in texts]


def _other(trend: Trend, position: int) -> dict[str, Any]:
    """Name a unit that some years do not rank, and the years that do."""
    years = [year for year, rank in zip(trend.years, trend.own_ranks[position], strict=True) if rank]
    return {"city": trend.cities[position], "years": _(", ").join(map(str, years)) or "–"}


def _finding(trend: Trend) -> str:
    words: dict[str, Any] = {"first": trend.years[0], "last": trend.years[-1], "name": score_name(trend)}
    if not trend.span:
        return _("%(name)s: %(first)s is the only year so far") % words
    gained = trend.gained
    if np.isnan(gained).all():
        return _("%(name)s, %(first)s to %(last)s: no rank stands in both years") % words
    if not np.nanmax(gained):
        return _("%(name)s, %(first)s to %(last)s: nobody gains a place") % words
    most = np.flatnonzero(gained == np.nanmax(gained)).tolist()
    city = and_more(trend.cities[most[0]].name, len(most) - 1)
    words |= {"city": city, "places": int(gained[most[0]])}
    return (
        ngettext(
            "%(name)s, %(first)s to %(last)s: most is gained by %(city)s, by %(places)s place",
            "%(name)s, %(first)s to %(last)s: most is gained by %(city)s, by %(places)s places",
            words["places"],
        )
        % words
    )


def _drawn(trend: Trend, form: MarkedTrendChoice) -> list[int]:
    """Return who is drawn: the first of the last year, and those marked."""
    last = trend.ranks[:, -1]
    order = np.lexsort((last, last == 0))
    first = [int(p) for p in order[:FIRST] if last[p]]
    return [*first, *(p for p in form.marked if p not in first)]


def _figure(trend: Trend, form: MarkedTrendChoice, query: str) -> Figure | None:
    drawn = _drawn(trend, form)
    if not trend.span or not drawn:
        return None
    are_ranks = form.shows == RANKS
    values = np.where(trend.ranks > 0, trend.ranks, np.nan) if are_ranks else trend.scores * trend.scale
    trend.cities.load(drawn)
    lines = [charts.YearLine(trend.cities[p].name, _points(trend.years, values[p])) for p in drawn]
    lines = [line for line in lines if line.points]
    register, run = trend.cities.register, trend.runs[-1]
    words = {"count": len(lines), "units": register.units, "last": trend.years[-1]}
    title = _("The first %(units)s of %(last)s over the years") % words
    unit = _("rank") if are_ranks else score_unit(run.method)
    subtitle = _("%(score)s, %(unit)s; %(count)s %(units)s are drawn") % {
        **words,
        "score": score_name(trend),
        "unit": unit,
    }
    spec = charts.years_chart(
        lines,
        value=_("Rank") if are_ranks else _("Score"),
        are_ranks=are_ranks,
        title=title,
        subtitle=subtitle,
        source=f"{data_span(trend)} · {version_name(run)}",
    )
    digits = 0 if are_ranks else run.method.digits_or(DIGITS)
    rows = [
        [trend.cities[p].name, *(signed(float(value), digits, plus=False) for value in values[p])]
        for p in drawn
    ]
    heads = [capfirst(register.unit), *map(str, trend.years)]
    picture = reverse("indexer:run-picture", args=[run.pk, "years", "svg"])
    return Figure(title, subtitle, spec, rows, heads, image_url=f"{picture}?{query}")


def _points(years: Sequence[int], values: FloatArray) -> list[charts.YearPoint]:
    pairs = zip(years, values.tolist(), strict=True)
    return [charts.YearPoint(year, value) for year, value in pairs if not np.isnan(value)]


def _comparison(runs: Sequence[Run]) -> str:
    """Return where the first and the last year are compared; '' where there is one."""
    ends = [runs[0].pk, runs[-1].pk]
    return f"{reverse('indexer:comparison')}?{urlencode({'runs': ends}, doseq=True)}" if len(runs) > 1 else ""


def _headings(trend: Trend) -> list[Heading]:
    unit = score_unit(trend.runs[0].method)
    heads = []
    for year in trend.years:
        words = {"year": year, "unit": unit}
        heads += [
            Heading(f"score_{year}", _("Score %(year)s (%(unit)s)") % words),
            Heading(f"rank_{year}", _("Rank %(year)s") % words),
        ]
        if trend.studies:
            heads.append(Heading(f"rank_low_{year}", _("Rank %(year)s, Q5") % words))
            heads.append(Heading(f"rank_high_{year}", _("Rank %(year)s, Q95") % words))
    return [
        *heads,
        Heading("gained", _("Places gained")),
        Heading("change", _("Change of the score")),
        Heading("growth", _("Growth per year, %")),
    ]


def _file_rows(trend: Trend) -> Iterator[list[object]]:
    last, with_intervals = trend.ranks[:, -1], bool(trend.studies)
    scores = trend.scores * trend.scale
    order = np.lexsort((last, last == 0)).tolist()
    for p, city in zip(order, trend.cities.along(order), strict=True):
        row: list[object] = list(place_cells(trend.cities, city))
        for at, (score, rank) in enumerate(zip(scores[p].tolist(), trend.ranks[p].tolist(), strict=True)):
            row += [number_or_none(score), rank or None]
            row += map(number_or_none, trend.intervals[:, p, at].tolist()) if with_intervals else []
        change, growth = float(trend.change[p]) * trend.scale, float(trend.growth[p]) * PERCENT
        yield [*row, *map(number_or_none, (float(trend.gained[p]), change, growth))]
