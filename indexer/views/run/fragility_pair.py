"""What each weight must become for two units to change places, as a page and as a file."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.forms.fragility import PairChoice
from indexer.models import Run
from indexer.selectors.cities import Cities, cities_of_run
from indexer.selectors.fragility import NotLinear, PairFragility, pair_fragility_of
from indexer.selectors.runs import PERCENT
from indexer.views.run.fragility import figures, signed_points, solved_facts, two_weights, unsolved_words
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from weighting.exports import Heading
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer


@audience(ANYONE)
@require_safe
def run_pair(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for two units, and show every weight that bears on their order."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def pair_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with every weight that bears on the order of two units, as a file."""
    run = finished_run(request, pk)
    cities = cities_of_run(run)
    form = PairChoice(request.GET, cities=cities)
    try:
        pair = _load(run, cities, form)
    except NotLinear:
        raise Http404 from None
    if pair is None:
        raise Http404
    name = f"pair-{run.pk}-{pair.first.pk}-{pair.second.pk}"
    return table_answer(asked_format(request), name, _headings(), _file_rows(pair), solved_facts(run, pair))


def _load(run: Run, cities: Cities, form: PairChoice) -> PairFragility | None:
    """Return the pair that the form names; None where it names none."""
    if not form.is_valid():
        return None
    return pair_fragility_of(run, cities, form.cleaned_data["first"], form.cleaned_data["second"])


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    asked = bool(request.GET)
    cities = cities_of_run(run)
    form = PairChoice(request.GET if asked else None, cities=cities)
    register = cities.register
    title = _("Two %(units)s that change places") % {"units": register.units}
    context = run_context(request, run, "run-fragility") | {
        "form": form,
        "title": title,
        "register": register,
    }
    try:
        pair = _load(run, cities, form) if asked else None
    except NotLinear:
        return render(request, "indexer/run/fragility_none.html", context)
    if pair is None:
        return render(request, "indexer/run/fragility_pair.html", context, status=400 if asked else 200)
    export = reverse("indexer:run-pair-export", args=[run.pk])
    context |= {
        "pair": pair,
        "title": _finding(pair),
        "gap": figures(pair.gap * pair.run.method.scale),
        "rows": [_row(pair, node) for node in pair.order],
        "unsolved": unsolved_words(pair.unsolved),
        "untold": unsolved_words(pair.untold),
        "saves": save_links(f"{export}?{urlencode({name: form.data[name] for name in form.fields})}"),
    }
    return render(request, "indexer/run/fragility_pair.html", context)


def _finding(pair: PairFragility) -> str:
    words = {"first": pair.first.name, "second": pair.second.name, "count": int(pair.feasible.sum())}
    if pair.ranks[0] == pair.ranks[1]:
        return _("%(first)s and %(second)s tie already") % words
    if not words["count"] and pair.unsolved:
        return _("No weight of the mean at the top puts %(second)s before %(first)s alone") % words
    if not words["count"]:
        return _("No single weight puts %(second)s before %(first)s") % words
    node = pair.order[0]
    return _("%(second)s passes %(first)s once “%(indicator)s” changes by %(points)s points") % {
        **words,
        "indicator": pair.nodes[node].name,
        "points": signed_points(float(pair.deltas[node]) * PERCENT),
    }


def _row(pair: PairFragility, node: int) -> dict[str, Any]:
    before, delta = float(pair.local[node]), float(pair.deltas[node])
    return {
        "node": pair.nodes[node],
        "weights": two_weights(before, before + delta),
        "change": signed_points(delta * PERCENT),
        "feasible": bool(pair.feasible[node]),
    }


def _headings() -> list[Heading]:
    return [
        Heading("indicator", _("Code of the indicator")),
        Heading("name", _("Indicator")),
        Heading("local_before", _("Local weight")),
        Heading("local_after", _("Local weight that ties them")),
        Heading("change", _("Change")),
        Heading("feasible", _("Feasible")),
    ]


def _file_rows(pair: PairFragility) -> Iterator[list[object]]:
    for node in pair.order:
        before, delta = float(pair.local[node]), float(pair.deltas[node])
        indicator = pair.nodes[node]
        yield [
            indicator.code,
            indicator.name,
            before,
            before + delta,
            delta,
            bool(pair.feasible[node]),
        ]
