"""Ranks of many cities are counted in bands: what is said of them contains what exact counts say."""

import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from indexer.numeric.scores import index, rank_bands
from indexer.numeric.scores.index import CHUNK, Index
from indexer.numeric.scores.rank_bands import EXACT_RANKS, EXACT_UNITS, bands_of, bands_of_shape
from indexer.numeric.studies import uncertainty
from indexer.numeric.studies.blocks import pack_arrays, unpack_arrays
from indexer.numeric.studies.memory import units_that_fit
from indexer.numeric.studies.plans import LeftOutPlan, RankPlan
from indexer.numeric.studies.rank_counts import (
    group_indistinct,
    kept_draws,
    probability_in_top,
    summarise_ranks,
    summarise_shifts,
)
from indexer.numeric.studies.tallies import counts_of, merge_tallies
from indexer.numeric.studies.uncertainty import BandCounter, RankCounter, SeededDraws, rank_counter
from tests.processes import ROOT
from weighting.numeric.draws import WeightNoise
from weighting.numeric.tree import build_tree

TREE = build_tree(["a", "b", "a1", "a2", "b1"], ["", "", "a", "a", "b"])
LOCAL = np.array([0.6, 0.4, 0.5, 0.5, 1.0])
MANY = 700


def make_index(cities=MANY, seed=5):
    values = np.random.default_rng(seed).random((cities, 3))
    # Two that are the same, and two that only look it.
    values[7] = values[3]
    values[9] = values[4] + 1e-16
    return Index(TREE, values, LOCAL)


def make_plan(index, draws=3 * CHUNK, **kind):
    return RankPlan([index], SeededDraws(WeightNoise(TREE, LOCAL, 0.3), draws, 2), **kind)


@pytest.fixture
def early_bands(monkeypatch):
    """Bands from 300 cities on, so that exact counts stand beside them."""
    monkeypatch.setattr(rank_bands, "EXACT_UNITS", 300)
    monkeypatch.setattr(uncertainty, "EXACT_UNITS", 300)


@pytest.mark.parametrize("units", [1, 2, 100, EXACT_UNITS])
def test_up_to_a_size_each_rank_is_a_band_of_its_own(units):
    bands = bands_of(units)
    assert bands.is_exact
    assert bands.firsts.tolist() == bands.lasts.tolist() == list(range(1, units + 1))
    assert type(rank_counter(make_index(max(units, 10)))) is RankCounter


@pytest.mark.parametrize("units", [EXACT_UNITS + 1, 73_057, 100_000, 1_000_000])
def test_further_down_bands_hold_every_rank_once_and_stay_narrow(units):
    bands = bands_of(units)
    sizes = bands.lasts - bands.firsts + 1
    assert (sizes.sum(), bands.firsts[0], bands.lasts[-1]) == (units, 1, units)
    assert (bands.firsts[1:] == bands.lasts[:-1] + 1).all()
    assert (sizes[:EXACT_RANKS] == 1).all()
    assert (sizes <= np.ceil(bands.firsts / 32)).all()
    assert sizes.max() <= -(-units // 128)
    assert len(bands.firsts) < 500
    np.testing.assert_array_equal(bands.firsts[bands.of_place[[0, 99, units - 1]]][:2], [1, 100])


@pytest.mark.parametrize("draws", [CHUNK, 901])
def test_bands_contain_the_exact_figures(early_bands, draws):
    index = make_index()
    local = WeightNoise(TREE, LOCAL, 0.3).draw(draws, np.random.default_rng(2))
    exact, banded = RankCounter(index), BandCounter(index)
    for counter in (exact, banded):
        counter.add(local)
    exact, banded = exact.counts(), banded.counts()

    bands, nominal = banded.bands, index.nominal_ranks
    assert (exact.bands.is_exact, bands.is_exact, banded.draws) == (True, False, exact.draws)
    folded = np.add.reduceat(exact.histogram, bands.firsts - 1, axis=1)
    np.testing.assert_array_equal(banded.histogram[np.arange(MANY)], folded)
    true, said = summarise_ranks(exact), summarise_ranks(banded)
    np.testing.assert_allclose(said.mean, true.mean, rtol=1e-14)
    assert (said.q05 <= true.q05).all()
    assert (said.q25 <= true.q25).all()
    assert (said.q75 >= true.q75).all()
    assert (said.q95 >= true.q95).all()
    assert (said.median_low <= true.median).all()
    assert (true.median <= said.median_high).all()
    top = true.q95 <= EXACT_RANKS
    assert top.sum() > 20
    np.testing.assert_array_equal(said.q05[top], np.floor(true.q05[top]))
    assert asdict(summarise_shifts(banded)) == pytest.approx(asdict(summarise_shifts(exact)), rel=1e-14)
    for k in (1, 10, 100):
        np.testing.assert_array_equal(probability_in_top(banded, k), probability_in_top(exact, k))
    np.testing.assert_array_equal(kept_draws(banded, nominal), kept_draws(exact, nominal))
    assert group_indistinct(banded, nominal).max() <= group_indistinct(exact, nominal).max()
    with pytest.raises(ValueError, match="ends within a band"):
        probability_in_top(banded, 101)


def test_any_division_of_the_chunks_adds_up_to_the_same_bytes(early_bands):
    plan = make_plan(make_index(), with_central=True)
    whole = pack_arrays(plan.tally(range(3)))
    parts = [unpack_arrays(pack_arrays(plan.tally([chunk]))) for chunk in range(3)]
    merged = merge_tallies(parts)
    assert {name: pack_arrays({name: array}) for name, array in merged.items()} == {
        name: pack_arrays({name: array}) for name, array in unpack_arrays(whole).items()
    }
    counts = counts_of(merged)
    assert (counts.histogram[np.arange(MANY)].sum(axis=1) == counts.draws).all()


def test_few_versions_at_a_time_change_nothing(early_bands, monkeypatch):
    plan = make_plan(make_index(), draws=300, with_central=True)
    whole = plan.tally([0])
    monkeypatch.setattr(index, "SCORES", 7 * MANY)
    tallied = plan.tally([0])
    assert pack_arrays({"h": tallied.pop("histogram")}) == pack_arrays({"h": whole["histogram"]})
    for name, array in tallied.items():
        np.testing.assert_allclose(array, whole[name], rtol=1e-12, err_msg=name)


def test_cases_are_counted_in_bands_too(early_bands):
    index = make_index()
    plan = LeftOutPlan(index, TREE.leaves[:2])
    tally = plan.tally([0])
    counts = counts_of(tally)
    assert counts.histogram.shape == (MANY, len(bands_of(MANY).firsts))
    np.testing.assert_array_equal(summarise_ranks(counts).mean, tally["ranks"].mean(axis=1))
    assert (counts.histogram[np.arange(MANY)].sum(axis=1) == 2).all()


def test_histograms_that_were_exact_are_still_read_so():
    assert bands_of_shape(6000, 6000).is_exact
    assert not bands_of_shape(6000, 300).is_exact
    with pytest.raises(ValueError, match="other bands"):
        merge_tallies([{"histogram": np.zeros((3, 3))}, {"histogram": np.zeros((3, 2))}])


PEAK = """
import resource, sys
import numpy as np
from tests.indexer.numeric.scores.test_rank_bands import make_index, make_plan
from indexer.numeric.studies.blocks import pack_arrays, unpack_arrays
from indexer.numeric.studies.tallies import counts_of, merge_tallies
from indexer.numeric.studies.rank_counts import group_indistinct, summarise_ranks
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
plan = make_plan(make_index(int(sys.argv[1])), draws=64)
block = pack_arrays(plan.tally([0]))
counts = counts_of(merge_tallies(unpack_arrays(block) for _part in range(3)))
summarise_ranks(counts)
group_indistinct(counts, plan.indices[0].nominal_ranks)
# What the system counts for a process begins with that of the one which started it; this does not.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) * 1024, plan.memory_for(int(sys.argv[1])))
"""


def peak_of(units, limit):
    """Count, merge and sum up in a process that may take so much; return its peak and the estimate."""
    command = [sys.executable, "-c", PEAK, str(units), str(limit)]
    environment = {"OPENBLAS_NUM_THREADS": "1", "DJANGO_SETTINGS_MODULE": "config.settings", "PATH": ""}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    return map(int, done.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("units", [EXACT_UNITS, 30_000, 100_000])
def test_a_study_takes_no_more_memory_than_is_estimated(units):
    """Thirty thousand units squared would be seven gigabytes, and as many bands of 100,000 a third of one."""
    peak, estimate = peak_of(units, 2_000_000_000)
    assert peak < estimate < 3 * peak


def test_what_fits_is_the_most_that_does():
    plan = make_plan(make_index())
    limit = plan.memory_for(40_000)
    assert units_that_fit(plan.memory_for, limit, most=10**6) == 40_000
    assert units_that_fit(plan.memory_for, 1, most=10**6) == 0
    assert plan.memory_for(100_000) < 2_000_000_000
