"""The first of several scores side by side, as a page and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.forms.leads import COMPOSITE
from indexer.forms.tops import TopsChoice
from indexer.models import City, Run
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.views.shared.exports import run_facts
from indexer.views.shared.narrowed import narrowed_facts, narrowed_note
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import score_unit
from weighting.exports import Heading
from weighting.models import Indicator
from weighting.numeric.arrays import IntArray
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import signed

DIGITS = 4


@dataclass(frozen=True, eq=False)
class Top:
    """The units with the best ranks on a score; those that tie with the last are all there.

    ``among`` are the positions of those that may stand there; ranks are among all.
    """

    subject: NodeScores
    node: Indicator | None
    count: int
    among: IntArray

    @property
    def code(self) -> str:
        return self.node.code if self.node else COMPOSITE

    @property
    def name(self) -> str:
        return self.node.name if self.node else _("Composite score")

    @cached_property
    def positions(self) -> list[int]:
        ranks = self._ranks[self.among]
        order = np.argsort(ranks, kind="stable")[: np.isfinite(ranks).sum()]
        last = ranks[order[: self.count]].max(initial=0)
        return self.among[order[ranks[order] <= last]].tolist()

    def at(self, line: int) -> tuple[City, int, float] | None:
        """The unit on a line, its rank and its score as shown; None below the last."""
        if line >= len(self.positions):
            return None
        position = self.positions[line]
        score = self.subject.scores_on(self.node)[position] * self.subject.scale
        return self.subject.cities[position], int(self._ranks[position]), float(score)

    @cached_property
    def _ranks(self) -> np.ndarray:
        return self.subject.ranks_on(self.node)


@audience(ANYONE)
@require_safe
def run_tops(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the first of several scores side by side."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def tops_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the same table as a file."""
    run = finished_run(request, pk)
    form, tops = _asked(request, run)
    unit = score_unit(run.method)
    headings = [Heading("line", _("Line"))]
    facts = [*run_facts(run), *narrowed_facts(form)]
    for top in tops:
        headings += [
            Heading(f"unit_{top.code}", top.name),
            Heading(f"unit_code_{top.code}", _("Code: %(name)s") % {"name": top.name}),
            Heading(f"rank_{top.code}", _("Rank: %(name)s") % {"name": top.name}),
            Heading(f"score_{top.code}", f"{top.name} ({unit})"),
        ]
    return table_answer(asked_format(request), f"tops-{run.pk}", headings, _file_rows(tops), facts)


def _asked(request: HttpRequest, run: Run) -> tuple[TopsChoice, list[Top]]:
    subject = node_scores_of(run)
    form = TopsChoice(request.GET, nodes=subject.nodes, cities=subject.cities)
    among = form.positions()
    tops = [Top(subject, node, form.count, among) for node in form.chosen]
    subject.cities.load(position for top in tops for position in top.positions)
    return form, tops


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    form, tops = _asked(request, run)
    register = tops[0].subject.cities.register
    query = urlencode(
        [("n", form.count), *(("nodes", code) for code in form.codes), *form.places_asked.items()]
    )
    context = {
        **run_context(request, run, "run-leads"),
        "title": _("The first %(count)s on %(scores)s scores, side by side")
        % {"count": form.count, "scores": len(tops)},
        "form": form,
        "register": register,
        "narrowed": narrowed_note(form, register),
        "tops": tops,
        "rows": [_line(tops, line) for line in range(_lines(tops))],
        "saves": save_links(f"{reverse('indexer:run-tops-export', args=[run.pk])}?{query}"),
    }
    return render(request, "indexer/run/tops.html", context)


def _lines(tops: list[Top]) -> int:
    return max((len(top.positions) for top in tops), default=0)


def _line(tops: list[Top], line: int) -> list[dict[str, object] | None]:
    cells = [top.at(line) for top in tops]
    return [
        cell and {"city": cell[0], "rank": cell[1], "score": signed(cell[2], DIGITS, plus=False)}
        for cell in cells
    ]


def _file_rows(tops: list[Top]) -> Iterator[list[object]]:
    for line in range(_lines(tops)):
        row: list[object] = [line + 1]
        for top in tops:
            cell = top.at(line)
            row += [cell[0].name, cell[0].code, cell[1], cell[2]] if cell else [None] * 4
        yield row
