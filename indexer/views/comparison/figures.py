"""The figures of a comparison: for the page, and as files."""

import numpy as np
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer import charts
from indexer.forms.comparison import FigureOptions
from indexer.numeric.comparison.score_change import ChangeParts
from indexer.selectors.comparison import WEIGHT_TOLERANCE, Comparison
from indexer.selectors.runs import PERCENT
from indexer.views.comparison.table import change_digits, change_parts
from indexer.views.comparison.words import whose
from indexer.views.shared.run_names import FEW, short_names, source_of
from indexer.views.shared.ties import and_more, largest_of
from indexer.words import score_unit
from weighting.drawing import Figure
from weighting.views.numbers import signed

ROWS = 20


def figures_of(compared: Comparison, options: FigureOptions) -> dict[str, Figure]:
    """Return the figures that make sense for the versions, by name, each with its table."""
    figures = {"weights": _weights(compared)}
    if compared.moved:
        figures["ranks"] = _ranks(compared) if _is_pair(compared) else _bump(compared, options)
    if compared.flows[:, :, ~np.eye(len(compared.band_limits) + 1, dtype=bool)].any():
        figures["flow"] = _flow(compared)
    has_changed = np.abs(compared.score_changes).max() > WEIGHT_TOLERANCE
    if _is_pair(compared) and compared.change is not None and has_changed:
        figures["scores"] = _scores(compared, compared.change)
    return figures


def drawn_figures(compared: Comparison, options: FigureOptions, query: str) -> dict[str, Figure]:
    """Return the figures with the addresses of their pictures; ``query`` asks for the same comparison."""
    return {
        name: figure.drawn_at(f"{reverse('indexer:comparison-picture', args=[name, 'svg'])}?{query}")
        for name, figure in figures_of(compared, options).items()
    }


def _is_pair(compared: Comparison) -> bool:
    return len(compared.runs) == 2


def _weights(compared: Comparison) -> Figure:
    labels = short_names(compared.runs)
    percents = compared.weights[compared.sub_positions] * PERCENT
    gaps = np.ptp(percents, axis=1)
    widest = largest_of(gaps)
    if gaps.max() > WEIGHT_TOLERANCE * PERCENT:
        title = _("Weights differ most in %(name)s: by %(gap)s percentage points") % {
            "name": and_more(compared.sub_indices[widest[0]].name, len(widest) - 1),
            "gap": f"{gaps.max():.2f}",
        }
    else:
        title = _("All versions weigh the sub-indices alike")
    subtitle = _("weights of the sub-indices, %")
    bars = [
        charts.NodeWeight(version=label, name=node.name, percent=float(percent))
        for node, row in zip(compared.sub_indices, percents, strict=True)
        for label, percent in zip(labels, row, strict=True)
    ]
    rows = [
        {"name": node.name, "weights": [f"{p:.2f}" for p in row], "gap": signed(float(row[-1] - row[0]), 2)}
        for node, row in zip(compared.sub_indices, percents, strict=True)
    ]
    caption = _caption(compared, title, subtitle)
    if len(labels) > FEW:
        spec = charts.weight_ticks_chart(bars, labels[0], **caption)
    else:
        spec = charts.weights_chart(bars, **caption)
    return Figure(title, subtitle, spec, rows, labels)


def _caption(compared: Comparison, title: str, subtitle: str) -> dict[str, str]:
    return {"title": title, "subtitle": subtitle, "source": source_of(compared.runs)}


def _ranks(compared: Comparison) -> Figure:
    shifts = compared.largest_shifts
    before, after = (result.ranks for result in compared.results)
    order = np.lexsort((after, -np.abs(shifts)))[:ROWS]
    chosen = [p for p in order.tolist() if shifts[p]]
    compared.cities.foresee(chosen)
    title = _who_moves(compared)
    subtitle = _("places gained or lost, the %(count)s %(units)s that move most; beside them the ranks") % {
        "count": len(chosen),
        "units": compared.cities.register.units,
    }
    moves = [charts.RankMove(compared.cities[p].name, int(before[p]), int(after[p])) for p in chosen]
    caption = _caption(compared, title, subtitle)
    spec = charts.rank_shift_chart(moves, unit_word=compared.cities.register.unit, limit=ROWS, **caption)
    return Figure(title, subtitle, spec, moves)


def _who_moves(compared: Comparison) -> str:
    """Say who rises and who falls furthest; where ties part or form, only one side may move."""
    shifts = compared.largest_shifts
    words = {
        "rising": whose(compared, shifts == shifts.max()),
        "falling": whose(compared, shifts == shifts.min()),
    }
    if shifts.min() >= 0:
        return _("Furthest up: %(rising)s; nobody falls") % words
    if shifts.max() <= 0:
        return _("Furthest down: %(falling)s; nobody rises") % words
    return _("Furthest up: %(rising)s; furthest down: %(falling)s") % words


def _scores(compared: Comparison, change: ChangeParts) -> Figure:
    split = change_parts(compared, change)
    names, parts = list(split.parts.values()), split.amounts * compared.scale
    most = int(np.abs(parts).sum(axis=0).argmax())
    title = _("%(name)s moves the scores most") % {"name": capfirst(names[most])}
    subtitle = _("change of the score and what each sub-index adds to it, in %(unit)s") % {
        "unit": score_unit(compared.runs[0].method)
    }
    chosen = np.argsort(-np.abs(compared.score_changes), kind="stable")[:ROWS].tolist()
    compared.cities.foresee(chosen)
    moves = [
        charts.ScoreMove(compared.cities[p].name, dict(zip(names, parts[p].tolist(), strict=True)))
        for p in chosen
    ]
    digits = change_digits(compared.score_changes * compared.scale)
    rows = [
        {
            "name": compared.cities[p].name,
            "parts": [signed(part, digits) for part in parts[p]],
            "total": signed(float(compared.score_changes[p] * compared.scale), digits),
        }
        for p in chosen
    ]
    caption = _caption(compared, title, subtitle)
    spec = charts.score_shift_chart(moves, unit_word=compared.cities.register.unit, limit=ROWS, **caption)
    return Figure(title, subtitle, spec, rows, names)


def _bump(compared: Comparison, options: FigureOptions) -> Figure:
    labels = short_names(compared.runs)
    first = np.argsort(compared.results[0].ranks, kind="stable")[: options.lines].tolist()
    chosen = [*first, *(p for p in options.marked if p not in first)]
    compared.cities.foresee(chosen)
    lines = [
        charts.RankLine(compared.cities[p].name, compared.ranks[p].tolist(), marked=p in options.marked)
        for p in chosen
    ]
    moved = sum(len(set(line.ranks)) > 1 for line in lines[: len(first)])
    register = compared.cities.register
    words = {"moved": moved, "count": len(first), "units": register.units}
    title = _("%(moved)s of the first %(count)s %(units)s change rank") % words
    subtitle = _("rank under each version, the first %(count)s %(units)s of the base") % words
    if options.marked:
        subtitle = _("%(what)s, and those marked") % {"what": subtitle}
    caption = _caption(compared, title, subtitle)
    spec = charts.bump_chart(lines, labels, unit_word=register.unit, **caption)
    rows = [(line.name, *map(str, line.ranks)) for line in lines]
    return Figure(title, subtitle, spec, rows, labels)


def _flow(compared: Comparison) -> Figure:
    labels, bands = short_names(compared.runs), _band_names(compared)
    counts = compared.flows
    leave = int(sum(counts[0, 0].sum(axis=0)) - (compared.ranks.max(axis=1) <= compared.band_limits[0]).sum())
    top = int(compared.band_limits[0])
    register = compared.cities.register
    words = {"leave": leave, "top": top, "unit": register.unit, "units": register.units}
    if leave:
        title = (
            _("%(leave)s of the first %(top)s %(units)s leave the first %(top)s under some version") % words
        )
    else:
        title = _("No %(unit)s leaves the first %(top)s under any version") % words
    subtitle = (
        _("%(units)s that go from one band of ranks to another, coloured by their band under the base")
        % words
    )
    flows = [
        charts.Flow(step, origin, before, after, int(counts[step, origin, before, after]))
        for step, origin, before, after in np.argwhere(counts).tolist()
    ]
    rows = [
        (f"{labels[step]} → {labels[step + 1]}", bands[before], bands[after], str(total[before, after]))
        for step, total in enumerate(counts.sum(axis=1))
        for before, after in np.argwhere(total).tolist()
    ]
    caption = _caption(compared, title, subtitle)
    spec = charts.rank_flow_chart(flows, bands, labels, units_word=register.units, **caption)
    return Figure(title, subtitle, spec, rows)


def _band_names(compared: Comparison) -> list[str]:
    starts = [1, *(compared.band_limits + 1).tolist()]
    ends = [*compared.band_limits.tolist(), len(compared.cities)]
    return [f"{start}–{end}" if end > start else str(end) for start, end in zip(starts, ends, strict=True)]
