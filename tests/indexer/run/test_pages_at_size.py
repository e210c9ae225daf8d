"""Pages about a large run make no object of every unit, and count nothing pair by pair."""

import numpy as np
import pytest

from indexer.models import City
from indexer.numeric.scores.weight_state import WHOLE, state_text
from indexer.selectors import cities as city_selectors
from indexer.selectors.cities import Cities
from indexer.selectors.what_if import what_if_of
from tests.factories import make_account, sign_in_staff
from tests.indexer.composites import ranks_of, standings
from tests.indexer.factories import make_series
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.study_runs import make_study
from weighting.enums import Role

pytestmark = pytest.mark.django_db

UNITS = 130
PAGES = (
    "/runs/{run}/",
    "/runs/{run}/?sort=-s1",
    "/runs/{run}/report/",
    "/runs/{run}/cities/{city}/",
    "/runs/{run}/cities/{city}/indicators/",
    "/runs/{run}/leads/",
    "/runs/{run}/tops/",
    "/runs/{run}/places/",
    "/runs/{run}/what-if/",
    "/runs/{run}/concentration/",
    "/compare/?runs={run}&runs={other}",
    "/compare/cities/{city}/?runs={run}&runs={other}",
)


@pytest.fixture(scope="module")
def runs_of_the_file(undone_after_the_file):
    return make_runs(random_values(UNITS), tilts=[None, 1.0])


@pytest.fixture
def large(monkeypatch):
    """Let the runs of this test count as large, and their pages fail that fetch every unit."""
    load = Cities.load

    def load_some(cities, positions):
        wanted = list(positions)
        assert len(wanted) < len(cities), "every unit is fetched"
        load(cities, wanted)

    monkeypatch.setattr(city_selectors, "MANY_CITIES", 100)
    monkeypatch.setattr(Cities, "load", load_some)
    monkeypatch.setattr("indexer.views.run.what_if_words.MOST_ROWS", 100)
    # A browser that computes gets the names of all.
    monkeypatch.setattr("indexer.selectors.what_if.MAX_VALUES", 100)


def test_no_page_fetches_every_unit(client, runs, large):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    city = runs[0].data_set.city_ids[UNITS // 2]
    for page in PAGES:
        address = page.format(run=runs[0].pk, other=runs[1].pk, city=city)
        assert analyst.get(address).status_code == 200, address


def test_neither_studies_nor_names_that_are_typed_fetch_every_unit(client, runs, large, monkeypatch):
    monkeypatch.setattr(city_selectors, "BLOCK", 50)
    monkeypatch.setattr("indexer.views.run.fragility.CHART_PAIRS", 20)
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    run = runs[0]
    study = make_study(run, "noise", nu=0.3, draws=50)
    first, second = City.objects.filter(pk__in=run.data_set.city_ids[10:12]).order_by("pk")
    pair = {"first": first.own_name, "second": second.name_en}
    for address, sent in {
        f"/studies/{study.pk}/": {"above": first.own_name, "below": second.own_name},
        f"/studies/{study.pk}/export/": {"format": "csv"},
        f"/studies/{study.pk}/archive/": {},
        f"/api/v1/studies/{study.pk}/cities/": {"unit": first.name_en},
        f"/api/v1/studies/{study.pk}/histogram/": {"unit": first.own_name},
        f"/runs/{run.pk}/fragility/": pair,
    }.items():
        assert analyst.get(address, sent).status_code == 200, address


def test_the_guard_sees_a_page_that_does(runs, large):
    with pytest.raises(AssertionError, match="every unit"):
        list(Cities(runs[0]))


def test_many_units_looked_at_one_by_one_are_fetched_together(
    runs, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(city_selectors, "MANY_CITIES", 100)
    cities = Cities(runs[0])
    with django_assert_max_num_queries(city_selectors.MOST_ALONE + 3):
        found = [cities[place].pk for place in range(UNITS)]
    assert found == runs[0].data_set.city_ids


def test_swaps_are_those_that_every_pair_gives(runs):
    plain = what_if_of(runs[0])
    size = len(plain.tree.groups[0])
    units = [900_000, *[100_000 // (size - 1)] * (size - 1)]
    units[-1] += WHOLE - sum(units)
    tried = what_if_of(runs[0], state_text({0: np.array(units)}))
    nominal, ranks = tried.nominal_ranks, tried.ranks
    order = np.lexsort((np.arange(UNITS), nominal)).tolist()
    expected = [
        (one, other)
        for at, one in enumerate(order)
        for other in order[at + 1 :]
        if nominal[one] < nominal[other] and ranks[other] < ranks[one]
    ]
    total, first = tried.swaps(7)
    assert total == len(expected) > 7
    assert [(swap.fell, swap.rose) for swap in first] == expected[:7]
    assert plain.swaps(7) == (0, [])


def test_a_crowded_map_sums_up_the_units_near_each_other(client, runs, large, monkeypatch):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    ids = runs[0].data_set.city_ids
    for corner in range(4):
        where = {"latitude": 30 + corner, "longitude": 100 + 5 * corner}
        City.objects.filter(pk__in=ids[corner:120:4]).update(**where)
    City.objects.filter(pk__in=ids[120:]).update(latitude=None, longitude=None)
    monkeypatch.setattr("indexer.selectors.map_cells.MOST_POINTS", 100)
    shown = analyst.get(f"/runs/{runs[0].pk}/map/").context
    stored = standings(runs[0])
    rows = shown["chart"]["data"]["values"]
    assert len(rows) == 4
    for row in rows:
        corner = round(row["latitude"]) - 30
        members = ids[corner:120:4]
        assert row["longitude"] == pytest.approx(100 + 5 * corner)
        assert row["count"] == len(members) == 30
        assert row["value"] == pytest.approx(
            np.mean([stored[pk].score for pk in members]) * runs[0].method.scale
        )
        best = min(members, key=lambda pk: stored[pk].rank)
        assert row["name"] == City.objects.get(pk=best).name
    placed = sorted(ids[:120], key=lambda pk: stored[pk].rank)
    assert [row["city"].pk for row in shown["rows"]] == placed[:100]
    assert (shown["more"], shown["unplaced_count"], shown["absent_count"]) == (20, 10, 0)


def test_a_crowded_map_shows_the_mean_of_the_places_gained(client, runs, large, monkeypatch):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    ids = runs[0].data_set.city_ids
    City.objects.filter(pk__in=ids).update(latitude=30, longitude=100)
    monkeypatch.setattr("indexer.selectors.map_cells.MOST_POINTS", 100)
    shown = analyst.get(f"/runs/{runs[0].pk}/map/", {"against": runs[1].pk}).context
    ranks, before = (ranks_of(run) for run in runs)
    gained = [before[pk] - ranks[pk] for pk in ids]
    (row,) = shown["chart"]["data"]["values"]
    assert row["count"] == UNITS
    assert row["value"] == pytest.approx(np.mean(gained))
    assert shown["title"].startswith(str(np.count_nonzero(gained)))


def few_are_drawn(monkeypatch):
    for name, few in {"MOST_MARKS": 100, "FURTHEST": 20, "LISTED": 15}.items():
        monkeypatch.setattr(f"indexer.views.shared.crowds.{name}", few)


def test_a_crowded_scatter_counts_all_units_and_marks_the_furthest(client, runs, large, monkeypatch):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    few_are_drawn(monkeypatch)
    monkeypatch.setattr("indexer.views.run.coherence_pair.IN_QUADRANT", 5)
    shown = analyst.get(f"/runs/{runs[0].pk}/coherence/pair/").context
    spec = shown["figure"].spec
    (crowd,) = (layer["data"]["values"] for layer in spec["layer"] if layer["mark"] == {"type": "rect"})
    assert sum(cell["count"] for cell in crowd) == UNITS
    marked = spec["data"]["values"]
    assert 20 <= len(marked) <= 24
    assert (len(shown["rows"]), shown["more"]) == (15, UNITS - 15)
    assert {row["city"].name for row in shown["rows"]} <= {row["name"] for row in marked}
    assert sum(quadrant["count"] for quadrant in shown["quadrants"]) == UNITS
    assert all(len(quadrant["cities"]) <= 5 for quadrant in shown["quadrants"])


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_crowded_series_counts_all_units_and_marks_the_furthest(client, runs, large, monkeypatch, scale):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    few_are_drawn(monkeypatch)
    ids, without = runs[0].data_set.city_ids, 18
    series = make_series(ids[without:], actor=runs[0].data_set.created_by)
    answer = analyst.get(f"/runs/{runs[0].pk}/series/?series={series.pk}&scale={scale}")
    shown, held = answer.context, UNITS - without
    spec = shown["chart"]
    (crowd,) = (layer["data"]["values"] for layer in spec["layer"] if layer["mark"] == {"type": "rect"})
    assert sum(cell["count"] for cell in crowd) == held
    values = [cell[end] for cell in crowd for end in ("low", "high")]
    assert (min(values), max(values)) == (pytest.approx(1), pytest.approx(held))
    assert 20 <= len(spec["data"]["values"]) <= 24
    assert (len(shown["rows"]), shown["more"]) == (15, held - 15)
    *_places, (_units, of_units, _is_open, more) = shown["shares"]
    assert (len(of_units), more) == (15, held - 15)
    assert (len(shown["without"]), shown["more_without"]) == (15, without - 15)
    text = answer.content.decode()
    assert text.count(f"{held - 15} more of the cities are in the file.") == 2
    assert "The first 15 cities; all of them are in the API." in text
    export = analyst.get(f"/runs/{runs[0].pk}/series/export/?series={series.pk}")
    assert len(export.content.splitlines()) == 1 + held
