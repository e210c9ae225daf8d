"""The figures that every study of ranks has: intervals, the heat map of ranks, and the shifts."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.charts import studies as charts
from indexer.numeric.scores.rank_bands import Bands
from indexer.selectors.studies import StudyResult
from indexer.studies.kind import StudyFigure
from indexer.studies.words import percent
from weighting.numeric.arrays import IntArray

ROWS = 20
HEAT_ROWS, HEAT_RANKS = 30, 60
BINS = 40


def leading(result: StudyResult, count: int) -> list[int]:
    """Return the first units of the ranking, fetched together."""
    order: list[int] = np.argsort(result.figures["nominal"], kind="stable")[:count].tolist()
    result.cities.foresee(order)
    return order


def intervals_figure(result: StudyResult, chosen: Sequence[int], source: str, cases: str) -> StudyFigure:
    """Draw the intervals of some units, in their order; ``cases`` names what ranks were counted in."""
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
        title = _("These %(units)s keep one rank in nine tenths of the %(cases)s") % {
            "units": register.units,
            "cases": cases,
        }
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
    return StudyFigure(
        title, subtitle, draw(rows, title=title, subtitle=subtitle, source=source), table, heads
    )


def heat_figure(result: StudyResult, source: str, cases: str) -> StudyFigure:
    """Shade how often each of the first units has each of the first ranks."""
    chosen, register = leading(result, HEAT_ROWS), result.cities.register
    counts, bands = result.counted(chosen), result.bands
    last = min(HEAT_RANKS, int(np.flatnonzero(counts.sum(axis=0)).max()) + 1)
    shares = counts[:, :last] / counts.sum(axis=1, keepdims=True)
    rows = [
        charts.RankShare(result.cities[p].name, rank + 1, float(100 * share))
        for p, line in zip(chosen, shares, strict=True)
        for rank, share in enumerate(line)
    ]
    surest = int(np.argmax(shares.max(axis=1)))
    title = _("%(city)s has rank %(rank)s in %(share)s of the %(cases)s") % {
        "cases": cases,
        "city": result.cities[chosen[surest]].name,
        "rank": int(np.argmax(shares[surest])) + 1,
        "share": percent(float(shares.max(axis=1)[surest])),
    }
    subtitle = _("share of the %(cases)s with each rank, first %(count)s %(units)s, ranks 1 to %(last)s") % {
        "cases": cases,
        "count": len(chosen),
        "units": register.units,
        "last": last,
    }
    heads = [capfirst(register.unit), _("Most frequent rank"), _share_word(cases), _("Ranks that occur")]
    table = [
        [
            result.cities[p].name,
            _rank_words(bands, int(line.argmax())),
            f"{100 * line.max() / line.sum():.1f}",
            f"{bands.firsts[np.flatnonzero(line)[0]]}–{bands.lasts[np.flatnonzero(line)[-1]]}",
        ]
        for p, line in zip(chosen, counts, strict=True)
    ]
    spec = charts.rank_heat_chart(
        rows,
        unit_word=register.unit,
        share_word=_share_word(cases),
        title=title,
        subtitle=subtitle,
        source=source,
    )
    return StudyFigure(title, subtitle, spec, table, heads)


def shifts_figure(result: StudyResult, source: str, cases: str) -> StudyFigure:
    """Draw R_S in equal bins; what is counted is the whole number behind it."""
    (seen, counts), size = _shifts_seen(result), len(result.cities)
    low, high = int(seen[0]), int(seen[-1])
    width = max(1, -(-(high - low + 1) // BINS))
    bins = [
        (start / size, (start + width) / size, float(100 * _between(seen, counts, start, start + width)))
        for start in range(low, high + 1, width)
    ]
    total = counts.sum()
    rows = [(start, end, share / total) for start, end, share in bins]
    summary = result.study.summary["r_s"]
    title = _(
        "On average the %(units)s move by %(mean)s places; in 90 %% of the %(cases)s by %(low)s to %(high)s"
    ) % {
        "cases": cases,
        "units": result.cities.register.units,
        "mean": f"{summary['mean']:.2f}",
        "low": f"{summary['q05']:.2f}",
        "high": f"{summary['q95']:.2f}",
    }
    if not high:
        title = _("No %(unit)s changes its rank") % {"unit": result.cities.register.unit}
    subtitle = _("mean rank shift against the nominal ranking, in places")
    heads = [_("Mean rank shift from"), _("Mean rank shift to"), _share_word(cases)]
    table = [[f"{start:.3f}", f"{end:.3f}", f"{share:.2f}"] for start, end, share in rows]
    spec = charts.shift_histogram(
        rows, share_word=_share_word(cases), title=title, subtitle=subtitle, source=source
    )
    return StudyFigure(title, subtitle, spec, table, heads)


def _share_word(cases: str) -> str:
    return _("%% of the %(cases)s") % {"cases": cases}


def _shifts_seen(result: StudyResult) -> tuple[IntArray, IntArray]:
    """Return the sums of shifts that were met, rising, and how often each."""
    if "shift_sums" in result.figures:
        seen, counts = np.unique(result.figures["shift_sums"], return_counts=True)
        return seen, counts
    shifts = result.figures["shifts"]
    seen = np.flatnonzero(shifts)
    return seen, shifts[seen]


def _between(seen: IntArray, counts: IntArray, low: int, high: int) -> int:
    first, last = np.searchsorted(seen, (low, high))
    return int(counts[first:last].sum())


def _rank_words(bands: Bands, band: int) -> object:
    """Name a rank, or the ranks of a band."""
    first, last = int(bands.firsts[band]), int(bands.lasts[band])
    return first if first == last else f"{first}–{last}"


def amounts_figure(
    rows: Sequence[charts.Amount],
    table: list[list[object]],
    heads: list[str],
    *,
    words: tuple[str, str, str, str],
    left: int = 1,
    texts: Sequence[int] = (),
) -> StudyFigure:
    """Draw a bar for each amount; ``words`` are title, subtitle, source and the unit of the amounts."""
    title, subtitle, source, unit = words
    spec = charts.amount_chart(rows, title=title, subtitle=subtitle, source=source, unit=unit)
    return StudyFigure(title, subtitle, spec, table, heads, left=left, texts=texts)
