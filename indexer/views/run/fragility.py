"""Which neighbours of a ranking change places most easily, as a page and as a file."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.models import Run
from indexer.selectors.cities import BLOCK
from indexer.selectors.fragility import Fragility, NotLinear, PairFragility, fragility_of
from indexer.selectors.run_facts import lack_of_run_facts
from indexer.selectors.runs import PERCENT
from indexer.views.shared.exports import run_facts
from indexer.views.shared.facts_lack import answer_lack_of_run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.tables import CityTable, Column, cut_table, render_part
from indexer.views.shared.unranked import unranked_rows_of
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import Figure
from weighting.exports import Fact, Heading
from weighting.models import Indicator
from weighting.permissions import ANYONE, audience
from weighting.requests import asks_for_part
from weighting.selectors.frameworks import sub_indices_of
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import signed

# A change that no panel could be sure of.
SMALL = 0.01
CHART_PAIRS = 1000
TABLE_PAIRS = 20


@audience(ANYONE)
@require_safe
def run_fragility(request: HttpRequest, pk: int) -> HttpResponse:
    """Show all neighbours, those that change places most easily first."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def fragility_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with all neighbours as a file."""
    run = finished_run(request, pk)
    if lacking := answer_lack_of_run_facts(request, run, "run-fragility"):
        return lacking
    try:
        fragility = fragility_of(run)
    except NotLinear:
        raise Http404 from None
    name = f"fragility-{run.pk}"
    return table_answer(
        asked_format(request), name, _headings(fragility), _file_rows(fragility), solved_facts(run, fragility)
    )


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    if lacking := answer_lack_of_run_facts(request, run, "run-fragility"):
        return lacking
    context = run_context(request, run, "run-fragility") | {"unranked": unranked_rows_of(run)}
    try:
        fragility = fragility_of(run)
    except NotLinear:
        return render(request, "indexer/run/fragility_none.html", context)
    table = _cut(request, fragility)
    fragility.cities.load(np.unique(fragility.changes.pairs[table.positions]).tolist())
    context |= {
        "table": table,
        "register": table.register,
        "rows": [_row(fragility, pair) for pair in table.positions],
    }
    if not asks_for_part(request):
        context |= {
            "title": _finding(fragility),
            "stats": _statistics(fragility),
            "saves": save_links(reverse("indexer:run-fragility-export", args=[run.pk])),
            "figure": _figure(fragility),
            "unsolved": unsolved_words(fragility.unsolved),
            "untold": unsolved_words(fragility.untold),
        }
    return render_part(request, "indexer/run/fragility.html", "indexer/run/_fragility_table.html", context)


def _cut(request: HttpRequest, fragility: Fragility) -> CityTable:
    changes = fragility.changes
    columns = [
        Column("change", _("Smallest change"), fragility.sizes, unit=_("percentage points")),
        Column("rank", _("Rank"), fragility.upper_ranks),
        Column("gap", _("Gap of the scores"), changes.gaps, unit=score_unit(fragility.run.method)),
        Column("choices", _("Weights that can"), changes.choices, falling_first=True),
    ]
    return cut_table(request, fragility.cities, columns, first="change", lines=changes.pairs)


def fragile_rows(fragility: Fragility, count: int) -> list[dict[str, Any]]:
    """Return the pairs that the smallest changes turn round; none that no single weight can."""
    known = np.flatnonzero(fragility.changes.nodes >= 0)
    order = known[np.argsort(fragility.sizes[known], kind="stable")][:count]
    fragility.cities.foresee(np.unique(fragility.changes.pairs[order]).tolist())
    return [_row(fragility, pair) for pair in order.tolist()]


def _row(fragility: Fragility, pair: int) -> dict[str, Any]:
    upper, lower = fragility.changes.pairs[pair].tolist()
    weights, node = fragility.weights_of(pair), fragility.node_of(pair)
    branch = fragility.branch_of(pair)
    return {
        "rank": int(fragility.ranks[upper]),
        "upper": fragility.cities[upper],
        "lower": fragility.cities[lower],
        "is_tied": bool(fragility.ranks[upper] == fragility.ranks[lower]),
        "gap": figures(float(fragility.changes.gaps[pair]) * fragility.run.method.scale),
        "node": node,
        "branch": branch if branch is not node else None,
        "weights": two_weights(*weights) if weights else None,
        "change": signed_points(float(fragility.changes.deltas[pair]) * PERCENT),
        "choices": int(fragility.changes.choices[pair]),
    }


def unsolved_words(unsolved: Sequence[Indicator]) -> str:
    """Name the indicators whose weights were not solved for; empty where all were."""
    return _(", ").join(node.name for node in unsolved)


def solved_facts(run: Run, found: Fragility | PairFragility) -> list[Fact]:
    """Return the facts of a run, and the indicators whose weights were not solved for."""
    codes = " ".join(node.code for node in (*found.unsolved, *found.untold))
    unsolved = [Fact("not_solved", _("Indicators whose weights were not solved for"), codes)] if codes else []
    return [*run_facts(run), *unsolved]


def two_weights(before: float, after: float) -> list[str]:
    """Write two weights in percent with the digits that tell them apart."""
    change = abs(after - before) * PERCENT
    digits = 2 if not change else int(np.clip(1 - np.floor(np.log10(change)), 2, 9))
    return [signed(weight * PERCENT, digits, plus=False) for weight in (before, after)]


def figures(value: float) -> str:
    """Write a number of any size with three figures."""
    if not value:
        return "0"
    return f"{value:.{min(9, max(0, 2 - int(np.floor(np.log10(abs(value))))))}f}".replace("-", "−")


def signed_points(value: float) -> str:
    """Write a change with three figures and its sign; – where there is none."""
    if np.isnan(value):
        return "–"
    text = figures(value)
    return text if value <= 0 else f"+{text}"


def _finding(fragility: Fragility) -> str:
    if not fragility.count:
        return _("A single %(unit)s has no neighbour") % {"unit": fragility.cities.register.unit}
    words = {"count": fragility.count, "within": fragility.within(SMALL)}
    if words["within"]:
        return (
            ngettext(
                "%(within)s of %(count)s pairs of neighbours changes places when one weight moves by a "
                "percentage point",
                "%(within)s of %(count)s pairs of neighbours change places when one weight moves by a "
                "percentage point",
                words["within"],
            )
            % words
        )
    return _("No neighbours change places when one weight moves by a percentage point")


def _statistics(fragility: Fragility) -> list[dict[str, str]]:
    known = fragility.sizes[~np.isnan(fragility.sizes)] * PERCENT
    return [
        {
            "label": _("Turned by 1 percentage point"),
            "value": str(fragility.within(SMALL)),
            "note": ngettext(
                "of %(count)s pair of neighbours", "of %(count)s pairs of neighbours", fragility.count
            )
            % {"count": fragility.count},
        },
        {
            "label": _("Turned by a tenth of a point"),
            "value": str(fragility.within(SMALL / 10)),
            "note": _("%(count)s of them tie already") % {"count": fragility.tied} if fragility.tied else "",
        },
        {
            "label": _("Median of the smallest changes"),
            "value": figures(float(np.median(known))) if len(known) else "–",
            "unit": _("percentage points"),
        },
        {
            "label": _("No single weight can"),
            "value": str(fragility.unmoved),
            "note": _("not even a weight of nought or all") if fragility.unmoved else "",
        },
    ]


def _figure(fragility: Fragility) -> Figure | None:
    """Draw the first thousand pairs that a single weight can turn round."""
    pairs = [pair for pair in range(min(fragility.count, CHART_PAIRS)) if fragility.changes.nodes[pair] >= 0]
    if not pairs:
        return None
    fragility.cities.load(np.unique(fragility.changes.pairs[pairs]).tolist())
    rows = [_row(fragility, pair) for pair in pairs]
    dots = [
        charts.PairDot(
            rank=row["rank"],
            pair=f"{row['upper'].name} · {row['lower'].name}",
            indicator=row["node"].name,
            branch=(row["branch"] or row["node"]).name,
            points=float(fragility.sizes[pair] * PERCENT),
            weights=" → ".join(row["weights"]),
        )
        for pair, row in zip(pairs, rows, strict=True)
    ]
    first = min(pairs, key=lambda pair: fragility.sizes[pair])
    weakest = rows[pairs.index(first)]
    title = _("%(upper)s and %(lower)s change places most easily: “%(indicator)s” by %(points)s points") % {
        "upper": weakest["upper"].name,
        "lower": weakest["lower"].name,
        "indicator": weakest["node"].name,
        "points": weakest["change"],
    }
    subtitle = _("smallest change of one local weight that ties two neighbours, by sub-index of the weight")
    source = f"{data_set_name(fragility.run.data_set)} · {version_name(fragility.run)}"
    branches = [node.name for node in sub_indices_of(fragility.nodes)]
    register = fragility.cities.register
    spec = charts.fragility_chart(
        dots,
        branches,
        unit_word=register.unit,
        units_word=register.units,
        title=title,
        subtitle=subtitle,
        source=source,
    )
    order = sorted(range(len(pairs)), key=lambda place: dots[place].points)[:TABLE_PAIRS]
    picture = reverse("indexer:run-picture", args=[fragility.run.pk, "fragility", "svg"])
    return Figure(title, subtitle, spec, [rows[place] for place in order], image_url=picture)


def fragility_figure(run: Run) -> charts.Spec | None:
    """Return the figure for a picture; None where there is nothing to draw."""
    if lack_of_run_facts(run):
        return None
    try:
        figure = _figure(fragility_of(run))
    except NotLinear:
        return None
    return figure.spec if figure else None


def _headings(fragility: Fragility) -> list[Heading]:
    words = {"unit": fragility.cities.register.unit}
    return [
        Heading("rank", _("Rank")),
        Heading("upper_zh", _("Better %(unit)s (Chinese)") % words),
        Heading("upper_en", _("Better %(unit)s (English)") % words),
        Heading("upper_code", _("Better %(unit)s (code)") % words),
        Heading("lower_zh", _("Next %(unit)s (Chinese)") % words),
        Heading("lower_en", _("Next %(unit)s (English)") % words),
        Heading("lower_code", _("Next %(unit)s (code)") % words),
        Heading("gap", _("Gap of the scores")),
        Heading("indicator", _("Code of the indicator")),
        Heading("indicator_name", _("Indicator")),
        Heading("local_before", _("Local weight")),
        Heading("local_after", _("Local weight that ties them")),
        Heading("change", _("Smallest change")),
        Heading("choices", _("Weights that can")),
        Heading("residual", _("Gap that is left")),
    ]


def _file_rows(fragility: Fragility) -> Iterator[list[object]]:
    changes, scale = fragility.changes, fragility.run.method.scale
    for pair, (upper, lower) in enumerate(changes.pairs.tolist()):
        if pair % BLOCK == 0:
            fragility.cities.load(np.unique(changes.pairs[pair : pair + BLOCK]).tolist())
        better, following = fragility.cities[upper], fragility.cities[lower]
        node, weights = fragility.node_of(pair), fragility.weights_of(pair)
        yield [
            int(fragility.ranks[upper]),
            better.name_zh,
            better.name_en,
            better.code,
            following.name_zh,
            following.name_en,
            following.code,
            float(changes.gaps[pair]) * scale,
            node.code if node else None,
            node.name if node else None,
            *(weights or (None, None)),
            float(changes.deltas[pair]),
            int(changes.choices[pair]),
            float(changes.residuals[pair]) * scale,
        ]
