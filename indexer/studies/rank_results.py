"""What is kept of counted ranks: figures of each unit, and of all together."""

from dataclasses import asdict
from typing import Any

import numpy as np

from indexer.numeric.scores.rank_bands import EXACT_RANKS
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.rank_counts import (
    RankCounts,
    first_in_doubt,
    group_indistinct,
    kept_draws,
    probability_in_top,
    summarise_ranks,
    summarise_shifts,
)
from indexer.numeric.studies.tallies import counts_of
from weighting.numeric.arrays import FloatArray, IntArray

TOPS = (1, 3, 10, 50, 100)
QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


def rank_figures(nominal: IntArray, tally: Tally) -> tuple[Tally, dict[str, Any]]:
    """Return the figures of each unit, arrays of (units,), and those of all together.

    ``nominal``, (units,), are the ranks under the weights that are studied. Quantiles are ranks; ``top`` of k
    and ``stays`` are parts of the draws, 0 to 1.
    """
    counts = counts_of(tally)
    ranks = summarise_ranks(counts)
    groups = group_indistinct(counts, nominal)
    tops = {f"top{k}": probability_in_top(counts, k) for k in TOPS}
    figures = {name: values for name, values in asdict(ranks).items() if values is not None}
    kept = kept_draws(counts, nominal) / counts.draws
    doubt = first_in_doubt(nominal, kept)
    table = {"nominal": nominal, "group": groups, **figures, **tops}
    # Sorted: in the order of the draws, those of the jackknife would be one for each expert.
    correlations = {name: np.sort(tally[name], axis=1) for name in ("spearman", "kendall")}
    table |= correlations | _shifts(counts, kept)
    summary = {
        "r_s": asdict(summarise_shifts(counts)),
        "spearman": _spread(tally["spearman"]),
        "kendall": _spread(tally["kendall"]),
        "groups": int(groups.max()),
        "stays": float(kept_draws(counts, nominal).sum() / counts.draws / len(nominal)),
        "doubt": asdict(doubt) if doubt else None,
    }
    if not counts.bands.is_exact:
        summary["bands"] = {"count": len(counts.bands.firsts), "exact": EXACT_RANKS}
    return table, summary


def _shifts(counts: RankCounts, kept: FloatArray) -> Tally:
    """Return how often each sum of shifts was met; of ranks in bands each sum, and what bands do not tell."""
    if counts.exactly is None:
        return {"shifts": counts.shifts}
    return {"shift_sums": np.sort(counts.exactly.shift_sums), "stays": kept}


def _spread(values: FloatArray) -> dict[str, float] | None:
    """Return mean and quantiles of what was kept draw by draw; nothing where there is nothing."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    quantiles = dict(zip(QUANTILES, np.quantile(known, list(QUANTILES.values())).tolist(), strict=True))
    return {"mean": float(known.mean()), **quantiles, "draws": len(known)}
