"""Until a round is aggregated nothing depends on its scores, except what experts see of their own ballots.

The swap test: worlds that differ in what the experts answered and in nothing else. Every byte
that anybody else can fetch, from every route by every method, must be the same in all of them; so
must every other table, log line, task, mail, session and cache entry. One pair asks for everything;
the further worlds ask the database every statement that reads scores, and fetch again what rests on
rows that differ. Nor does anybody's request but an expert's and the close read an answer: what is not
read changes neither a size nor a time.
"""

import pytest

from tests.numbers import in_full
from tests.observation import (
    OWNERS,
    Readings,
    answers_of_world,
    differences,
    first_answers,
    other_answers,
    readers_of_answers,
)
from tests.routes import OF_THE_MACHINE, find_routes
from weighting.enums import RoundState

pytest_plugins = ["tests.observation"]
pytestmark = pytest.mark.django_db

OTHER_STATES = [RoundState.DRAFT, RoundState.READY, RoundState.CLOSED, RoundState.VOID]

WORLDS = in_full(200, otherwise=5)


@pytest.mark.slow
@pytest.mark.timeout(in_full(7200, otherwise=900))
def test_nothing_anybody_else_can_fetch_depends_on_the_scores(observe):
    routes = [route for route in find_routes() if route.name not in OF_THE_MACHINE]
    readings = Readings()
    first = observe(first_answers, routes=routes, states=OTHER_STATES, readings=readings)
    second = observe(other_answers, routes=routes, states=OTHER_STATES)

    assert len(first) > 1000
    assert {key[0] for key in first if isinstance(key, tuple)} >= {*OTHER_STATES, "table", "expert"}
    assert differences(first, second) == []
    read = readers_of_answers(readings)
    assert {visitor for visitor, _method, _address in read} == {"expert", "other expert", *OWNERS}
    by_owners = {(method, address[-7:]) for visitor, method, address in read if visitor in OWNERS}
    assert by_owners == {("POST", "/close/")}
    for number in range(WORLDS):
        further = observe(answers_of_world(number), states=OTHER_STATES, readings=readings)
        assert differences({key: first.get(key) for key in further}, further) == [], f"world {number}"


def test_once_it_is_aggregated_its_own_manager_does_see_scores(observe, monkeypatch):
    """Control: what the owners may see then is really different."""
    monkeypatch.setattr("tests.observation.OWNERS", ())
    routes = [route for route in find_routes() if route.name == "weighting:round-statistics"]
    found = differences(
        *(observe(a, routes=routes, states=[RoundState.AGGREGATED]) for a in (first_answers, other_answers))
    )

    assert found
    assert all("'manager'" in key or "'administrator'" in key for key in found)
