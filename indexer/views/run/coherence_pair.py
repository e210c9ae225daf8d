"""Any two scores of a run against each other, as a page, a picture and a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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
from indexer.models import Run
from indexer.numeric.association import Association, Line, associate, fit_line
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.runs import PERCENT
from indexer.views.shared.exports import place_cells, place_headings, run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import Figure, Spec
from weighting.exports import Heading
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import signed

DIGITS = 4
# A unit beyond so many studentised residuals is named; of these so many have room.
OUTLIER, NAMED = 2.5, 12
# The file holds all.
LISTED = 500


@dataclass(frozen=True, eq=False)
class NodePair:
    """Two scores of a run; arrays are over the units that have both."""

    subject: NodeScores
    across: Indicator
    upwards: Indicator | None

    @cached_property
    def positions(self) -> IntArray:
        both = [self.subject.scores_on(node) for node in (self.across, self.upwards)]
        return np.flatnonzero(np.isfinite(both).all(axis=0))

    @cached_property
    def x(self) -> FloatArray:
        return self.subject.scores_on(self.across)[self.positions]

    @cached_property
    def y(self) -> FloatArray:
        return self.subject.scores_on(self.upwards)[self.positions]

    @cached_property
    def association(self) -> Association:
        return associate(self.x, self.y)

    @cached_property
    def line(self) -> Line | None:
        """None where the units determine none."""
        try:
            return fit_line(self.x, self.y)
        except ValueError:
            return None

    @property
    def residuals(self) -> FloatArray:
        """Studentised; 0 without a line."""
        return np.zeros(len(self.x)) if self.line is None else np.nan_to_num(self.line.studentised)

    @property
    def names(self) -> tuple[str, str]:
        return self.across.name, self.upwards.name if self.upwards else _("Composite score")

    @property
    def query(self) -> str:
        return urlencode({"a": self.across.code, "b": self.upwards.code if self.upwards else ""})


@audience(ANYONE)
@require_safe
def run_nodes_pair(request: HttpRequest, pk: int) -> HttpResponse:
    """Show two scores of all units, with the line through them."""
    return answer_about_run(request, pk, lambda request, run: answer_page(request, run, _page))


@audience(ANYONE)
@require_safe
def nodes_pair_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the two scores of all units as a file."""
    run, format = finished_run(request, pk), asked_format(request)
    return answer_file(request, run, lambda: _file(_asked(request, run)[1], format))


def pair_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the two scores asked for as a picture; None where no unit has both."""
    return _figure(_asked(request, run)[1]).spec


def _asked(request: HttpRequest, run: Run) -> tuple[PairChoice, NodePair]:
    subject = node_scores_of(run)
    form = PairChoice(request.GET, nodes=subject.nodes)
    return form, NodePair(subject, form.across, form.upwards)


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    form, pair = _asked(request, run)
    figure = _figure(pair)
    context = {
        **run_context(run, "run-coherence"),
        "title": figure.title,
        "form": form,
        "register": pair.subject.cities.register,
        "names": pair.names,
        "stats": _stats(pair),
        "figure": figure,
        "rows": figure.rows[:LISTED],
        "more": max(0, len(figure.rows) - LISTED),
        "saves": save_links(f"{reverse('indexer:run-nodes-pair-export', args=[run.pk])}?{pair.query}"),
    }
    return render(request, "indexer/run/nodes_pair.html", context)


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


def _figure(pair: NodePair) -> Figure:
    run, (x_name, y_name) = pair.subject.run, pair.names
    unit = score_unit(run.method)
    title = _("%(a)s and %(b)s: r = %(r)s") % {
        "a": x_name,
        "b": y_name,
        "r": _plain(pair.association.pearson, 2),
    }
    subtitle = _("%(b)s over %(a)s; the dashed line is that of least squares") % {"a": x_name, "b": y_name}
    spec = None
    if len(pair.positions):
        spec = charts.series_scatter(
            _points(pair),
            unit_word=pair.subject.cities.register.unit,
            axes=charts.Axes(f"{x_name} ({unit})", f"{y_name} ({unit})", logarithmic=False),
            line=None
            if pair.line is None
            else charts.Line(slope=pair.line.slope, intercept=pair.line.intercept * PERCENT),
            named=NAMED,
            title=title,
            subtitle=subtitle,
            source=f"{data_set_name(run.data_set)} · {version_name(run)}",
        )
    picture = reverse("indexer:run-picture", args=[run.pk, "nodes", "svg"])
    return Figure(title, subtitle, spec, _rows(pair), image_url=f"{picture}?{pair.query}")


def _points(pair: NodePair) -> list[charts.SeriesPoint]:
    cities, ranks, residuals = pair.subject.cities, pair.subject.ranks, pair.residuals
    return [
        charts.SeriesPoint(
            name=cities[place].name,
            rank=int(ranks[place]),
            value=float(pair.x[at]) * PERCENT,
            score=float(pair.y[at]) * PERCENT,
            residual=float(residuals[at]),
            is_outlier=bool(abs(residuals[at]) > OUTLIER),
        )
        for at, place in enumerate(pair.positions.tolist())
    ]


def _rows(pair: NodePair) -> list[dict[str, Any]]:
    """The units furthest from the line first."""
    residuals = pair.residuals
    return [
        {
            "city": pair.subject.cities[int(pair.positions[at])],
            "x": _plain(pair.x[at] * PERCENT, DIGITS),
            "y": _plain(pair.y[at] * PERCENT, DIGITS),
            "residual": signed(residuals[at], 2),
        }
        for at in np.argsort(-np.abs(residuals), kind="stable").tolist()
    ]


def _file(pair: NodePair, format: str) -> HttpResponse:
    x_name, y_name = pair.names
    columns = [
        *place_headings(pair.subject.cities.register),
        Heading("a", x_name),
        Heading("b", y_name),
        Heading("residual", _("Studentised residual")),
    ]
    run = pair.subject.run
    return table_answer(format, f"pair-{run.pk}", columns, _file_rows(pair), run_facts(run))


def _file_rows(pair: NodePair) -> Iterator[list[object]]:
    residuals = pair.residuals.tolist()
    for at, place in enumerate(pair.positions.tolist()):
        scores = [float(pair.x[at]) * PERCENT, float(pair.y[at]) * PERCENT]
        yield [*place_cells(pair.subject.cities[place]), *scores, residuals[at]]


def _plain(value: float, digits: int) -> str:
    return signed(float(value), digits, plus=False)
