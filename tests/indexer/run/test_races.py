"""Two people bring or publish the same at once, on both databases: one does it, the other is told."""

from functools import partial

import pytest

from indexer.models import DataSet, OutsideSeries, Register
from indexer.services.data_sets import publish_data_set
from indexer.services.registers import RegisterWords, create_register
from indexer.services.series import publish_series
from tests.indexer.factories import make_cities, make_data_set, make_series, make_version
from tests.numbers import in_full
from tests.weighting.test_races import CONTROL_RACES, _without_locks, run_at_once  # noqa: F401  (a fixture)
from weighting.models import AuditEntry, WeightVersion
from weighting.selectors.versions import weighted_nodes_of
from weighting.services.version_sources import draft_reweighted_version
from weighting.services.versions import publish_version

pytestmark = [pytest.mark.postgres, pytest.mark.faults, pytest.mark.django_db(transaction=True)]

RACES = in_full(100, otherwise=12)


def answers_to_two(act):
    """Do the same act twice at once; return what kinds of answers there were."""
    return sorted(type(outcome).__name__ for outcome in run_at_once(act, act))


def race_series(manager, races):
    """Bring so many series twice at once each; yield what the two were answered."""
    cities = [city.pk for city in make_cities(3, actor=manager)]
    for number in range(races):
        yield answers_to_two(lambda number=number: make_series(cities, [1, 2, number], actor=manager))


def test_of_two_who_bring_the_same_series_one_is_told_that_it_is_there(manager):
    assert list(race_series(manager, RACES)) == [["OutsideSeries", "Refused"]] * RACES
    assert OutsideSeries.objects.count() == RACES


@pytest.mark.usefixtures("_without_locks")
def test_without_locks_the_second_meets_the_database_instead(manager):
    assert any(answers != ["OutsideSeries", "Refused"] for answers in race_series(manager, CONTROL_RACES))


def test_of_two_who_make_the_same_register_one_is_told_that_it_is_there(manager):
    for number in range(RACES):
        words = RegisterWords(name_zh=f"名录{number}", name_en=f"Register {number}")
        answers = answers_to_two(lambda words=words: create_register(words, actor=manager))
        assert answers == ["Refused", "Register"]
    assert Register.objects.filter(name_en__startswith="Register ").count() == RACES


def race_publishing(manager):
    """Publish a series, a data set and a version twice at once each; return how often the log says so."""
    things = [
        (publish_series, make_series([city.pk for city in make_cities(3, actor=manager)], actor=manager)),
        (publish_data_set, DataSet.objects.get(pk=make_data_set(actor=manager).pk)),
        (publish_version, make_version(make_data_set(actor=manager).framework, actor=manager)),
    ]
    for publish, thing in things:
        run_at_once(*[lambda publish=publish, thing=thing: publish(thing, actor=manager)] * 2)
    assert WeightVersion.objects.get().is_published
    return AuditEntry.objects.filter(act="publish").count()


def test_two_who_publish_at_once_publish_once(manager):
    assert race_publishing(manager) == 3


def race_what_if_drafts(manager, races):
    """Save the same tried weights twice at once; yield whether they agreed, and how many drafts are left."""
    version = make_version(make_data_set(actor=manager).framework, actor=manager)
    local = {node.indicator.code: node.local_weight for node in weighted_nodes_of(version)}

    def count_drafts(reason):
        said = {"label_zh": "试", "label_en": "Tried", "reason": reason}
        save = partial(draft_reweighted_version, version, local_weights=local, actor=manager, **said)
        made = run_at_once(save, save)
        alike = all(isinstance(draft, WeightVersion) for draft in made) and made[0] == made[1]
        return alike, version.children.filter(reason=reason).count()

    return (count_drafts(f"try {number}") for number in range(races))


def test_the_same_what_if_saved_twice_at_once_is_one_draft(manager):
    assert set(race_what_if_drafts(manager, RACES)) == {(True, 1)}


@pytest.mark.usefixtures("_without_locks")
def test_without_locks_the_same_what_if_becomes_two_drafts(manager):
    assert any(left != (True, 1) for left in race_what_if_drafts(manager, CONTROL_RACES))
