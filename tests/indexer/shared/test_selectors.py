import tracemalloc
from weakref import WeakSet

import numpy as np
import pytest

from indexer.models import City
from indexer.selectors import cities
from indexer.selectors.cities import Cities, alphabetical, cities_of_run, matching_cities
from indexer.selectors.comparison import compare_runs, summarise_shift
from indexer.selectors.data_facts import indicator_summaries_of
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.selectors.indices import index_of
from indexer.selectors.runs import (
    result_of,
    results_of,
    runs_visible_to,
    runs_with_nodes_visible_to,
    shown_score,
)
from tests.factories import make_account
from tests.indexer.factories import make_cities
from tests.indexer.finished_runs import make_runs, print_figure, random_values

pytestmark = pytest.mark.django_db

# Shares: leaf columns sum to 10, so that every share is a tenth of the value.
SMALL = [[1, 2, 3, 4, 5], [4, 3, 3, 1, 2], [5, 5, 4, 5, 3]]


def with_nodes(runs):
    loaded = runs_with_nodes_visible_to(make_account()).in_bulk([run.pk for run in runs])
    return [loaded[run.pk] for run in runs]


def test_only_published_runs_of_published_data_are_for_anybody():
    make_runs(random_values(2))
    shown = make_runs(random_values(2, seed=2), published=True)
    assert set(runs_visible_to(None)) == set(shown)
    assert runs_visible_to(make_account()).count() == 4
    assert [data_set.pk for data_set in data_sets_visible_to(None)] == [shown[0].data_set_id]


def test_lists_of_runs_do_not_load_the_blocks():
    make_runs(random_values(2))
    run = runs_visible_to(make_account()).first()
    assert {"node_scores"} <= run.get_deferred_fields()
    assert {"values", "totals", "mapping"} <= run.data_set.get_deferred_fields()


def test_results_follow_the_order_of_the_data_set():
    (run,) = with_nodes(make_runs(SMALL, tilts=[None]))
    result = results_of([run])[0]
    infra, industry = np.array(SMALL)[:, :2].mean(axis=1) / 10, np.array(SMALL)[:, 2:].mean(axis=1) / 10
    # The columns 3 to 5 sum to 10 too; the two sub-indices weigh one half each.
    np.testing.assert_allclose(result.scores, (infra + industry) / 2, rtol=1e-12)
    # 1.5 + 4 and 3.5 + 2: a tie, which shares the smaller rank.
    np.testing.assert_array_equal(result.ranks, [2, 2, 1])
    np.testing.assert_allclose(result.node_scores_in(slice(None))[:, 0], infra, rtol=1e-12)
    assert [city.pk for city in cities_of_run(run)] == run.data_set.city_ids


def test_a_figure_is_published_only_when_it_equals_the_printed_one_at_its_digits():
    run = make_runs(SMALL, tilts=[None])[0]
    unmarked = runs_visible_to(make_account()).get()
    assert shown_score(unmarked, 0.5, None).source == ""
    print_figure(run, 0, "27.5")
    marked = runs_visible_to(make_account()).get()
    assert shown_score(marked, 0.27456, "27.5").published
    assert not shown_score(marked, 0.27456, "27.45").published
    assert shown_score(marked, 0.27456, "27.456").value == pytest.approx(27.456)
    assert shown_score(marked, 0.27456, None).source == "reconstructed"


def test_a_file_holds_no_more_units_than_are_fetched_at_a_time(monkeypatch):
    monkeypatch.setattr(cities, "BLOCK", 10)
    (run,) = make_runs(random_values(45), tilts=[None])
    named, most, alive = [], 0, WeakSet()
    for city in cities_of_run(run).along(range(44, -1, -1)):
        named.append(city.pk)
        alive.add(city)
        most = max(most, len(alive))
    assert named == run.data_set.city_ids[::-1]
    assert most <= 20


def test_the_places_of_many_units_take_the_room_of_their_numbers():
    (run,) = make_runs(random_values(3), tilts=[None])

    def peak_of(count):
        ids = [city.pk for city in make_cities(count, actor=run.data_set.created_by)]
        many = Cities(run, ids)
        assert many.provinces[0].name_en == "Province A"
        many = Cities(run, ids[::-1])
        tracemalloc.start()
        found = many.province_ids
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found.tolist() == [City.objects.get(pk=ids[0]).province_id] * count
        return peak

    peak_of(600)
    few, many = peak_of(2_000), peak_of(8_000)
    assert (many - few) / 6_000 < 150


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("南阳", [0]),
        ("xian", [1]),
        ("XI'AN", [1]),
        ("甘孜州", [2]),
        ("宛城", [0]),
        ("阳", [0, 3]),
        ("", [0, 1, 2, 3]),
    ],
)
def test_search_finds_names_in_both_languages_and_aliases(text, found):
    (run,) = make_runs(random_values(4), tilts=[None])
    assert matching_cities(cities_of_run(run), text=text).tolist() == found


def test_names_are_folded_whoever_writes_a_city():
    make_runs(random_values(1), tilts=[None])
    city = City.objects.get()
    assert city.folded_names.split("\n") == ["nanyang", "南阳市", "宛城"]
    city.name_en = "Ｗan-Cheng"
    city.save()
    assert City.objects.get().folded_names.startswith("wancheng\n")


def test_cities_that_are_shown_are_fetched_together_and_no_others(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("indexer.selectors.cities.MANY_CITIES", 50)
    (run,) = with_nodes(make_runs(random_values(60), tilts=[None]))
    _result, cities = result_of(run)
    # The provinces of the register, and the two cities.
    with django_assert_num_queries(2):
        cities.load([3, 59])
        assert [cities[3].name_en, cities[59].province.region.name_en] == ["Luoyang", "Central"]
    with django_assert_num_queries(1):
        assert [city.pk for city in cities] == cities.ids


def test_few_cities_are_all_fetched_with_those_that_are_shown(django_assert_num_queries):
    (run,) = with_nodes(make_runs(random_values(60), tilts=[None]))
    _result, cities = result_of(run)
    with django_assert_num_queries(2):
        cities.load([3, 59])
        assert [city.pk for city in cities] == cities.ids


def test_search_within_a_region_and_a_province():
    (run,) = make_runs(random_values(4), tilts=[None])
    cities = cities_of_run(run)
    henan = City.objects.get(name_en="Luoyang").province
    assert matching_cities(cities, province=henan.pk).tolist() == [0, 3]
    assert matching_cities(cities, region=henan.region_id, text="luo").tolist() == [3]


def test_names_sort_without_regard_to_case_and_apostrophes():
    assert alphabetical(["Xi'an", "Xiaogan", "xian", "Anyang"]).tolist() == [1, 2, 1, 0]


def test_contributions_of_the_sub_indices_sum_to_the_change_of_each_score():
    runs = with_nodes(make_runs(random_values(40), tilts=[None, 1.7]))
    compared = compare_runs(runs)
    contributions = compared.change_in(slice(None)).weights
    parts = contributions[:, compared.sub_positions]
    np.testing.assert_allclose(parts.sum(axis=1), compared.score_changes, rtol=0, atol=1e-15)
    # A branch contributes what its leaves do, whatever the weights between them.
    leaves = contributions[:, compared.tree.leaves]
    for root, part in zip(compared.sub_positions, parts.T, strict=True):
        below = compared.tree.descendant_leaves[root]
        np.testing.assert_allclose(leaves[:, below].sum(axis=1), part, rtol=0, atol=1e-15)


def test_contributions_are_weight_changes_times_shares():
    compared = compare_runs(with_nodes(make_runs(SMALL, tilts=[None, 1.0])))
    # Equal weights: leaves 1/4 1/4 1/6 1/6 1/6; tilted: 1/3 (1/3 2/3), 2/3 (1/6 2/6 3/6).
    before, after = np.array([9, 9, 6, 6, 6]) / 36, np.array([4, 8, 4, 8, 12]) / 36
    leaves = compared.change_in(slice(None)).weights[:, compared.tree.leaves]
    np.testing.assert_allclose(leaves, (after - before) * np.array(SMALL) / 10, rtol=0, atol=1e-15)


def test_a_change_of_lower_weights_is_noticed():
    same = compare_runs(with_nodes(make_runs(SMALL, tilts=[None, None])))
    other = compare_runs(with_nodes(make_runs(random_values(3), tilts=[None, 1.0])))
    assert not same.lower_weights_differ
    assert other.lower_weights_differ


def test_geometric_scores_are_split_exactly_too():
    compared = compare_runs(with_nodes(make_runs(SMALL, aggregation="geometric")))
    change = compared.results[-1].scores - compared.results[0].scores
    np.testing.assert_allclose(
        compared.change_in(slice(None)).weights[:, [0, 3]].sum(axis=1), change, atol=1e-12
    )
    assert not compared.change_in(slice(None)).values.any()
    assert not compared.why_not_split()


def test_shifts_are_against_the_base_and_positive_upwards():
    compared = compare_runs(with_nodes(make_runs(random_values(30), tilts=[None, 1.0, 4.0])))
    assert not compared.shifts[:, 0].any()
    np.testing.assert_array_equal(compared.shifts[:, 2], compared.ranks[:, 0] - compared.ranks[:, 2])
    assert (np.abs(compared.largest_shifts) == np.abs(compared.shifts).max(axis=1)).all()
    assert compared.moved == (compared.ranks != compared.ranks[:, :1]).any(axis=1).sum()


def test_summary_of_a_hand_worked_pair():
    # d = 1, -1, 0, 2, -2: rho = 1 - 6 * 10 / (5 * 24).
    summary = summarise_shift(np.array([2, 1, 3, 5, 4]), np.array([1, 2, 3, 3, 6]))
    assert (summary.moved, summary.largest, summary.mean_absolute) == (4, 2, 6 / 5)
    summary = summarise_shift(np.array([1, 2, 3, 4, 5]), np.array([2, 1, 3, 5, 4]))
    assert summary.spearman == pytest.approx(1 - 6 * 4 / (5 * 24))
    assert summarise_shift(np.array([1, 1]), np.array([1, 1])).spearman is None


def test_indicator_summaries_say_whose_total_it_is():
    run = make_runs(SMALL, tilts=[None])[0]
    first = indicator_summaries_of(run.data_set)[0]
    # Nothing says that such small whole numbers add up to something.
    assert (first.smallest, first.median, first.largest, first.total) == (1, 4, 5, None)
    assert not first.has_own_total
    assert first.missing == 0


@pytest.mark.parametrize("cities", [1, 3])
def test_a_comparison_takes_the_same_queries_for_any_number_of_cities(cities, django_assert_num_queries):
    runs = with_nodes(make_runs(random_values(cities)))
    with django_assert_num_queries(3):
        compare_runs(runs)


def test_the_index_of_a_run_has_the_run_s_own_scores_and_ranks():
    result = results_of(with_nodes(make_runs(random_values(1))))[0]

    index = index_of(result.run)

    assert index.nominal_ranks.tolist() == result.ranks.tolist()
    np.testing.assert_allclose(index.nominal_scores, result.scores, rtol=1e-12)
