"""The first of several scores side by side, as a page and as a file."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.forms.leads import COMPOSITE
from indexer.forms.tops import TopsChoice
from indexer.models import Run
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.tops import Top
from indexer.views.shared.exports import run_facts
from indexer.views.shared.narrowed import narrowed_facts, narrowed_note
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import score_unit
from weighting.exports import Heading
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import signed

DIGITS = 4


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
        code, name = _code(top), _name(top)
        headings += [
            Heading(f"unit_{code}", name),
            Heading(f"unit_code_{code}", _("Code: %(name)s") % {"name": name}),
            Heading(f"rank_{code}", _("Rank: %(name)s") % {"name": name}),
            Heading(f"score_{code}", f"{name} ({unit})"),
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
        "tops": [{"code": _code(top), "name": _name(top)} for top in tops],
        "rows": [_line(tops, line) for line in range(_lines(tops))],
        "saves": save_links(f"{reverse('indexer:run-tops-export', args=[run.pk])}?{query}"),
    }
    return render(request, "indexer/run/tops.html", context)


def _code(top: Top) -> str:
    return top.node.code if top.node else COMPOSITE


def _name(top: Top) -> str:
    return top.node.name if top.node else _("Composite score")


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
