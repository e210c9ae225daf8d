"""Any two scores of a run against each other, as a page, a picture and a file."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.answers import answer_file, answer_page
from indexer.forms.coherence import PairChoice
from indexer.models import OutsideSeries, Run
from indexer.numeric.comparison.association import QUADRANTS
from indexer.selectors.node_pairs import NodePair, series_key
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.series import series_beside
from indexer.views.shared import crowds
from indexer.views.shared.coloured import coloured_groups
from indexer.views.shared.exports import place_cells, place_headings, run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import Figure, Spec
from weighting.exports import Heading
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import signed
from weighting.visitors import visitor_of

DIGITS = 4
# A unit beyond so many studentised residuals is named; of these so many have room.
OUTLIER, NAMED = 2.5, 12
# The file holds all.
IN_QUADRANT = 60


@audience(ANYONE)
@require_safe
def run_nodes_pair(request: HttpRequest, pk: int) -> HttpResponse:
    """Show two scores of all units, with the line through them."""
    return answer_about_run(
        request, pk, lambda request, run: answer_page(request, run, _page, _key(request, run))
    )


@audience(ANYONE)
@require_safe
def nodes_pair_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the two scores of all units as a file."""
    run, format = finished_run(request, pk), asked_format(request)
    return answer_file(request, run, lambda: _file(_asked(request, run)[1], format), _key(request, run))


def pair_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the two scores asked for as a picture; None where no unit has both."""
    form, pair = _asked(request, run)
    return _figure(pair, form.level).spec


def _key(request: HttpRequest, run: Run) -> str:
    return series_key(run, visitor_of(request).account)


def _asked(request: HttpRequest, run: Run) -> tuple[PairChoice, NodePair]:
    """Return what was chosen, and the pair of figures that it names."""
    subject = node_scores_of(run)
    series = list(series_beside(run, visitor_of(request).account))
    form = PairChoice(request.GET, nodes=subject.nodes, series=series, cities=subject.cities)
    return form, NodePair(subject, form.across, form.upwards)


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    form, pair = _asked(request, run)
    figure, quadrants = _figure(pair, form.level), _quadrants(pair)
    context = {
        **run_context(request, run, "run-coherence"),
        "title": figure.title,
        "form": form,
        "register": pair.subject.cities.register,
        "names": _names(pair),
        "quadrants": quadrants,
        "stats": _stats(pair),
        "figure": figure,
        "rows": figure.rows,
        "more": max(0, len(pair.positions) - crowds.LISTED),
        "saves": save_links(f"{reverse('indexer:run-nodes-pair-export', args=[run.pk])}?{_query(pair)}"),
    }
    return render(request, "indexer/run/nodes_pair.html", context)


def _names(pair: NodePair) -> tuple[str, str]:
    across = pair.across
    name = f"{across.name} ({across.year})" if isinstance(across, OutsideSeries) else across.name
    return name, pair.upwards.name if pair.upwards else _("Composite score")


def _query(pair: NodePair) -> str:
    return urlencode(dict(zip("ab", pair.codes, strict=True)))


def _quadrant_words(pair: NodePair) -> dict[str, str]:
    a, b = _names(pair)
    said = {
        "high_high": _("High on both “%(a)s” and “%(b)s”"),
        "low_high": _("Low on “%(a)s”, high on “%(b)s”"),
        "low_low": _("Low on both “%(a)s” and “%(b)s”"),
        "high_low": _("High on “%(a)s”, low on “%(b)s”"),
    }
    return {code: words % {"a": a, "b": b} for code, words in said.items()}


def _quadrants(pair: NodePair) -> list[dict[str, Any]]:
    """List the units of each quadrant, the furthest from both medians first."""
    if not len(pair.positions):
        return []
    spreads = [float(np.std(of)) or 1.0 for of in (pair.x, pair.y)]
    middle = pair.medians
    apart = np.abs(pair.x - middle[0]) / spreads[0] + np.abs(pair.y - middle[1]) / spreads[1]
    words, cities = _quadrant_words(pair), pair.subject.cities
    inside = [np.flatnonzero(pair.quadrants == number) for number in range(len(QUADRANTS))]
    first = [part[np.argsort(-apart[part], kind="stable")[:IN_QUADRANT]] for part in inside]
    shown = [pair.positions[order].tolist() for order in first]
    cities.load(place for places in shown for place in places)
    return [
        {
            "name": words[code],
            "count": len(part),
            "cities": [cities[place] for place in places],
            "more": max(0, len(part) - IN_QUADRANT),
        }
        for code, part, places in zip(QUADRANTS, inside, shown, strict=True)
    ]


def _stats(pair: NodePair) -> list[dict[str, str]]:
    found, units = pair.association, pair.subject.cities.register.units
    slope = pair.line.slope if pair.line else float("nan")
    return [
        {
            "label": _("Pearson's r"),
            "value": _plain(found.pearson, 3),
            "note": _("of the scores as they are"),
        },
        {
            "label": _("Spearman's ρ"),
            "value": _plain(found.spearman, 3),
            "note": _("of the ranks; 1 is the same order"),
        },
        {"label": "R²", "value": _plain(found.pearson**2, 3), "note": _("of the straight line")},
        {
            "label": _("Slope"),
            "value": _plain(slope, 3),
            "note": _("over %(count)s %(units)s") % {"count": found.count, "units": units},
        },
    ]


def _figure(pair: NodePair, level: str) -> Figure:
    run, (x_name, y_name) = pair.subject.run, _names(pair)
    unit = score_unit(run.method)
    x_unit = pair.across.unit if isinstance(pair.across, OutsideSeries) else unit
    title = _("%(a)s and %(b)s: r = %(r)s") % {
        "a": x_name,
        "b": y_name,
        "r": _plain(pair.association.pearson, 2),
    }
    subtitle = _(
        "%(b)s over %(a)s; the dashed line is that of least squares, the thin lines are the medians"
    ) % {"a": x_name, "b": y_name}
    spec = None
    if len(pair.positions):
        groups, names = coloured_groups(pair.subject.cities, level, pair.positions.tolist())
        spec = charts.series_scatter(
            _points(pair, names),
            unit_word=pair.subject.cities.register.unit,
            axes=charts.Axes(f"{x_name} ({x_unit})", f"{y_name} ({unit})", logarithmic=False, groups=groups),
            line=None
            if pair.line is None
            else charts.Line(slope=pair.line.slope, intercept=pair.line.intercept),
            named=NAMED,
            behind=charts.Behind(
                pair.medians, crowds.crowd_of(pair.x, pair.y), pair.subject.cities.register.units
            ),
            title=title,
            subtitle=subtitle,
            source=f"{data_set_name(run.data_set)} · {version_name(run)}",
        )
    picture = reverse("indexer:run-picture", args=[run.pk, "nodes", "svg"])
    query = _query(pair) + (f"&{urlencode({'level': level})}" if level else "")
    return Figure(title, subtitle, spec, _rows(pair), image_url=f"{picture}?{query}")


def _points(pair: NodePair, groups: Sequence[str]) -> list[charts.SeriesPoint]:
    cities, ranks, residuals = pair.subject.cities, pair.subject.ranks, pair.residuals
    marked = crowds.marked_places(pair.x, pair.y, residuals).tolist()
    cities.load(pair.positions[marked].tolist())
    return [
        charts.SeriesPoint(
            name=cities[place].name,
            rank=int(ranks[place]),
            value=float(pair.x[at]),
            score=float(pair.y[at]),
            residual=float(residuals[at]),
            is_outlier=bool(abs(residuals[at]) > OUTLIER),
            group=groups[at],
        )
        for at, place in zip(marked, pair.positions[marked].tolist(), strict=True)
    ]


def _rows(pair: NodePair) -> list[dict[str, Any]]:
    """The units furthest from the line, as many as are listed."""
    residuals = pair.residuals
    listed = np.argsort(-np.abs(residuals), kind="stable")[: crowds.LISTED].tolist()
    pair.subject.cities.load(pair.positions[listed].tolist())
    return [
        {
            "city": pair.subject.cities[int(pair.positions[at])],
            "x": _plain(pair.x[at], DIGITS),
            "y": _plain(pair.y[at], DIGITS),
            "residual": signed(residuals[at], 2),
        }
        for at in listed
    ]


def _file(pair: NodePair, format: str) -> HttpResponse:
    x_name, y_name = _names(pair)
    columns = [
        *place_headings(pair.subject.cities),
        Heading("a", x_name),
        Heading("b", y_name),
        Heading("residual", _("Studentised residual")),
        Heading("quadrant", _("Quadrant about the medians")),
    ]
    run = pair.subject.run
    return table_answer(format, f"pair-{run.pk}", columns, _file_rows(pair), run_facts(run))


def _file_rows(pair: NodePair) -> Iterator[list[object]]:
    residuals, cities = pair.residuals.tolist(), pair.subject.cities
    for at, city in enumerate(cities.along(pair.positions.tolist())):
        scores = [float(pair.x[at]), float(pair.y[at])]
        yield [
            *place_cells(cities, city),
            *scores,
            residuals[at],
            QUADRANTS[pair.quadrants[at]],
        ]


def _plain(value: float, digits: int) -> str:
    return signed(float(value), digits, plus=False)
