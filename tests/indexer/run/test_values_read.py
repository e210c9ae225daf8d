"""What pages about runs read of the raw values: none where results tell, and no more than once."""

import numpy as np
import pytest

from indexer.models import DataSet
from indexer.numeric.scores.weight_state import WHOLE, state_text
from indexer.selectors import block_parts, stored_values
from indexer.selectors.comparison import compare_runs
from indexer.selectors.indices import index_of
from indexer.selectors.runs import load_runs
from indexer.selectors.what_if import what_if_of
from tests.indexer.finished_runs import make_runs, random_values
from weighting.numeric.tree import global_weights

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

UNITS = 40
GAPS = np.where(np.random.default_rng(4).random((UNITS, 5)) < 0.2, np.nan, random_values(UNITS, seed=6))


@pytest.fixture
def bytes_read(monkeypatch):
    """Count the bytes of matrices that are read, whoever reads them."""
    read = []

    def pieces(model, *asked, **named):
        for part in block_pieces(model, *asked, **named):
            read.append(len(part))
            yield part

    def from_db(model, *row):
        data_set = make(model, *row)
        if "values" not in data_set.get_deferred_fields():
            read.append(len(data_set.values))
        return data_set

    block_pieces, make = block_parts.block_pieces, DataSet.from_db.__func__
    for module in (block_parts, stored_values):
        monkeypatch.setattr(module, "block_pieces", pieces)
    monkeypatch.setattr(DataSet, "from_db", classmethod(from_db))
    return read


def matrix_of(run):
    return 8 * len(run.data_set.city_ids) * len(run.data_set.leaf_codes)


def both(runs):
    return "&".join(f"runs={run.pk}" for run in runs)


@pytest.mark.parametrize("values", [random_values(UNITS), GAPS], ids=["whole", "gaps"])
def test_two_versions_of_one_data_set_are_compared_without_its_values(analyst, bytes_read, values):
    missing = "reweight" if np.isnan(values).any() else "refuse"
    runs = make_runs(values, tilts=[None, 4.0], missing=missing)
    city, matrix = runs[0].data_set.city_ids[0], matrix_of(runs[0])
    bytes_read.clear()
    for page in ("/compare/", "/compare/export/", "/compare/report/", "/api/v1/comparisons/"):
        answer = analyst.get(f"{page}?{both(runs)}")
        assert answer.status_code == 200
        assert b"".join(answer) if answer.streaming else answer.content
    assert not bytes_read

    # The control: what a unit has on each indicator takes them, once.
    assert analyst.get(f"/compare/cities/{city}/?{both(runs)}").status_code == 200
    assert sum(bytes_read) == matrix


def test_a_geometric_index_is_compared_with_its_values_read_once(analyst, bytes_read):
    runs = make_runs(random_values(UNITS), tilts=[None, 4.0], aggregation="geometric")
    matrix = matrix_of(runs[0])
    bytes_read.clear()
    assert analyst.get(f"/compare/?{both(runs)}").status_code == 200
    assert sum(bytes_read) == matrix


@pytest.mark.parametrize("values", [random_values(UNITS), GAPS], ids=["whole", "gaps"])
def test_the_own_weights_are_ranked_as_they_were(values, bytes_read):
    missing = "reweight" if np.isnan(values).any() else "refuse"
    (run,) = make_runs(values, tilts=[None], missing=missing)
    tried, matrix = what_if_of(run), matrix_of(run)
    bytes_read.clear()
    assert not tried.moved
    assert tried.order
    assert not bytes_read
    assert tried.index.nominal_scores.tobytes() == tried.scores.tobytes()
    assert tried.index.nominal_ranks.tolist() == tried.ranks.tolist()
    assert sum(bytes_read) == matrix


def test_other_weights_are_tried_with_the_values_read_once(analyst, bytes_read, monkeypatch):
    monkeypatch.setattr("indexer.selectors.what_if.MAX_VALUES", 10)
    (run,) = make_runs(random_values(UNITS), tilts=[None])
    size = len(what_if_of(run).tree.groups[0])
    units = [WHOLE // size] * size
    units[-1] += WHOLE - sum(units)
    text, matrix = state_text({0: np.array(units)}), matrix_of(run)
    bytes_read.clear()
    assert analyst.get(f"/runs/{run.pk}/what-if/").status_code == 200
    assert not bytes_read
    assert analyst.get(f"/runs/{run.pk}/what-if/?w={text}").status_code == 200
    assert sum(bytes_read) == matrix


@pytest.mark.parametrize(
    "method",
    [{}, {"normalisation": "minmax"}, {"aggregation": "geometric"}, {"missing": "reweight"}],
    ids=str,
)
def test_weights_that_are_tried_score_to_the_bit_as_the_whole_index(method):
    values = GAPS if "missing" in method else random_values(UNITS)
    (run,) = make_runs(values, tilts=[None], **method)
    size = len(what_if_of(run).tree.groups[0])
    units = [WHOLE // (size + 1)] * size
    units[0] += WHOLE - sum(units)
    tried = what_if_of(run, state_text({0: np.array(units)}))
    weights = global_weights(tried.tree, tried.local)[tried.tree.leaves]
    assert tried.scores.tobytes() == tried.index.scores_under(weights)[:, 0].tobytes()
    assert tried.scores.tobytes() != what_if_of(run).scores.tobytes()


def test_an_index_holds_the_cities_that_it_is_asked_for():
    (run,) = make_runs(random_values(UNITS), tilts=[None])
    whole, rows = index_of(run), np.array([7, 3, 30])
    some = index_of(run, rows=rows, order="F")
    assert some.normalised.flags.f_contiguous
    assert some.normalised.tobytes() == whole.normalised[rows].tobytes()


def test_the_scores_of_some_cities_are_those_among_all():
    run = make_runs(random_values(UNITS), tilts=[None])[0]
    (result,) = compare_runs(load_runs(run.data_set.created_by, [run.pk])).results
    assert "values" in result.run.data_set.get_deferred_fields()
    some = result.node_scores_in(slice(5, 7))
    assert some.tobytes() == result.computed_node_scores[5:7].tobytes()
