"""Why one city moved: the tree sums to the change, and those who changed sides are counted."""

import csv
import io

import numpy as np
import pytest

from indexer.selectors import comparison as comparison_selectors
from indexer.selectors.city_change import city_change_of
from indexer.selectors.comparison import compare_runs
from indexer.selectors.runs import load_runs
from tests.indexer.finished_runs import make_runs, random_values
from weighting.models import Indicator

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def runs_of_the_file(undone_after_the_file):
    return make_runs(random_values(15), tilts=[None, 3.0, 6.0])


def address(city, *runs, to=None):
    query = "&".join(f"runs={run.pk}" for run in runs)
    return f"/compare/cities/{city}/?{query}" + (f"&to={to.pk}" if to else "")


def walk(branches):
    for branch in branches:
        yield branch
        yield from walk(branch.children)


def test_every_branch_is_the_sum_of_its_children_and_the_roots_are_the_change(runs):
    compared = compare_runs(load_runs(runs[0].data_set.created_by, [run.pk for run in runs]))
    for city in compared.cities:
        change = city_change_of(compared, city.pk, 2)
        before, after = change.scores
        assert sum(root.total for root in change.tree) == pytest.approx(after - before, abs=1e-12)
        for branch in walk(change.tree):
            if branch.children:
                below = sum(child.total for child in branch.children)
                assert branch.total == pytest.approx(below, abs=1e-15)
            else:
                # One version of the values: the change of the global weight times the value.
                change_of_weight = branch.global_[1] - branch.global_[0]
                assert branch.total == pytest.approx(change_of_weight * branch.values[0], abs=1e-15)
        assert len(change.passed) - len(change.passed_by) == change.gained
    assert city_change_of(compared, 0, 1) is None


def test_the_page_says_how_far_the_city_moved_and_because_of_what(analyst):
    runs = make_runs([[5, 5, 2, 2, 2], [1, 1, 3, 3, 4], [4, 4, 5, 5, 4]], tilts=[None, 3.0])
    nanyang = runs[0].data_set.city_ids[0]
    response = analyst.get(address(nanyang, *runs))
    text = response.content.decode()
    assert "Nanyang falls 1 place; “Indicator fixed” changes its score most" in text
    passed, passed_by = response.context["passings"]
    assert (passed["count"], passed_by["count"]) == (0, 1)
    assert passed_by["rows"][0]["city"].name_en == "Xi'an"
    assert passed_by["rows"][0]["ranks"] == [3, 2]
    assert "It passed nobody." in text


def test_indicators_of_one_name_are_lines_of_their_own_in_the_picture(analyst, runs):
    framework = runs[0].data_set.framework
    Indicator.objects.filter(framework=framework, code__in=["fixed", "retail"]).update(name_en="Users")
    response = analyst.get(address(runs[0].data_set.city_ids[3], *runs))
    names = [row["name"] for row in response.context["figure"].rows]
    assert {"Users (Indicator infra)", "Users (Indicator industry)"} < set(names)
    assert len(set(names)) == len(names)


def test_another_version_of_the_comparison_can_be_looked_at(analyst, runs):
    city = runs[0].data_set.city_ids[3]
    response = analyst.get(address(city, *runs, to=runs[1]))
    assert response.context["change"].runs == (runs[0], runs[1])
    assert [version["is_shown"] for version in response.context["versions"]] == [False, True, False]
    assert analyst.get(address(city, *runs)).context["change"].runs == (runs[0], runs[2])


def test_the_file_holds_the_tree_and_the_picture_stands_alone(analyst, runs):
    city = runs[0].data_set.city_ids[0]
    export = address(city, *runs).replace("/?", "/export/?")
    rows = list(csv.DictReader(io.StringIO(analyst.get(export).content.decode("utf-8-sig"))))
    roots = [float(row["Adds to the change"]) for row in rows if not row["Code of its parent"]]
    scores = analyst.get(address(city, *runs)).context["change"].scores
    assert sum(roots) == pytest.approx((scores[1] - scores[0]) * 100, abs=1e-12)
    assert len(rows) == 7
    picture = analyst.get(address(city, *runs).replace("/?", "/change.svg?"))
    assert picture.content.startswith(b"<svg")


@pytest.mark.parametrize("tail", ["&to=0", "&to=x"])
def test_a_version_that_is_not_compared_is_not_found(analyst, runs, tail):
    city = runs[0].data_set.city_ids[0]
    assert analyst.get(address(city, *runs[:2]) + tail).status_code == 404


def test_an_unknown_city_is_not_found_and_one_version_is_refused(analyst, runs):
    assert analyst.get(address(10**6, *runs)).status_code == 404
    refused = analyst.get(address(runs[0].data_set.city_ids[0], runs[0]))
    assert refused.status_code == 400
    assert "1 chosen: choose 2 to 50 versions." in refused.content.decode()


GAPS = np.where(np.random.default_rng(4).random((9, 5)) < 0.2, np.nan, random_values(9, seed=6))
METHODS = {
    "geometric": {"aggregation": "geometric"},
    "rescaled": {"missing": "reweight", "values": GAPS},
    "mixed": {
        "normalisation": "rank",
        "aggregation": "harmonic",
        "nodes": {"industry": {"aggregation": "geometric"}},
        "missing": "reweight",
        "values": GAPS,
    },
    "mpi": {"normalisation": "minmax", "aggregation": "mpi"},
}


@pytest.mark.parametrize("name", METHODS)
def test_the_change_of_all_is_split_some_cities_at_a_time(name, monkeypatch):
    method = dict(METHODS[name])
    runs = make_runs(method.pop("values", random_values(9)), tilts=[None, 4.0], **method)
    asked = runs[0].data_set.created_by, [run.pk for run in runs]
    whole = compare_runs(load_runs(*asked)).change
    monkeypatch.setattr(comparison_selectors, "SPLIT_CELLS", 1)
    parts = compare_runs(load_runs(*asked)).change
    assert parts.weights.tobytes() == whole.weights.tobytes()
    assert parts.values.tobytes() == whole.values.tobytes()


@pytest.mark.parametrize("name", METHODS)
def test_the_change_is_split_for_every_method_on_page_and_in_file(analyst, name):
    method = dict(METHODS[name])
    runs = make_runs(method.pop("values", random_values(9)), tilts=[None, 4.0], **method)
    compared = compare_runs(load_runs(runs[0].data_set.created_by, [run.pk for run in runs]))
    roots = compared.tree.groups[0]
    whole = compared.change_in(slice(None))
    assert whole.total[:, roots].sum(axis=1) == pytest.approx(compared.score_changes, abs=1e-12)
    assert compared.change.weights == pytest.approx(whole.weights[:, compared.sub_positions], abs=1e-15)
    assert compared.change.values == pytest.approx(whole.values[:, compared.sub_positions], abs=1e-15)
    moved = int(np.abs(compared.score_changes).argmax())
    response = analyst.get(address(compared.cities.ids[moved], *runs))
    assert "The parts still add up exactly" in response.content.decode()
    assert response.context["figure"] is not None
    file = analyst.get(address(compared.cities.ids[moved], *runs).replace("/?", "/export/?"))
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    written = sum(float(row["Adds to the change"]) for row in rows if not row["Code of its parent"])
    assert written == pytest.approx(compared.score_changes[moved] * compared.scale, rel=1e-9)


def test_places_among_others_show_the_ranks_alone(analyst):
    runs = make_runs(random_values(4), aggregation="copeland")
    city = runs[0].data_set.city_ids[0]
    response = analyst.get(address(city, *runs))
    assert "cannot be split by sub-index" in response.content.decode()
    assert response.context["figure"] is None
    assert analyst.get(address(city, *runs).replace("/?", "/export/?")).status_code == 404


def test_nothing_that_changed_is_said(analyst):
    runs = make_runs(random_values(4), tilts=[None, None])
    text = analyst.get(address(runs[0].data_set.city_ids[0], *runs)).content.decode()
    assert "keeps rank" in text
    assert "so its score is the same" in text


def test_the_hidden_stays_hidden(client, runs):
    assert client.get(address(runs[0].data_set.city_ids[0], *runs)).status_code == 404


@pytest.mark.parametrize(("cities", "versions"), [(1, 2), (3, 2), (3, 10)])
def test_the_page_takes_the_same_queries_however_much_is_compared(
    analyst, cities, versions, django_assert_num_queries
):
    runs = make_runs(random_values(cities), tilts=[float(n) for n in range(versions)])
    city = runs[0].data_set.city_ids[0]
    with django_assert_num_queries(10):
        analyst.get(address(city, *runs))
