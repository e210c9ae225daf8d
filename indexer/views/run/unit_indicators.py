"""One unit of a run down to its indicators, among its peers, as a page and as a file."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.forms.unit_indicators import UnitIndicatorChoice
from indexer.method_cells import lack_words
from indexer.models import Run
from indexer.selectors.coverage import unranked_of
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.profiles import city_profile_of
from indexer.selectors.published import codes_given_raw
from indexer.selectors.runs import PERCENT
from indexer.selectors.unit_indicators import IndicatorOfCity, UnitIndicators
from indexer.views.run.leads import rank_text
from indexer.views.run.preparation import change_words
from indexer.views.shared.exports import imputed_heading, place_cells, place_headings, run_facts
from indexer.views.shared.imputed import imputation_links, imputed_text
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.tables import plain_number, raw_number
from indexer.words import score_unit
from weighting.exports import Fact, Heading
from weighting.permissions import ANYONE, audience
from weighting.requests import read_id
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import signed
from weighting.visitors import visitor_of

DIGITS = 4
ROWS = 100


@audience(ANYONE)
@require_safe
def unit_indicators(request: HttpRequest, pk: int, city_pk: int) -> HttpResponse:
    """Show the indicators of a unit in a finished run."""
    return answer_about_run(request, pk, lambda request, run: _page(request, run, city_pk))


@audience(ANYONE)
@require_safe
def unit_indicators_export(request: HttpRequest, pk: int, city_pk: int) -> HttpResponse:
    """Answer with all of them as a file."""
    run = finished_run(request, pk)
    form, found = _asked(request, run, city_pk)
    nodes = found.listed(form.chosen, form.order_asked)
    city = place_cells(found.scores.cities, found.profile.city)
    rows = ([*city, *_cells(row, run.method.scale)] for row in found.rows(nodes))
    facts = [*run_facts(run), *_facts(found)]
    return table_answer(
        asked_format(request), f"indicators-{run.pk}-{city_pk}", _headings(found), rows, facts
    )


def _asked(request: HttpRequest, run: Run, city_pk: int) -> tuple[UnitIndicatorChoice, UnitIndicators]:
    scores, account = node_scores_of(run), visitor_of(request).account
    profile = city_profile_of(scores, city_pk, account)
    if profile is None:
        raise Http404
    form = UnitIndicatorChoice(request.GET, nodes=scores.nodes, cities=scores.cities)
    other = read_id(request.GET.get("against", ""))
    found = UnitIndicators(profile, form.peers_asked, other, given=codes_given_raw(account, run))
    return form, found


def _page(request: HttpRequest, run: Run, city_pk: int) -> HttpResponse:
    form, found = _asked(request, run, city_pk)
    city, other = found.profile.city, found.other_city
    form.offer([(one.pk, one.name) for one in found.offered], other.pk if other else None)
    page = Paginator(found.listed(form.chosen, form.order_asked), ROWS).get_page(request.GET.get("page"))
    rows = found.rows(list(page.object_list))
    query = {name: request.GET[name] for name in request.GET if name in form.fields}
    export = reverse("indexer:run-unit-indicators-export", args=[run.pk, city_pk])
    context = run_context(request, run, "run-city", city=city) | {
        "found": found,
        "form": form,
        "city": city,
        "other": other,
        "register": found.scores.cities.register,
        "places": found.scores.cities.places_of(city),
        "title": _finding(found),
        "stats": _statistics(found),
        "lack": _lack(found.scores, city_pk),
        "page_obj": page,
        "rows": [_row(row, run) for row in rows],
        "has_treated": any(not _same(row.raw, row.treated) for row in rows),
        "has_parts": any(np.isfinite(row.part) for row in rows),
        "has_gaps": any(np.isfinite(row.gap) for row in rows),
        "has_marks": any(row.changes for row in rows),
        "has_imputed": found.scores.has_imputed,
        "studies": imputation_links(run, visitor_of(request).account) if found.imputed_share else [],
        "saves": save_links(f"{export}?{urlencode(query)}"),
    }
    return render(request, "indexer/run/unit_indicators.html", context)


def _same(one: float, other: float) -> bool:
    return one == other or (np.isnan(one) and np.isnan(other))


def _finding(found: UnitIndicators) -> str:
    city = found.profile.city.name
    leaves = [row for row in found.rows(found.listed(None, "best")) if np.isfinite(row.rank)]
    if not leaves or leaves[0].rank == leaves[-1].rank:
        return _("The indicators of %(city)s") % {"city": city}
    best, worst = leaves[0], leaves[-1]
    return _("%(city)s: best in “%(best)s” (rank %(first)s), weakest in “%(worst)s” (rank %(last)s)") % {
        "city": city,
        "best": best.node.name,
        "first": rank_text(best.rank),
        "worst": worst.node.name,
        "last": rank_text(worst.rank),
    }


def _statistics(found: UnitIndicators) -> list[dict[str, str]]:
    profile, method = found.profile, found.profile.run.method
    units, digits = found.scores.cities.register.units, method.digits_or(DIGITS)
    score = found.scores.result.scores
    stats = [
        {
            "label": _("Rank"),
            "value": rank_text(profile.rank or np.nan),
            "note": _("of %(count)s %(units)s") % {"count": profile.count, "units": units},
        },
        {
            "label": _("Composite score"),
            "value": signed(float(score[profile.position]) * method.scale, digits, plus=False),
            "note": score_unit(method),
        },
    ]
    if found.other is not None and found.other_city:
        gap = float(score[profile.position] - score[found.other]) * method.scale
        note = _("to %(unit)s, rank %(rank)s") % {
            "unit": found.other_city.name,
            "rank": int(found.scores.result.ranks[found.other]),
        }
        stats.append({"label": _("Gap"), "value": signed(gap, digits), "note": note})
    if found.scores.has_imputed:
        note = _("of the weight of this score")
        stats.append({"label": _("Filled in"), "value": imputed_text(found.imputed_share), "note": note})
    return stats


def _lack(scores: NodeScores, city_pk: int) -> str:
    """Say why a unit has no rank; '' where it has one."""
    lacks = (lack for lack in unranked_of(scores) if lack.city.pk == city_pk)
    return next(
        (lack_words(lack.share, lack.least, lack.node.name if lack.node else "") for lack in lacks), ""
    )


def _row(row: IndicatorOfCity, run: Run) -> dict[str, Any]:
    scale, digits = run.method.scale, run.method.digits_or(DIGITS)
    node = row.node
    return {
        "node": node,
        "depth": node.depth,
        "falls": node.is_leaf and node.direction == -1,
        "unit": node.unit_label if node.is_leaf else "",
        "raw": raw_number(row.raw, node.unit),
        "treated": plain_number(row.treated),
        "changes": row.changes,
        "score": signed(row.score * scale, digits, plus=False),
        "weight": signed(row.weight * PERCENT, 2, plus=False),
        "part": signed(row.part * scale, digits, plus=False),
        "rank": rank_text(row.rank),
        "count": row.count,
        "peer_rank": rank_text(row.rank_among_peers),
        "peers": row.peers,
        "median": raw_number(row.peer_median, node.unit),
        "imputed": imputed_text(row.imputed) if row.imputed else "–",
        "other_raw": raw_number(row.other_raw, node.unit),
        "other_rank": rank_text(row.other_rank),
        "gap": signed(row.gap * scale, digits),
        "is_behind": row.gap < 0,
    }


def _headings(found: UnitIndicators) -> list[Heading]:
    name = found.other_city.name if found.other_city else _("the other")
    return [
        *place_headings(found.scores.cities),
        Heading("code", _("Code of the indicator")),
        Heading("parent", _("Parent")),
        Heading("name", _("Indicator")),
        Heading("direction", _("Direction")),
        Heading("unit", _("Unit")),
        Heading("raw", _("Raw value")),
        Heading("treated", _("As treated")),
        Heading("changes", _("Changes")),
        Heading("score", _("Score, normalised")),
        Heading("weight", _("Weight in the score")),
        Heading("part", _("Part of the score")),
        imputed_heading(),
        Heading("rank", _("Rank")),
        Heading("ranked", _("Units ranked")),
        Heading("rank_among_peers", _("Rank among its peers")),
        Heading("peers", _("Peers ranked, with the unit")),
        Heading("peer_median", _("Median raw value of its peers")),
        Heading("other_raw", _("Raw value of %(unit)s") % {"unit": name}),
        Heading("other_rank", _("Rank of %(unit)s") % {"unit": name}),
        Heading("gap", _("Part of the gap to %(unit)s") % {"unit": name}),
    ]


def _facts(found: UnitIndicators) -> list[Fact]:
    facts, other = [Fact("peers", _("Peers"), found.kind)], found.other_city
    return [*facts, Fact("against", _("Against"), other.code or other.own_name)] if other else facts


def _cells(row: IndicatorOfCity, scale: float) -> list[object]:
    node = row.node
    return [
        *(node.code, node.parent.code if node.parent else "", node.name),
        *((node.direction, node.unit_label) if node.is_leaf else (None, "")),
        *_numbers(row.raw, row.treated),
        change_words(row.changes),
        *_numbers(row.score * scale, row.weight, row.part * scale, row.imputed),
        *_numbers(row.rank, row.count, row.rank_among_peers, row.peers),
        *_numbers(row.peer_median, row.other_raw, row.other_rank, row.gap * scale),
    ]


def _numbers(*values: float) -> Sequence[float | None]:
    return [None if np.isnan(value) else value for value in values]
