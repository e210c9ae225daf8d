"""Files, lists and answers that name many units of a large run fetch them together, not one by one."""

import pytest

from indexer.selectors import cities as city_selectors
from indexer.selectors.cities import Cities
from indexer.selectors.node_pairs import NodePair
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.runs import runs_with_nodes
from tests.factories import make_account, sign_in_staff
from tests.indexer.factories import make_series
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

UNITS = 130
MOST_ALONE = 4
ADDRESSES = (
    "/runs/{run}/report/",
    "/runs/{run}/audit/report/",
    "/runs/{run}/document/",
    "/runs/{run}/leads/export/",
    "/runs/{run}/series/",
    "/runs/{run}/series/export/",
    "/runs/{run}/trend/export/",
    "/runs/{run}/coherence/pair/export/?a=series:{series}&b=s1",
    "/runs/{run}/coherence/pair/export/",
    "/api/v1/runs/{run}/critical-weights/",
    "/api/v1/runs/{run}/leads/",
    "/api/v1/runs/{run}/trend/",
    "/api/v1/comparisons/cities/?runs={run},{other}",
)


@pytest.fixture
def runs():
    return make_runs(random_values(UNITS), tilts=[None, 1])


@pytest.fixture
def run(runs):
    return runs[0]


@pytest.fixture
def alone(monkeypatch):
    """Let the run count as large; note each unit that is fetched because nobody asked for it in time."""
    fetched, load_on_sight = [], Cities._load_on_sight

    def noted(cities, place):
        fetched.append(place)
        load_on_sight(cities, place)

    monkeypatch.setattr(city_selectors, "MANY_CITIES", 100)
    monkeypatch.setattr(Cities, "_load_on_sight", noted)
    return fetched


def test_units_that_are_named_are_fetched_together(client, runs, alone):
    run, other = runs
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    series = make_series(run.data_set.city_ids, actor=run.data_set.created_by)
    for address in ADDRESSES:
        alone.clear()
        answer = analyst.get(address.format(run=run.pk, other=other.pk, series=series.pk))
        assert answer.status_code == 200, address
        assert answer.getvalue() if answer.streaming else answer.content
        assert len(alone) <= MOST_ALONE, address


def test_the_guard_sees_what_is_fetched_one_by_one(run, alone):
    cities = Cities(run)
    assert [cities[place].pk for place in range(UNITS)] == run.data_set.city_ids
    assert len(alone) > MOST_ALONE


def test_the_scores_of_a_pair_are_cut_out_once_for_all_units(run):
    """A file asks for them unit by unit: cut out anew each time, its work would grow with its square."""
    subject = node_scores_of(runs_with_nodes(None).get(pk=run.pk))
    pair = NodePair(subject, subject.nodes[0], None)
    assert len(pair.positions) == UNITS
    assert pair.x is pair.x
    assert pair.y is pair.y
    assert pair.y.tolist() == pytest.approx((subject.result.scores * run.method.scale).tolist())
