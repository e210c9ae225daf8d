"""The figures and words of an index held against an outside series."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer import charts
from indexer.numeric.comparison.association import Association, Fit, infer_correlation
from indexer.selectors.levels import level_named
from indexer.selectors.runs import PERCENT
from indexer.selectors.series import OUTLIER, SeriesReport, Shares, slack_of
from indexer.views.shared import crowds
from indexer.views.shared.tables import plain_number
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import Figure
from weighting.views.numbers import signed

DIGITS = 4
NAMED = 12
LISTED = 30


def report_context(report: SeriesReport, grouping: str) -> dict[str, Any]:
    """Return what the page shows of a report, by the groups of a grouping where one is named."""
    cities = report.subject.cities
    level = level_named(cities, grouping) if grouping else None
    context: dict[str, Any] = {
        "report": report,
        "title": _finding(report),
        "stats": _stats(report.overall, report.subject.cities.register.units),
        "bands": [
            {"first": band.first, "last": band.last, **_measured(band.association)} for band in report.bands
        ],
        "fits": [_fit_row(fit) for fit in report.fits],
        "limit": f"{OUTLIER:g}",
        "outliers": [
            {
                "city": outlier.city,
                "rank": outlier.rank,
                "value": plain_number(outlier.value),
                "score": signed(outlier.score * report.subject.scale, DIGITS, plus=False),
                "residual": signed(outlier.residual, 2),
            }
            for outlier in report.outliers[:LISTED]
        ],
        "without": report.first_without(crowds.LISTED),
        "more_without": max(0, len(report.without) - crowds.LISTED),
    }
    if report.drawn.any():
        context["chart"] = scatter_of(report)
        context["rows"] = _rows(report)
        context["more"] = max(0, int(report.drawn.sum()) - crowds.LISTED)
    if report.covered is not None:
        context["total"] = _total_words(report, report.covered)
    if level:
        context |= {
            "level": level,
            "groups": [
                {"name": held.place.name, **_measured(held.association)} for held in report.by_place(level)
            ],
        }
    if report.has_shares:
        usual = [level_named(cities, code) for code in reversed(cities.shown_levels)]
        levels = [level] if level else usual
        more, of_units = len(report.positions) - crowds.LISTED, report.shares_of_cities(crowds.LISTED)
        context["shares"] = [
            *((each.name, _share_rows(report.shares(each)), not at, 0) for at, each in enumerate(levels)),
            (capfirst(cities.register.units), _share_rows(of_units), False, max(0, more)),
        ]
    return context


def _finding(report: SeriesReport) -> str:
    units = report.subject.cities.register.units
    if np.isnan(report.overall.spearman):
        return _("Too few %(units)s have both figures to say how they go together") % {"units": units}
    return _("%(name)s and %(series)s: rank correlation %(rho)s over %(count)s %(units)s") % {
        "units": units,
        "name": report.subject.name,
        "series": report.series.name,
        "rho": _coefficient(report.overall.spearman),
        "count": report.overall.count,
    }


def _stats(found: Association, units: str) -> list[dict[str, str]]:
    return [
        {
            "label": _("%(units)s with both") % {"units": capfirst(units)},
            "value": str(found.count),
            "note": "",
        },
        {
            "label": _("Spearman's ρ"),
            "value": _coefficient(found.spearman),
            "note": _("of the ranks; 1 is the same order"),
        },
        {
            "label": _("Pearson's r"),
            "value": _coefficient(found.pearson),
            "note": _("of the figures as they are"),
        },
        {
            "label": _("Pearson's r of logarithms"),
            "value": _coefficient(found.log_pearson),
            "note": _("%(count)s %(units)s above zero on both") % {"count": found.log_count, "units": units},
        },
    ]


def _coefficient(value: float) -> str:
    return signed(value, 3, plus=False)


def _fit_row(fit: Fit) -> dict[str, Any]:
    names = {
        "linear": _("as they are"),
        "log-x": _("over the logarithm of the series"),
        "log-log": _("of both logarithms"),
    }
    return {
        "scale": names[fit.scale],
        "count": fit.count,
        "r": _coefficient(fit.r),
        "interval": _interval(fit.inference.low, fit.inference.high),
        "p_value": p_words(fit.inference.p_value),
        "r_squared": _coefficient(fit.r_squared),
        "slope": plain_number(fit.slope),
        "intercept": plain_number(fit.intercept),
    }


def _interval(low: float, high: float) -> str:
    return (
        "–"
        if np.isnan(low)
        else _("%(low)s to %(high)s") % {"low": _coefficient(low), "high": _coefficient(high)}
    )


def p_words(p_value: float) -> str:
    """Write a p-value: three digits, and no more than that it is below the smallest of them."""
    if np.isnan(p_value):
        return "–"
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _measured(found: Association) -> dict[str, Any]:
    inferred = infer_correlation(found.pearson, found.count)
    return {
        "count": found.count,
        "spearman": _coefficient(found.spearman),
        "pearson": _coefficient(found.pearson),
        "interval": _interval(inferred.low, inferred.high),
        "p_value": p_words(inferred.p_value),
        "log_pearson": _coefficient(found.log_pearson),
    }


def scatter_of(report: SeriesReport) -> dict[str, Any]:
    """Return the figure of the scores over the series."""
    run, series = report.subject.run, report.series
    unit = score_unit(run.method)
    values, scores = report.values, report.scores * report.subject.scale
    residuals = np.nan_to_num(report.residuals)
    drawn = np.flatnonzero(report.drawn)
    x, y = values[drawn], scores[drawn]
    marked = drawn[crowds.marked_places(x, y, residuals[drawn])].tolist()
    return charts.series_scatter(
        [
            charts.SeriesPoint(
                name=city.name,
                rank=report.ranks[at],
                value=float(values[at]),
                score=float(scores[at]),
                residual=float(residuals[at]),
                is_outlier=bool(abs(residuals[at]) > OUTLIER),
            )
            for at, city in zip(marked, report.cities_at(marked), strict=True)
        ],
        unit_word=report.subject.cities.register.unit,
        axes=charts.Axes(
            x_title=f"{series.name} ({series.unit})",
            y_title=f"{report.subject.name} ({unit})",
            logarithmic=report.logarithmic,
        ),
        line=_drawn_line(report),
        named=NAMED,
        behind=charts.Behind(
            crowd=crowds.crowd_of(x, y, logarithmic=report.logarithmic),
            units_word=report.subject.cities.register.units,
        ),
        title=_outlier_finding(report),
        subtitle=_scatter_subtitle(report),
        source=" · ".join([data_set_name(run.data_set), version_name(run), f"{series.name} ({series.year})"]),
    )


def figure_of_series(report: SeriesReport) -> Figure:
    """Return the scatter as a report shows it, with the address of its picture."""
    query = urlencode({"series": report.series.pk})
    address = reverse("indexer:run-picture", args=[report.subject.run.pk, "scatter", "svg"])
    return Figure(
        title=_outlier_finding(report),
        subtitle=_scatter_subtitle(report),
        chart=partial(scatter_of, report),
        rows=[],
        image_url=f"{address}?{query}",
    )


def _scatter_subtitle(report: SeriesReport) -> str:
    words = {"score": report.subject.name, "series": report.series.name}
    return _("%(score)s over %(series)s; the dashed line is that of least squares") % words


def _drawn_line(report: SeriesReport) -> charts.Line | None:
    """The line for scores as they are shown: of logarithms a unit changes the intercept alone."""
    line, scale = report.line, report.subject.scale
    if line is None:
        return None
    if report.logarithmic:
        return charts.Line(line.slope, line.intercept + float(np.log(scale)))
    return charts.Line(line.slope * scale, line.intercept * scale)


def _outlier_finding(report: SeriesReport) -> str:
    outliers = report.outliers
    if not outliers:
        return _("No %(unit)s lies far from the line") % {"unit": report.subject.cities.register.unit}
    named = [outlier.city.name for outlier in outliers[:3]]
    said = ngettext(
        "%(names)s lies furthest from the line", "%(names)s lie furthest from the line", len(named)
    )
    return said % {"names": _(", ").join(named)}


def _rows(report: SeriesReport) -> list[dict[str, Any]]:
    order = sorted(np.flatnonzero(report.drawn).tolist(), key=lambda at: report.ranks[at])[: crowds.LISTED]
    return [
        {
            "city": city,
            "rank": report.ranks[at],
            "value": plain_number(float(report.values[at])),
            "series_rank": report.series_ranks[at],
            "score": signed(float(report.scores[at]) * report.subject.scale, DIGITS, plus=False),
            "residual": signed(float(report.residuals[at]), 2),
        }
        for at, city in zip(order, report.cities_at(order), strict=True)
    ]


def _total_words(report: SeriesReport, covered: float) -> str:
    """Say what of the published total the compared units hold, and how exactly that can be told."""
    return _(
        "The published total of %(series)s is %(total)s %(unit)s; the %(count)s %(units)s compared hold "
        "%(covered)s %% of it. Its digits leave ±%(slack)s open, within which parts may exceed it."
    ) % {
        "series": report.series.name,
        "total": report.series.total,
        "unit": report.series.unit,
        "count": len(report.positions),
        "units": report.subject.cities.register.units,
        "covered": f"{covered * PERCENT:.2f}",
        "slack": plain_number(slack_of(report.series.total)),
    }


def _share_rows(shares: Sequence[Shares]) -> list[dict[str, Any]]:
    return [
        {
            "name": held.place.name,
            "index": f"{held.index * PERCENT:.2f}",
            "series": f"{held.series * PERCENT:.2f}",
            "of_total": "" if held.of_total is None else f"{held.of_total * PERCENT:.2f}",
            "gap": signed((held.index - held.series) * PERCENT, 2),
            "quotient": "–" if np.isnan(held.quotient) else f"{held.quotient:.2f}",
        }
        for held in shares
    ]
