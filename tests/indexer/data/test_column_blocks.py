"""A matrix is read in pieces and normalised a few columns at a time: the same bytes, and few copies."""

import tracemalloc

import numpy as np
import pytest

from indexer.models import DataSet, IndexMethod
from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.scores import column_blocks
from indexer.selectors import block_parts
from indexer.selectors.data_sets import (
    RawData,
    normalise_data_set,
    normalise_leaves_of,
    normalise_raw_data,
    normalised_blocks,
    structure_of,
)
from indexer.selectors.stored_values import load_values
from tests.factories import make_framework
from tests.indexer.factories import make_data_set

CITIES, LEAVES = 60, 23
METHODS = ["share", "minmax", "zscore", "rank", "none"]


def raw_data(seed=1, *, gaps=0.1, cities=CITIES, leaves=LEAVES):
    rng = np.random.default_rng(seed)
    values = rng.lognormal(0, 2, (cities, leaves))
    values[rng.random(values.shape) < gaps] = np.nan
    codes = [f"x{leaf}" for leaf in range(leaves)]
    totals = np.where(rng.random(leaves) < 0.7, np.nan, 1e6)
    beside = {"people": rng.random(cities) + 0.5}
    names = [f"City {city}" for city in range(cities)]
    return RawData(codes, rng.choice([1, -1], leaves), values, totals, beside, names)


def method(**options):
    return IndexMethod(**{"missing": "mean", "outliers": "winsorise_log", **options})


def both(monkeypatch, raw, chosen):
    """Normalise as one block, and in blocks of two and three columns."""
    monkeypatch.setattr(column_blocks, "BLOCK_CELLS", 10**9)
    whole = normalise_raw_data(raw, chosen)
    monkeypatch.setattr(column_blocks, "BLOCK_CELLS", 1)
    return whole, normalise_raw_data(raw, chosen, order="F")


@pytest.mark.parametrize("normalisation", METHODS)
@pytest.mark.parametrize("missing", ["zero", "mean", "reweight"])
def test_blocks_of_columns_give_the_same_bytes(monkeypatch, normalisation, missing):
    denominators = {"x3": "people", "x22": "x0"}
    chosen = method(normalisation=normalisation, missing=missing, denominators=denominators)
    whole, blocks = both(monkeypatch, raw_data(), chosen)

    assert blocks.values.flags.f_contiguous
    assert blocks.values.tobytes() == whole.values.tobytes()
    assert blocks.cells.tobytes() == whole.cells.tobytes()
    assert repr(blocks.treatments) == repr(whole.treatments)
    assert whole.treatments


def test_a_city_with_values_in_some_blocks_alone_is_no_fault(monkeypatch):
    raw = raw_data(gaps=0)
    raw.values[0, :-1] = np.nan
    whole, blocks = both(monkeypatch, raw, method(missing="reweight"))

    assert blocks.values.tobytes() == whole.values.tobytes()


def test_faults_of_all_blocks_are_named_together(monkeypatch):
    raw = raw_data(gaps=0)
    raw.values[4, 1] = raw.values[7, 20] = np.nan
    monkeypatch.setattr(column_blocks, "BLOCK_CELLS", 1)
    with pytest.raises(NormalisationError) as caught:
        normalise_raw_data(raw, method(missing="refuse"))

    assert caught.value.problems == ["missing values in x1: City 4", "missing values in x20: City 7"]


def test_normalising_holds_one_matrix_and_a_part(monkeypatch):
    raw = raw_data(gaps=0, cities=2000, leaves=300)
    monkeypatch.setattr(column_blocks, "BLOCK_CELLS", 20_000)

    def growth(cells):
        monkeypatch.setattr(column_blocks, "BLOCK_CELLS", cells)
        tracemalloc.start()
        normalise_raw_data(raw, method(outliers="keep"), order="F")
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak / raw.values.nbytes

    assert growth(20_000) < 1.5
    assert growth(10**9) > 3, "the control: all columns at once hold several copies"


@pytest.mark.django_db
@pytest.mark.postgres
def test_values_read_in_pieces_are_those_stored(monkeypatch):
    monkeypatch.setattr(block_parts, "PIECE", 1000)
    stored = make_data_set(cities=60)
    data_set = DataSet.objects.defer("values").get(pk=stored.pk)
    load_values(data_set)

    assert len(data_set.values) > 1000
    assert bytes(data_set.values) == bytes(DataSet.objects.get(pk=stored.pk).values)


@pytest.mark.django_db
@pytest.mark.postgres
@pytest.mark.parametrize("normalisation", METHODS[:-1])
@pytest.mark.parametrize("missing", ["zero", "mean", "reweight"])
def test_a_leaf_alone_has_the_bits_it_has_among_all(monkeypatch, normalisation, missing):
    monkeypatch.setattr(block_parts, "PIECE", 1000)
    monkeypatch.setattr(column_blocks, "BLOCK_CELLS", 200)
    framework = make_framework()
    codes = [leaf.code for leaf in framework.indicators.filter(is_leaf=True).order_by("position")]
    raw = raw_data(leaves=len(codes))
    stored = make_data_set(
        framework,
        values=raw.values,
        auxiliary=raw.beside,
        totals={codes[1]: 1e6},
        normalisation=normalisation,
        missing=missing,
        outliers="winsorise_log",
        denominators={codes[0]: "people", codes[2]: codes[1]},
    )
    structure = structure_of(framework.pk)
    whole = normalise_data_set(stored, stored.method, structure)
    bare = DataSet.objects.defer("values").get(pk=stored.pk)
    for leaf in range(len(codes)):
        made = normalise_leaves_of(bare, stored.method, structure, [leaf])
        assert made.values[:, 0].tobytes() == whole.values[:, leaf].tobytes()
        assert made.cells[:, 0].tobytes() == whole.cells[:, leaf].tobytes()
    some = normalise_leaves_of(bare, stored.method, structure, [3, 0, 2]).values
    assert some.tobytes() == np.ascontiguousarray(whole.values[:, [3, 0, 2]]).tobytes()
    assert "values" in bare.get_deferred_fields()
    blocks = normalised_blocks(stored, stored.method, structure)
    assert np.concatenate([made for _block, made in blocks], axis=1).tobytes() == whole.values.tobytes()
