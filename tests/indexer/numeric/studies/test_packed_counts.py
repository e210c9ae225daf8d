"""Counts that are packed by blocks of rows: the same numbers, and the same bytes however they were added."""

from itertools import pairwise

import numpy as np
import pytest

from indexer.numeric.scores import rank_bands
from indexer.numeric.scores.rows_alike import number_rows
from indexer.numeric.studies import packed_counts, uncertainty
from indexer.numeric.studies.blocks import pack_arrays, place_of_packed, unpack_arrays
from indexer.numeric.studies.packed_counts import PackedCounts, added, in_blocks, opened
from indexer.numeric.studies.rank_counts import group_indistinct, summarise_ranks, summarise_shifts
from indexer.numeric.studies.tallies import counts_of, merge_tallies
from indexer.numeric.studies.uncertainty import BandCounter
from tests.indexer.numeric.scores.test_rank_bands import LOCAL, MANY, TREE, make_index, make_plan
from weighting.numeric.draws import WeightNoise

RNG = np.random.default_rng(3)
TABLES = {
    "zeros": np.zeros((30, 4), dtype=np.int64),
    "bytes": RNG.integers(0, 200, (30, 4)),
    "mixed": RNG.integers(0, 200, (30, 4)) * np.repeat([1, 0, 10**12], 10)[:, np.newaxis],
    "one": np.array([[7]]),
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(packed_counts, "ROWS", 7)


@pytest.mark.parametrize("name", TABLES)
def test_what_is_packed_is_found_again_by_block_by_row_and_from_its_bytes(name):
    table = TABLES[name]
    packed = PackedCounts.of(table)
    handed_on = unpack_arrays(pack_arrays({"a": np.arange(3), "h": packed, "g": packed, "b": np.ones(2)}))
    for one in (packed, handed_on["h"], handed_on["g"]):
        np.testing.assert_array_equal(np.concatenate([block for _rows, block in opened(one)]), table)
        rows = np.random.default_rng(1).integers(0, len(table), 40)
        np.testing.assert_array_equal(one[rows], table[rows])
        np.testing.assert_array_equal(one[len(table) - 1], table[-1])
    assert handed_on["a"].tolist() == [0, 1, 2]
    assert handed_on["b"].tolist() == [1, 1]


def test_the_bytes_do_not_depend_on_how_numbers_were_added():
    parts = [RNG.integers(0, 90, (30, 4)) for _part in range(5)]
    wanted = pack_arrays({"h": PackedCounts.of(np.sum(parts, axis=0))})
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        total = PackedCounts((30, 4))
        for part in order:
            total += PackedCounts.of(parts[part])
        assert pack_arrays({"h": total}) == wanted
    first, second = PackedCounts.of(parts[0]), PackedCounts.of(parts[1])
    both = added(added(first, second), PackedCounts.of(np.sum(parts[2:], axis=0)))
    assert pack_arrays({"h": both}) == wanted
    np.testing.assert_array_equal(first[np.arange(30)], parts[0])
    with pytest.raises(ValueError, match="do not add"):
        first += PackedCounts((30, 5))


def test_what_is_not_whole_is_refused():
    whole = pack_arrays({"a": np.arange(50), "h": PackedCounts.of(TABLES["bytes"])})
    for size in range(len(whole)):
        with pytest.raises(ValueError, match="damaged"):
            unpack_arrays(whole[:size])
    with pytest.raises(ValueError, match="damaged"):
        unpack_arrays(whole + b"x")
    wrong = bytearray(whole)
    wrong[-30] ^= 255
    with pytest.raises(ValueError, match="damaged"):
        unpack_arrays(bytes(wrong))["h"][np.arange(30)]


def test_where_packed_counts_lie_is_told_by_how_the_block_begins():
    counts = {name: PackedCounts.of(TABLES[name]) for name in ("bytes", "mixed")}
    whole = pack_arrays({"a": np.arange(50), "h": counts["bytes"], "b": np.ones(2), "g": counts["mixed"]})
    for start in (whole, whole[:200]):
        for name, packed in (("h", counts["bytes"]), ("g", counts["mixed"])):
            place = place_of_packed(start, len(whole), name)
            assert place.shape == packed.shape
            found = [whole[first:end] for first, end in pairwise(place.ends)]
            assert found == list(packed.blocks_packed)
        assert place_of_packed(start, len(whole), "a") is None
    for start in (b"", whole[:20], b"x" + whole):
        with pytest.raises(ValueError, match="damaged"):
            place_of_packed(start, len(whole), "h")


def test_ranks_counted_alone_stay_as_they_are():
    exact = np.eye(5, dtype=np.int64)
    assert in_blocks(exact) is exact
    np.testing.assert_array_equal(added(exact, exact), 2 * exact)
    with pytest.raises(ValueError, match="do not add"):
        added(exact, np.zeros((5, 4), dtype=np.int64))


@pytest.fixture
def early_bands(monkeypatch):
    monkeypatch.setattr(rank_bands, "EXACT_UNITS", 300)
    monkeypatch.setattr(uncertainty, "EXACT_UNITS", 300)


def test_blocks_and_draws_that_wait_are_counted_to_the_same_bytes(early_bands, monkeypatch):
    index, local = make_index(), WeightNoise(TREE, LOCAL, 0.3).draw(300, np.random.default_rng(2))

    def counted(waiting):
        monkeypatch.setattr(uncertainty, "WAITING", waiting)
        counter = BandCounter(index)
        for start in range(0, 300, 150):
            counter.add(local[:, start : start + 150])
        found = counter.counts()
        beside = {"sums": found.exactly.rank_sums, "kept": found.exactly.kept}
        return pack_arrays({"h": found.histogram, "shifts": found.exactly.shift_sums, **beside})

    assert len({counted(waiting) for waiting in (1, 7 * MANY, 10**9)}) == 1


def test_what_was_kept_before_counts_were_packed_is_still_read_and_goes_on(early_bands):
    plan = make_plan(make_index(), draws=1100)
    tallies = [plan.tally([chunk]) for chunk in range(3)]
    before = [tally | {"histogram": tally["histogram"][np.arange(MANY)]} for tally in tallies]
    wanted = merge_tallies(unpack_arrays(pack_arrays(tally)) for tally in tallies)
    mixed = merge_tallies(unpack_arrays(pack_arrays(tally)) for tally in (before[0], tallies[1], before[2]))
    assert pack_arrays(mixed) == pack_arrays(wanted)
    old = wanted | {"histogram": wanted["histogram"][np.arange(MANY)]}
    now, then, nominal = counts_of(wanted), counts_of(old), plan.indices[0].nominal_ranks
    for name, figures in vars(summarise_ranks(now)).items():
        np.testing.assert_array_equal(figures, vars(summarise_ranks(then))[name])
    assert summarise_shifts(now) == summarise_shifts(then)
    np.testing.assert_array_equal(group_indistinct(now, nominal), group_indistinct(then, nominal))


@pytest.mark.parametrize("kinds", [1, 3, 40, 1000])
def test_rows_alike_are_numbered_as_row_by_row(kinds):
    rng = np.random.default_rng(kinds)
    values = rng.choice([0.0, -0.0, 1.5, np.nan], (kinds, 3))[rng.integers(0, kinds, 200)]
    order, besides = rng.permutation(200), rng.integers(0, 3, 200)
    numbers, firsts, kind = {}, [], np.empty(200, dtype=int)
    for city in order.tolist():
        key = ((values[city] + 0.0).tobytes(), besides[city])
        if numbers.setdefault(key, len(firsts)) == len(firsts):
            firsts.append(city)
        kind[city] = numbers[key]
    found_firsts, found_kind = number_rows(values, order, besides)
    assert found_firsts.tolist() == firsts
    assert found_kind.tolist() == kind.tolist()
