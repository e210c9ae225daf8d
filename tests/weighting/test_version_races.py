"""Two acts at once about frameworks, panels and versions, each with a control without its lock."""

import itertools

import pytest
from django.db import connection

from tests.factories import make_framework, make_panel, make_round
from tests.numbers import in_full
from tests.weighting.test_pooling import closed
from tests.weighting.test_races import CONTROL_RACES, SUB_INDICES, _without_locks, run_at_once  # noqa: F401  (a fixture)
from weighting.enums import RoundState
from weighting.exceptions import AlreadyFrozen, Refused
from weighting.models import Framework, Panel, Round, WeightVersion
from weighting.selectors.versions import previous_hash_of
from weighting.services.framework_drafts import finish_draft, reopen_framework
from weighting.services.panels import remove_panel
from weighting.services.rounds import void_round
from weighting.services.version_sources import pool_rounds
from weighting.services.versions import draft_equal_version, freeze_version

pytestmark = [pytest.mark.postgres, pytest.mark.faults, pytest.mark.django_db(transaction=True)]

FREEZE_RACES = in_full(200, otherwise=40)
VOID_RACES = in_full(100, otherwise=12)
CHANGE_RACES = in_full(100, otherwise=4)


def draft(framework, manager):
    return draft_equal_version(framework=framework, label_zh="等权", label_en="Equal", actor=manager)


def race_two_freezes(version, manager):
    """Return whether one froze the version and the other was told which it became."""
    outcomes = run_at_once(*[lambda: freeze_version(version, actor=manager)] * 2)
    frozen = [outcome for outcome in outcomes if isinstance(outcome, WeightVersion)]
    told = [outcome for outcome in outcomes if isinstance(outcome, AlreadyFrozen)]
    if (len(frozen), len(told)) != (1, 1):
        return False
    return (told[0].version_id, told[0].number) == (version.pk, frozen[0].number)


def test_two_freezes_at_once_make_one_version(manager):
    framework = make_framework(SUB_INDICES, owner=manager)

    assert all(race_two_freezes(draft(framework, manager), manager) for _ in range(FREEZE_RACES))
    print(f"two freezes at once on {connection.vendor}: {FREEZE_RACES}")
    numbers = WeightVersion.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, FREEZE_RACES + 1))


@pytest.mark.usefixtures("_without_locks")
def test_without_locks_two_freezes_collide(manager):
    framework = make_framework(SUB_INDICES, owner=manager)

    assert not all(race_two_freezes(draft(framework, manager), manager) for _ in range(CONTROL_RACES))


def test_two_drafts_frozen_at_once_stand_in_one_chain(manager):
    framework = make_framework(SUB_INDICES, owner=manager)
    for _ in range(FREEZE_RACES // 4):
        pair = [draft(framework, manager), draft(framework, manager)]
        run_at_once(*[lambda version=version: freeze_version(version, actor=manager) for version in pair])

    chain = list(WeightVersion.objects.order_by("number"))
    assert [version.number for version in chain] == list(range(1, len(chain) + 1))
    assert len(chain) == FREEZE_RACES // 4 * 2
    for before, after in itertools.pairwise(chain):
        assert previous_hash_of(after) == before.manifest_hash


def test_a_framework_is_changed_or_used_and_never_both(manager):
    """The constraint of the database is the guard: who is late has nothing to rest on, or may not change."""
    for number in range(CHANGE_RACES):
        framework = make_framework(SUB_INDICES, owner=manager)
        begun = reopen_framework(framework, actor=manager)
        begun.rows[0]["note"] = str(number)
        begun.save()

        changed, version = run_at_once(
            lambda begun=begun: finish_draft(begun, actor=manager),
            lambda framework=framework: draft(framework, manager),
        )

        assert isinstance(changed, Framework) != isinstance(version, WeightVersion), (changed, version)
        assert Framework.objects.filter(pk=framework.pk).exists() == isinstance(version, WeightVersion)


def test_a_panel_is_removed_or_asked_and_never_both(manager):
    framework = make_framework(SUB_INDICES, owner=manager)
    for _number in range(CHANGE_RACES):
        panel = make_panel(owner=manager)

        removed, drafted = run_at_once(
            lambda panel=panel: remove_panel(panel, actor=manager),
            lambda panel=panel: make_round(
                state=RoundState.DRAFT, framework=framework, panel=panel, manager=manager
            ),
        )

        assert isinstance(removed, Refused) != isinstance(drafted, Refused), (removed, drafted)
        assert Panel.objects.filter(pk=panel.pk).exists() == isinstance(drafted, Round)


def race_void_against_pool(framework, manager):
    """Pool two rounds and void one of them at once; return who was refused, if anybody."""
    rounds = [closed(framework, manager, 5, parents=[None]) for _ in range(2)]
    outcomes = run_at_once(
        lambda: pool_rounds(rounds, label_zh="合并", label_en="Pooled", actor=manager),
        lambda: void_round(rounds[0], reason="regret", actor=manager),
    )
    return tuple(type(outcome).__name__ for outcome in outcomes)


ONE_REFUSED = {("WeightVersion", "Refused"), ("Refused", "Round")}


def test_no_version_rests_on_a_round_that_is_voided_meanwhile(manager):
    framework = make_framework(SUB_INDICES, owner=manager)
    assert {race_void_against_pool(framework, manager) for _ in range(VOID_RACES)} <= ONE_REFUSED


@pytest.mark.usefixtures("_without_locks")
def test_without_locks_a_round_may_be_voided_while_a_version_is_made_of_it(manager):
    framework = make_framework(SUB_INDICES, owner=manager)
    assert any(race_void_against_pool(framework, manager) not in ONE_REFUSED for _ in range(CONTROL_RACES))
