"""The three files of a study of ranks, written the same by the command and for an archive."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.numeric.scores.index import CHUNK
from indexer.numeric.scores.rank_bands import Bands
from indexer.numeric.studies.rank_counts import (
    RankCounts,
    probability_in_top,
    summarise_ranks,
    summarise_shifts,
)
from indexer.result_files import write_rank_histogram, write_rank_intervals
from weighting.numeric.arrays import IntArray

TOP = 10
NAMES = ("rank_intervals.csv", "rank_histogram.csv", "summary.json")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a study depends on; the number of workers is no part of it."""

    method: str
    draws: int
    seed: int
    # The parameters that the method alone has.
    own: Mapping[str, float]
    cities: int
    indicators: int
    experts: int | None
    rule: str | None
    choices: Mapping[str, str]


def write_rank_files(
    folder: Path,
    *,
    units: Sequence[str],
    nominal: IntArray,
    counts: RankCounts,
    asked: Asked,
    inputs: Mapping[str, Path],
) -> None:
    """Write intervals, histogram and summary; ``inputs`` are the files it was computed from, by kind."""
    summary = summarise_ranks(counts)
    columns = {
        "mean": summary.mean,
        "median": summary.median,
        "q05": summary.q05,
        "q25": summary.q25,
        "q75": summary.q75,
        "q95": summary.q95,
        "p_top10": probability_in_top(counts, TOP),
    }
    if summary.median_low is not None and summary.median_high is not None:
        columns |= {"median_low": summary.median_low, "median_high": summary.median_high}
    write_rank_intervals(folder / NAMES[0], units, nominal, columns)
    heads = [f"{a}" if a == b else f"{a}-{b}" for a, b in _ends(counts.bands)]
    write_rank_histogram(folder / NAMES[1], units, nominal, counts.histogram, heads)
    text = json.dumps(_summary(counts, asked, inputs), ensure_ascii=False, indent=2)
    (folder / NAMES[2]).write_text(text + "\n", encoding="utf-8")


def _ends(bands: Bands) -> list[tuple[int, int]]:
    return list(zip(bands.firsts.tolist(), bands.lasts.tolist(), strict=True))


def _summary(counts: RankCounts, asked: Asked, inputs: Mapping[str, Path]) -> dict[str, Any]:
    shifts = summarise_shifts(counts)
    return {
        "method": asked.method,
        "draws": asked.draws,
        "seed": asked.seed,
        "chunk": CHUNK,
        **asked.own,
        "cities": asked.cities,
        "indicators": asked.indicators,
        "experts": asked.experts,
        "rule": asked.rule,
        **asked.choices,
        "r_s_mean": shifts.mean,
        "r_s_median": shifts.median,
        "r_s_q05": shifts.q05,
        "r_s_q25": shifts.q25,
        "r_s_q75": shifts.q75,
        "r_s_q95": shifts.q95,
        "sha256": {name: _checksum(path) for name, path in inputs.items()},
    }


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
