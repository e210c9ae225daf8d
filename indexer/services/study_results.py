"""From a study's merged tally to what is kept of it: the histogram, the figures, and a summary."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from indexer.enums import StudyKind
from indexer.models import Study
from indexer.numeric.blocks import Tally, pack_arrays
from indexer.numeric.plans import SobolPlan, central_weights, counts_of
from indexer.numeric.sobol import sobol_indices
from indexer.numeric.uncertainty import (
    Index,
    RankCounts,
    group_indistinct,
    many_ranks,
    probability_in_top,
    summarise_ranks,
    summarise_shifts,
)
from indexer.selectors.study_plans import (
    Base,
    base_of,
    nodes_to_leave_out,
    plan_of,
    variant_indices,
)
from weighting.numeric.arrays import FloatArray

TOPS = (1, 3, 10, 50, 100)
QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


@dataclass(frozen=True, eq=False)
class Result:
    """What a finished study keeps; a study that ranks nothing has no histogram."""

    histogram: bytes | None
    table: bytes
    summary: dict[str, Any]


def result_of(study: Study, tally: Tally) -> Result:
    """Work out what is kept; raises `ValueError` where the tally has no answer."""
    base = base_of(study.run)
    match study.kind:
        case StudyKind.SOBOL:
            return _sobol_result(study, base, tally)
        case StudyKind.DROPPED:
            return _dropped_result(base, tally)
    table, summary = _rank_figures(base, tally)
    match study.kind:
        case StudyKind.LEFT_OUT:
            nodes = nodes_to_leave_out(base.tree, study.parameters["nodes"])
            table |= {"cases": tally["ranks"], "case_nodes": nodes}
        case StudyKind.SMAA:
            table |= _central_figures(base.index, tally)
        case StudyKind.VARIANTS:
            summary["variants"] = _variant_figures(study, base, tally)
    return Result(pack_arrays({"histogram": tally["histogram"]}), pack_arrays(table), summary)


def _rank_figures(base: Base, tally: Tally) -> tuple[Tally, dict[str, Any]]:
    """Return the figures of each city, and those of all together."""
    counts, nominal = counts_of(tally), base.index.nominal_ranks
    ranks = summarise_ranks(counts)
    groups = group_indistinct(counts, nominal)
    tops = {f"top{k}": probability_in_top(counts, k) for k in TOPS}
    table = {"nominal": nominal, "group": groups, **asdict(ranks), **tops}
    # Sorted: in the order of the draws, those of the jackknife would be one for each expert.
    correlations = {name: np.sort(tally[name], axis=1) for name in ("spearman", "kendall")}
    table |= {"shifts": counts.shifts, **correlations}
    summary = {
        "r_s": asdict(summarise_shifts(counts)),
        "spearman": _spread(tally["spearman"]),
        "kendall": _spread(tally["kendall"]),
        "groups": int(groups.max()),
        "stays": _stays(counts, nominal),
    }
    return table, summary


def _stays(counts: RankCounts, nominal: Any) -> float:
    """Return the share of draws and cities in which a city keeps its nominal rank."""
    kept = counts.histogram[np.arange(len(nominal)), nominal - 1]
    return float(kept.sum() / counts.draws / len(nominal))


def _spread(values: FloatArray) -> dict[str, float] | None:
    """Return mean and quantiles of what was kept draw by draw; nothing where there is nothing."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    quantiles = dict(zip(QUANTILES, np.quantile(known, list(QUANTILES.values())).tolist(), strict=True))
    return {"mean": float(known.mean()), **quantiles, "draws": len(known)}


def _central_figures(index: Index, tally: Tally) -> Tally:
    """Return for each city the mean weights that put it first, and its rank under just these."""
    means, ever = central_weights(tally)
    ranks = np.zeros(len(ever), dtype=np.int64)
    firsts = np.flatnonzero(ever)
    if len(firsts):
        ranks[firsts] = many_ranks(index, means[firsts].T)[np.arange(len(firsts)), firsts]
    return {"central": means, "central_rank": ranks}


def _variant_figures(study: Study, base: Base, tally: Tally) -> list[dict[str, Any]]:
    """Return every combination: R_S with the nominal weights and over the draws, or why not."""
    indices, variants = variant_indices(base, study.parameters)
    figures, place = [], 0
    nominal = base.index.nominal_ranks
    for variant in variants:
        row = asdict(variant)
        if not variant.problem:
            ranks = many_ranks(indices[place], base.index.local[:, np.newaxis])[0]
            row["nominal_r_s"] = float(np.abs(ranks - nominal).mean())
            row["first"] = int(ranks.argmin())
            row["r_s"] = asdict(summarise_shifts(counts_of(tally, place)))
            place += 1
        figures.append(row)
    return figures


def _sobol_result(study: Study, base: Base, tally: Tally) -> Result:
    plan = plan_of(base, study.kind, study.parameters, draws=study.draws, seed=study.seed)
    assert isinstance(plan, SobolPlan)  # noqa: S101  (plan_of makes one of this kind)
    outputs = tally["outputs"]
    indices = sobol_indices(outputs[0], outputs[1], outputs[2:], rng=plan.rng)
    together = outputs[:2]
    table = {
        "first": indices.first,
        "total": indices.total,
        "first_interval": indices.first_interval,
        "total_interval": indices.total_interval,
        "converged": indices.converged.astype(np.int64),
        "heads": np.array([group[0] for group in base.tree.groups]),
        "sizes": np.array([len(group) for group in base.tree.groups]),
    }
    summary = {
        "mean": float(together.mean()),
        "variance": float(together.var()),
        "converged": bool(indices.converged.all()),
        "interactions": float(1 - indices.first.sum()),
    }
    return Result(None, pack_arrays(table), summary)


def _dropped_result(base: Base, tally: Tally) -> Result:
    shifts, possible = tally["shifts_without"], tally["possible"]
    others = len(shifts) - 1
    movers = (shifts != 0).sum(axis=0)
    table = {
        "nominal": base.index.nominal_ranks,
        "shifts_without": shifts,
        "possible": possible,
        "movers": movers,
        "r_s": np.abs(shifts).sum(axis=0) / others,
    }
    summary = {"impossible": int((possible == 0).sum()), "others": others, "most_movers": int(movers.max())}
    return Result(None, pack_arrays(table), summary)
