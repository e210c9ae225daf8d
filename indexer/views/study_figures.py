"""The figures of a finished study, each with its table, for the page and as pictures."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.charts import studies as charts
from indexer.enums import StudyKind
from indexer.models import Study
from indexer.selectors.studies import StudyResult
from indexer.views.study_words import (
    group_name,
    output_words,
    percent,
    problem_words,
    study_source,
    variant_words,
)
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray
from weighting.selectors.frameworks import distinct_names

ROWS = 20
HEAT_ROWS, HEAT_RANKS = 30, 60
BINS = 40
# Bands of ranks in which acceptability is stacked: up to and with each.
BANDS = (1, 2, 3, 10, 50)


def figures_of(result: StudyResult, nodes: list[Indicator]) -> dict[str, dict[str, Any]]:
    """Return the figures of the study by name, in the order of the page."""
    match result.study.kind:
        case StudyKind.SOBOL:
            return {"sobol": _sobol(result, nodes)}
        case StudyKind.DROPPED:
            return {"movers": _movers(result)}
    figures = {"intervals": leading_intervals(result)}
    match result.study.kind:
        case StudyKind.LEFT_OUT:
            figures = {"left-out": _left_out(result, nodes)} | figures
        case StudyKind.VARIANTS:
            figures = {"variants": _variants(result)} | figures
        case StudyKind.SMAA:
            figures |= {"acceptability": _acceptability(result), "central": _central(result, nodes)}
    return figures | {"heat": _heat(result), "shifts": _shifts(result)}


def intervals_figure(result: StudyResult, chosen: Sequence[int]) -> dict[str, Any]:
    """Draw the intervals of some cities, in their order."""
    figures = result.figures
    rows = [
        charts.RankInterval(
            name=result.cities[p].name,
            nominal=int(figures["nominal"][p]),
            **{name: float(figures[name][p]) for name in ("q05", "q25", "median", "q75", "q95")},
        )
        for p in chosen
    ]
    register = result.cities.register
    widest = max(rows, key=lambda row: row.q95 - row.q05, default=None)
    if widest is None or widest.q95 == widest.q05:
        title = _("These %(units)s keep one rank in nine tenths of the draws") % {"units": register.units}
    else:
        title = _("%(city)s is the least certain of these: rank %(low)s to %(high)s") % {
            "city": widest.name,
            "low": f"{widest.q05:g}",
            "high": f"{widest.q95:g}",
        }
    heads = [capfirst(register.unit), _("Nominal rank"), "Q5", "Q25", _("Median"), "Q75", "Q95"]
    table = [[r.name, r.nominal, *(f"{v:g}" for v in (r.q05, r.q25, r.median, r.q75, r.q95))] for r in rows]
    subtitle = _("dot: nominal rank; dark bar: middle 50 %, light bar: middle 90 % of the ranks; gap: median")
    draw = partial(charts.interval_chart, unit_word=register.unit)
    return _figure(result, draw, rows, title, subtitle, heads, table)


def leading_intervals(result: StudyResult) -> dict[str, Any]:
    """Draw the intervals of the first cities of the ranking."""
    return intervals_figure(result, _leading(result, ROWS))


def _leading(result: StudyResult, count: int) -> list[int]:
    order: list[int] = np.argsort(result.figures["nominal"], kind="stable")[:count].tolist()
    return order


def _heat(result: StudyResult) -> dict[str, Any]:
    chosen = _leading(result, HEAT_ROWS)
    counts = result.histogram[chosen]
    last = min(HEAT_RANKS, int(np.flatnonzero(counts.sum(axis=0)).max()) + 1)
    shares = counts[:, :last] / counts.sum(axis=1, keepdims=True)
    rows = [
        charts.RankShare(result.cities[p].name, rank + 1, float(100 * share))
        for p, line in zip(chosen, shares, strict=True)
        for rank, share in enumerate(line)
    ]
    surest = int(np.argmax(shares.max(axis=1)))
    title = _("%(city)s has one rank in %(share)s of the draws") % {
        "city": result.cities[chosen[surest]].name,
        "share": percent(float(shares.max(axis=1)[surest])),
    }
    subtitle = _("share of the draws with each rank, first %(count)s cities, ranks 1 to %(last)s") % {
        "count": len(chosen),
        "last": last,
    }
    heads = [_("City"), _("Most frequent rank"), _("% of the draws"), _("Ranks that occur")]
    table = [
        [
            result.cities[p].name,
            int(line.argmax()) + 1,
            f"{100 * line.max() / line.sum():.1f}",
            f"{np.flatnonzero(line)[0] + 1}–{np.flatnonzero(line)[-1] + 1}",
        ]
        for p, line in zip(chosen, counts, strict=True)
    ]
    return _figure(result, charts.rank_heat_chart, rows, title, subtitle, heads, table)


def _shifts(result: StudyResult) -> dict[str, Any]:
    """Draw R_S in equal bins; what is counted is the whole number behind it."""
    counts, cities = result.figures["shifts"], len(result.cities)
    seen = np.flatnonzero(counts)
    low, high = int(seen[0]), int(seen[-1])
    width = max(1, -(-(high - low + 1) // BINS))
    bins = [
        (start / cities, (start + width) / cities, float(100 * counts[start : start + width].sum()))
        for start in range(low, high + 1, width)
    ]
    total = counts.sum()
    rows = [(start, end, share / total) for start, end, share in bins]
    summary = result.study.summary["r_s"]
    title = _(
        "On average the cities move by %(mean)s places; in 90 %% of the draws by %(low)s to %(high)s"
    ) % {
        "mean": f"{summary['mean']:.2f}",
        "low": f"{summary['q05']:.2f}",
        "high": f"{summary['q95']:.2f}",
    }
    subtitle = _("average absolute rank shift R_S against the nominal ranking, in places")
    heads = [_("R_S from"), _("R_S to"), _("% of the draws")]
    table = [[f"{start:.3f}", f"{end:.3f}", f"{share:.2f}"] for start, end, share in rows]
    return _figure(result, charts.shift_histogram, rows, title, subtitle, heads, table)


def _left_out(result: StudyResult, nodes: list[Indicator]) -> dict[str, Any]:
    cases, nominal = result.figures["cases"], result.figures["nominal"]
    shifts = np.abs(cases - nominal[:, np.newaxis])
    means = shifts.mean(axis=0)
    order = np.argsort(-means, kind="stable").tolist()
    left = [nodes[node] for node in result.figures["case_nodes"]]
    names = distinct_names(nodes)
    rows = [charts.Amount(names[left[case].code], float(means[case])) for case in order[:ROWS]]
    title = _("“%(name)s” carries most of the order") % {"name": rows[0].name}
    subtitle = _(
        "average absolute rank shift when the indicator is left out, in places; the %(count)s largest"
    )
    heads = [
        _("Left out"),
        _("Part of"),
        _("R_S, places"),
        _("Cities that move"),
        _("Moves most"),
        _("Places"),
    ]
    table = []
    for case in order:
        mover, parent = int(shifts[:, case].argmax()), left[case].parent
        table.append(
            [
                left[case].name,
                parent.name if parent else "–",
                f"{means[case]:.3f}",
                int((shifts[:, case] > 0).sum()),
                result.cities[mover].name,
                _signed(int(nominal[mover] - cases[mover, case])),
            ]
        )
    figure = _amounts(result, rows, title, subtitle % {"count": len(rows)}, heads, table)
    return figure | {"left": 2, "texts": (4,)}


def _variants(result: StudyResult) -> dict[str, Any]:
    variants = result.study.summary["variants"]
    counted = sorted((v for v in variants if not v["problem"]), key=lambda v: -v["r_s"]["mean"])
    rows = [
        charts.Amount(variant_words(v, result.study), v["r_s"]["mean"], v["r_s"]["q05"], v["r_s"]["q95"])
        for v in counted
    ]
    still = min(counted, key=lambda v: v["r_s"]["mean"])
    title = _("“%(variant)s” stays nearest to the ranking") % {"variant": variant_words(still, result.study)}
    subtitle = _(
        "average absolute rank shift R_S against the ranking, in places; bar: mean, line: middle 90 %"
    )
    heads = [_("Combination"), _("First city"), _("R_S, own weights"), _("R_S, mean of draws"), "Q5", "Q95"]
    table = [
        [
            variant_words(v, result.study),
            result.cities[v["first"]].name,
            f"{v['nominal_r_s']:.3f}",
            *(f"{v['r_s'][name]:.3f}" for name in ("mean", "q05", "q95")),
        ]
        for v in counted
    ]
    figure = _amounts(result, rows, title, subtitle, heads, table)
    return figure | {"left": 2, "problems": _not_counted(variants, result.study)}


def _not_counted(variants: Sequence[Mapping[str, Any]], study: Study) -> list[str]:
    """Say which combinations are left out and why; those that are the same as another, together."""
    problems = [
        _("%(variant)s: %(reason)s")
        % {"variant": variant_words(variant, study), "reason": problem_words(variant, study)}
        for variant in variants
        if variant["problem"] not in ("", "no_gaps")
    ]
    if same := sum(variant["problem"] == "no_gaps" for variant in variants):
        sentence = ngettext(
            "No value is missing, so %(count)s combination is the same as one that is counted.",
            "No value is missing, so %(count)s combinations are the same as one that is counted.",
            same,
        )
        problems.append(sentence % {"count": same})
    return problems


def _acceptability(result: StudyResult) -> dict[str, Any]:
    """Stack the bands of ranks of the cities that are ever first, the most often first on top."""
    histogram, firsts = result.histogram, result.figures["top1"]
    order = np.lexsort((result.figures["nominal"], -firsts))[:ROWS].tolist()
    edges = [0, *(band for band in BANDS if band < len(firsts)), len(firsts)]
    names = [f"{low + 1}" if low + 1 == high else f"{low + 1}–{high}" for low, high in _pairs(edges)]
    shares = np.stack(
        [histogram[order, low:high].sum(axis=1) for low, high in _pairs(edges)], axis=1
    ) / histogram[order].sum(axis=1, keepdims=True)
    rows = [
        charts.Amount(result.cities[p].name, float(100 * share), part=name)
        for p, line in zip(order, shares, strict=True)
        for name, share in zip(names, line, strict=True)
    ]
    count = int((firsts > 0).sum())
    title = _("%(count)s of %(total)s cities are first under some weights") % {
        "count": count,
        "total": len(firsts),
    }
    subtitle = _("rank acceptability: % of the weights under which a city has a rank of each band")
    heads = [_("City"), *names]
    table = [
        [result.cities[p].name, *(f"{100 * share:.2f}" for share in line)]
        for p, line in zip(order, shares, strict=True)
    ]
    return _figure(result, charts.acceptability_chart, rows, title, subtitle, heads, table)


def _central(result: StudyResult, nodes: list[Indicator]) -> dict[str, Any]:
    """List the weights of the sub-indices that favour each city which is ever first; no drawing."""
    central, firsts = result.figures["central"], result.figures["top1"]
    roots = [node for node in nodes if node.parent_id is None]
    order = [p for p in np.argsort(-firsts, kind="stable").tolist() if firsts[p] > 0][:ROWS]
    heads = [_("City"), _("First in % of the weights"), *(node.name for node in roots), _("Rank under these")]
    table = [
        [
            result.cities[p].name,
            f"{100 * firsts[p]:.2f}",
            *(f"{100 * central[p, node.position]:.1f}" for node in roots),
            int(result.figures["central_rank"][p]),
        ]
        for p in order
    ]
    return {
        "title": _("The weights that favour each city"),
        "subtitle": _("central weights: mean weights of the sub-indices, %, under which the city is first"),
        "spec": None,
        "heads": heads,
        "rows": table,
        "left": 1,
    }


def _sobol(result: StudyResult, nodes: list[Indicator]) -> dict[str, Any]:
    figures = result.figures
    shown = [g for g in np.argsort(-figures["total"], kind="stable").tolist() if figures["sizes"][g] > 1]
    alone, together = _("first order (alone)"), _("total order (with interactions)")
    rows = []
    for g in shown[:ROWS]:
        name = group_name(nodes, int(figures["heads"][g]))
        for part, kind in ((alone, "first"), (together, "total")):
            low, high = figures[f"{kind}_interval"][g].tolist()
            rows.append(charts.Amount(name, float(figures[kind][g]), low, high, part))
    title = _("Alone the groups account for %(share)s of the variance of %(output)s") % {
        "share": percent(float(np.clip(figures["first"].sum(), 0, 1))),
        "output": output_words(result.study.parameters["output"]),
    }
    subtitle = _("Sobol indices of the weights of each group of siblings, with intervals of 95 %")
    heads = [_("Group of weights"), _("First order"), "95 %", _("Total order"), "95 %", _("Converged")]
    table = [
        [
            group_name(nodes, int(figures["heads"][g])),
            f"{figures['first'][g]:.3f}",
            _interval(figures["first_interval"][g]),
            f"{figures['total'][g]:.3f}",
            _interval(figures["total_interval"][g]),
            _("yes") if figures["converged"][g] else _("no: take more samples"),
        ]
        for g in shown
    ]
    return _figure(result, charts.sobol_chart, rows, title, subtitle, heads, table) | {"texts": (5,)}


def _movers(result: StudyResult) -> dict[str, Any]:
    figures = result.figures
    order = np.lexsort((figures["nominal"], -figures["movers"])).tolist()
    rows = [charts.Amount(result.cities[p].name, float(figures["movers"][p])) for p in order[:ROWS]]
    title = _("%(count)s cities change the order of others by leaving") % {
        "count": int((figures["movers"] > 0).sum())
    }
    subtitle = _(
        "cities that change places among those that remain when this one leaves; the %(count)s largest"
    )
    heads = [
        _("City that leaves"),
        _("Nominal rank"),
        _("Cities that move"),
        _("R_S, places"),
        _("Moves most"),
    ]
    table = []
    for p in order[:ROWS]:
        moved = figures["shifts_without"][:, p]
        mover = int(np.abs(moved).argmax())
        most = f"{result.cities[mover].name} {_signed(int(moved[mover]))}" if moved[mover] else "–"
        table.append(
            [
                result.cities[p].name,
                int(figures["nominal"][p]),
                int(figures["movers"][p]),
                f"{figures['r_s'][p]:.3f}",
                most,
            ]
        )
    unit = _("cities that change places")
    figure = _amounts(result, rows, title, subtitle % {"count": len(rows)}, heads, table, unit=unit)
    return figure | {"texts": (4,)}


def _amounts(
    result: StudyResult,
    rows: list[charts.Amount],
    title: str,
    subtitle: str,
    heads: list[str],
    table: list[list[Any]],
    *,
    unit: str = "",
) -> dict[str, Any]:
    spec = charts.amount_chart(
        rows,
        title=title,
        subtitle=subtitle,
        source=study_source(result.study),
        unit=unit or _("average absolute rank shift R_S, places"),
    )
    return {"title": title, "subtitle": subtitle, "spec": spec, "heads": heads, "rows": table, "left": 1}


def _figure(
    result: StudyResult,
    draw: Any,
    rows: Sequence[Any],
    title: str,
    subtitle: str,
    heads: list[str],
    table: list[list[Any]],
) -> dict[str, Any]:
    spec = draw(rows, title=title, subtitle=subtitle, source=study_source(result.study))
    return {"title": title, "subtitle": subtitle, "spec": spec, "heads": heads, "rows": table, "left": 1}


def _pairs(edges: list[int]) -> list[tuple[int, int]]:
    return [(low, high) for low, high in pairwise(edges) if low < high]


def _interval(limits: FloatArray) -> str:
    return f"{limits[0]:.3f} – {limits[1]:.3f}"


def _signed(places: int) -> str:
    return f"{places:+d}".replace("-", "−") if places else "0"
