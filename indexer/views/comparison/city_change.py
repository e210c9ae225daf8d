"""Why one unit moved between two versions, as a page, a picture and a file."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.selectors.city_change import CityChange, NodeChange, city_change_of
from indexer.selectors.comparison import Comparison
from indexer.selectors.runs import PERCENT
from indexer.views.comparison.apart import apart_facts, other_trees
from indexer.views.comparison.choice import RunChoice, asked_comparison
from indexer.views.comparison.table import change_digits, diverging
from indexer.views.comparison.words import (
    common_data,
    provenance_of,
    split_manner,
    split_note,
    values_word,
)
from indexer.views.shared.exports import run_facts
from indexer.views.shared.run_names import run_names, source_of
from indexer.words import score_unit
from weighting.drawing import Figure
from weighting.exports import Heading
from weighting.permissions import ANYONE, audience
from weighting.selectors.frameworks import distinct_names_by_pk
from weighting.views.files import asked_format, picture_answer, save_links, table_answer
from weighting.views.numbers import number_or_none, signed

CHART_ROWS = 20
SHOWN = 50
DIGITS = 4


@audience(ANYONE)
@require_safe
def city_change(request: HttpRequest, city_pk: int) -> HttpResponse:
    """Show what moved a unit from the base to the version of ``?to=``, the last without it."""
    choice = RunChoice(request)
    if choice.refusal:
        return choice.refusal
    compared = choice.compare()
    change = _find(request, compared, city_pk)
    query = f"{_runs_query(compared)}&to={change.runs[1].pk}"
    names = run_names(compared.runs, compared.names)
    context = {
        "change": change,
        "register": compared.cities.register,
        "shown_levels": compared.cities.shown_levels,
        "city": change.city,
        "title": _finding(change),
        "before": names[0],
        "after": names[change.place],
        "data_set_name": common_data(compared),
        "unit": score_unit(change.runs[0].method),
        "stats": _statistics(change),
        "figure": _figure(change, query),
        "tree": _tree(change),
        "values_word": values_word(_pair(change)) if _has_values(change) else "",
        "split_note": split_note(_pair(change)),
        "split_manner": split_manner(_pair(change)),
        "tree_notes": other_trees(_pair(change)),
        "passings": _passings(change),
        "versions": _versions(change, names),
        "saves": save_links(f"{reverse('indexer:city-change-export', args=[city_pk])}?{query}"),
        "comparison_url": f"{reverse('indexer:comparison')}?{_runs_query(compared)}",
        "profile_url": reverse("indexer:run-city", args=[change.runs[1].pk, city_pk]),
        "query": query,
        "provenance": provenance_of(_pair(change)),
    }
    return render(request, "indexer/comparison/city_change.html", context)


@audience(ANYONE)
@require_safe
def city_change_export(request: HttpRequest, city_pk: int) -> HttpResponse:
    """Answer with the parts of the change, indicator by indicator, as a file."""
    change = _find(request, asked_comparison(request), city_pk)
    if change.parts is None:
        raise Http404
    name = f"change-{city_pk}-{change.runs[0].pk}-{change.runs[1].pk}"
    rows = _file_rows(change.branches, change.compared.scale)
    facts = [*run_facts(*change.runs), *apart_facts(_pair(change))]
    return table_answer(asked_format(request), name, _headings(), rows, facts)


@audience(ANYONE)
@require_safe
def city_change_picture(request: HttpRequest, city_pk: int, format: str) -> HttpResponse:
    """Answer with the figure of the page as a file."""
    figure = _figure(_find(request, asked_comparison(request), city_pk), "")
    return picture_answer(request, figure.spec if figure else None, format)


def _find(request: HttpRequest, compared: Comparison, city_pk: int) -> CityChange:
    """Return the change asked for; 404 for a unit or a version that is not in the comparison."""
    numbers = [str(run.pk) for run in compared.runs]
    asked = request.GET.get("to", numbers[-1])
    if asked not in numbers[1:]:
        raise Http404
    change = city_change_of(compared, city_pk, numbers.index(asked))
    if change is None:
        raise Http404
    return change


def _pair(change: CityChange) -> Comparison:
    """Narrow the comparison to the two versions in view."""
    return change.compared.narrowed_to(change.place)


def _runs_query(compared: Comparison) -> str:
    return urlencode({"runs": [run.pk for run in compared.runs]}, doseq=True)


def _has_values(change: CityChange) -> bool:
    return change.parts is not None and bool(change.parts.values.any())


def _finding(change: CityChange) -> str:
    words = {"city": change.city.name, "places": abs(change.gained), "rank": change.ranks[0]}
    if change.gained > 0:
        move = ngettext("%(city)s rises %(places)s place", "%(city)s rises %(places)s places", change.gained)
    elif change.gained < 0:
        move = ngettext("%(city)s falls %(places)s place", "%(city)s falls %(places)s places", -change.gained)
    else:
        move = _("%(city)s keeps rank %(rank)s")
    if not change.leaves or not change.leaves[0].total:
        return move % words
    return _("%(move)s; “%(cause)s” changes its score most") % {
        "move": move % words,
        "cause": change.leaves[0].node.name,
    }


def _statistics(change: CityChange) -> list[dict[str, str]]:
    before, after = (score * change.compared.scale for score in change.scores)
    in_one_unit = change.why_not_split != "units"
    passed, passed_by = len(change.passed), len(change.passed_by)
    return [
        {"label": _("Rank"), "value": f"{change.ranks[0]} → {change.ranks[1]}"},
        {
            "label": _("Composite score"),
            "value": f"{signed(before, DIGITS, plus=False)} → {signed(after, DIGITS, plus=False)}",
            "note": signed(after - before, _digits(change)) if in_one_unit else "",
        },
        {
            "label": _("It passed"),
            "value": str(passed),
            "unit": _counted(change, passed),
        },
        {
            "label": _("Passed by"),
            "value": str(passed_by),
            "unit": _counted(change, passed_by),
        },
    ]


def _counted(change: CityChange, count: int) -> str:
    """Return the register's word as it stands behind a count."""
    register = change.compared.cities.register
    return pgettext("behind a count", "%(units)s") % {
        "units": register.unit if count == 1 else register.units
    }


def _digits(change: CityChange) -> int:
    """Return the digits of the parts, all written alike so that they can be added up."""
    if change.parts is None:
        return DIGITS
    return change_digits(change.parts.total[:, change.compared.tree.leaves] * change.compared.scale)


def _figure(change: CityChange, query: str) -> Figure | None:
    leaves = [leaf for leaf in change.leaves[:CHART_ROWS] if leaf.total]
    if not leaves:
        return None
    digits = _digits(change)
    names = distinct_names_by_pk([part.node for root in change.tree for part in root.and_below()])
    title = _("“%(name)s” changes the score most, by %(change)s") % {
        "name": names[leaves[0].node.pk],
        "change": signed(leaves[0].total * change.compared.scale, digits),
    }
    subtitle = _(
        "what each indicator adds to the change of the score, in %(unit)s; the %(count)s largest"
    ) % {
        "unit": score_unit(change.runs[0].method),
        "count": len(leaves),
    }
    branches = {leaf.node.pk: root.node.name for root in change.tree for leaf in root.and_below()}
    values = ""
    if _has_values(change):
        values = _("through the values (%(cause)s)") % {"cause": values_word(_pair(change))}
    parts = [
        charts.Contribution(
            names[leaf.node.pk],
            branches[leaf.node.pk],
            leaf.through_weights * change.compared.scale,
            leaf.through_values * change.compared.scale,
        )
        for leaf in sorted(leaves, key=lambda leaf: -leaf.total)
    ]
    spec = charts.contribution_chart(
        parts,
        values=values,
        title=f"{change.city.name}: {title}",
        subtitle=subtitle,
        source=source_of(list(change.runs)),
    )
    picture = reverse("indexer:city-change-picture", args=[change.city.pk, "svg"])
    rows = [
        {
            "name": part.name,
            "branch": part.branch,
            "through_weights": signed(part.through_weights, digits),
            "through_values": signed(part.through_values, digits) if values else "",
            "total": signed(part.total, digits),
        }
        for part in parts
    ]
    return Figure(title, subtitle, spec, rows, image_url=f"{picture}?{query}")


def _tree(change: CityChange) -> list[dict[str, Any]]:
    """Return the tree as the page opens it, branch by branch."""
    if not change.tree:
        return []
    scale = change.compared.scale
    widest = max(abs(branch.total) for branch in change.branches) * scale
    lines = [_line(branch, widest or 1.0, _digits(change), scale) for branch in change.tree]
    # The sub-index that matters most stands open.
    most = max(range(len(lines)), key=lambda place: abs(change.tree[place].total))
    lines[most]["is_open"] = True
    return lines


def _line(branch: NodeChange, widest: float, digits: int, scale: float) -> dict[str, Any]:
    return {
        "node": branch.node,
        "local": _weights(branch.local, branch, 2),
        "global": _weights(branch.global_, branch, 3),
        "values": [signed(value * scale, DIGITS, plus=False) for value in branch.values],
        "through_values": signed(branch.through_values * scale, digits),
        "bar": diverging(branch.total * scale, widest, digits),
        "children": [_line(child, widest, digits, scale) for child in branch.children],
    }


def _weights(weights: Sequence[float], branch: NodeChange, digits: int) -> list[str]:
    """Write the weights of both sides; – where a framework does not have the node."""
    return [
        f"{weight * PERCENT:.{digits}f}" if there else "–"
        for weight, there in zip(weights, branch.is_there, strict=True)
    ]


def _passings(change: CityChange) -> list[dict[str, Any]]:
    """Return who changed sides with the unit, those it passed first."""
    words = {"unit": change.compared.cities.register.unit}
    lists = [
        (_("Passed by this %(unit)s") % words, change.passed, _("It passed nobody.")),
        (_("Passed this %(unit)s") % words, change.passed_by, _("Nobody passed it.")),
    ]
    change.compared.cities.foresee([p for _title, positions, _none in lists for p in positions[:SHOWN]])
    return [
        {
            "title": title,
            "count": len(positions),
            "rest": len(positions) - SHOWN,
            "none": none,
            "rows": [
                {
                    "city": change.compared.cities[p],
                    "ranks": change.compared.ranks[p, [0, change.place]].tolist(),
                }
                for p in positions[:SHOWN]
            ],
        }
        for title, positions, none in lists
    ]


def _versions(change: CityChange, names: list[str]) -> list[dict[str, Any]]:
    """Return the unit's rank under every version of the comparison; none for a pair."""
    compared = change.compared
    if len(compared.runs) == 2:
        return []
    query = _runs_query(compared)
    return [
        {
            "number": position + 1,
            "name": name,
            "rank": int(compared.ranks[change.position, position]),
            "shift": int(compared.shifts[change.position, position]),
            "url": f"?{query}&to={compared.runs[position].pk}" if position else "",
            "is_shown": position == change.place,
        }
        for position, name in enumerate(names)
    ]


def _headings() -> list[Heading]:
    return [
        Heading("indicator", _("Code of the indicator")),
        Heading("parent", _("Code of its parent")),
        Heading("name_zh", _("Indicator (Chinese)")),
        Heading("name_en", _("Indicator (English)")),
        Heading("local_before", _("Local weight before")),
        Heading("local_after", _("Local weight after")),
        Heading("global_before", _("Global weight before")),
        Heading("global_after", _("Global weight after")),
        Heading("score_before", _("Score before")),
        Heading("score_after", _("Score after")),
        Heading("through_weights", _("Change through the weights")),
        Heading("through_values", _("Change through the values")),
        Heading("change", _("Adds to the change")),
    ]


def _file_rows(branches: list[NodeChange], scale: float) -> Iterator[list[object]]:
    for branch in branches:
        node = branch.node
        yield [
            node.code,
            node.parent.code if node.parent else "",
            node.name_zh,
            node.name_en,
            *_known(branch.local, branch),
            *_known(branch.global_, branch),
            *(number_or_none(value * scale) for value in branch.values),
            branch.through_weights * scale,
            branch.through_values * scale,
            branch.total * scale,
        ]


def _known(weights: Sequence[float], branch: NodeChange) -> Iterator[float | None]:
    for weight, there in zip(weights, branch.is_there, strict=True):
        yield weight if there else None
