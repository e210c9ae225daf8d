"""Pages about a large run make no object of every unit, and count nothing pair by pair."""

import numpy as np
import pytest

from indexer.numeric.weight_state import WHOLE, state_text
from indexer.selectors import cities as city_selectors
from indexer.selectors.cities import Cities
from indexer.selectors.what_if import what_if_of
from tests.factories import make_account, sign_in_staff
from tests.indexer.pages import make_runs, random_values
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


@pytest.fixture
def runs():
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
    size = len(plain.index.tree.groups[0])
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
