"""The attack list against frozen versions and the log, on both databases."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from tests.factories import make_framework, make_round
from weighting import immutability
from weighting.enums import RoundState
from weighting.models import AuditEntry, NodeWeight, WeightVersion
from weighting.services.versions import draft_equal_version, freeze_version, publish_version, retire_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def draft(manager):
    return draft_equal_version(framework=make_framework(), label_zh="等权", label_en="Equal", actor=manager)


@pytest.fixture
def frozen(draft, manager):
    return freeze_version(draft, actor=manager)


def _run(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


ORM_ATTACKS = {
    "change the manifest": lambda v: WeightVersion.objects.filter(pk=v.pk).update(manifest=b"{}"),
    "change the label": lambda v: WeightVersion.objects.filter(pk=v.pk).update(label_en="Other"),
    "change the number": lambda v: WeightVersion.objects.filter(pk=v.pk).update(number=9),
    "thaw": lambda v: WeightVersion.objects.filter(pk=v.pk).update(
        status="draft", number=None, manifest=None, manifest_hash=""
    ),
    "change a weight": lambda v: NodeWeight.objects.filter(version=v).update(local_weight=0.5),
    "delete the weights": lambda v: NodeWeight.objects.filter(version=v).delete(),
    "delete the version": lambda v: v.delete(),
    "add a weight": lambda v: NodeWeight.objects.bulk_create(
        [NodeWeight(version=v, indicator=_stranger(v), local_weight=0.5, global_weight=0.5)]
    ),
    "pool a round in": lambda v: v.pooled_rounds.add(make_round(state=RoundState.DRAFT)),
    "move a weight in": lambda v: NodeWeight.objects.exclude(version=v).update(version=v),
    "rewrite the log": lambda v: AuditEntry.objects.update(act="nothing"),
    "delete the log": lambda v: AuditEntry.objects.all().delete(),
}


def _stranger(version):
    return make_framework().indicators.first()


def _attack(attack, version):
    with transaction.atomic():
        attack(version)


@pytest.mark.parametrize("name", ORM_ATTACKS)
def test_attacks_through_the_orm_are_refused(name, frozen, manager):
    draft_equal_version(framework=make_framework(), label_zh="另", label_en="Other", actor=manager)
    with pytest.raises(DatabaseError, match="immutable"):
        _attack(ORM_ATTACKS[name], frozen)


@pytest.mark.parametrize("name", [name for name in ORM_ATTACKS if name != "move a weight in"])
def test_the_same_attacks_succeed_without_the_triggers(name, frozen):
    immutability.drop_triggers("default")
    _attack(ORM_ATTACKS[name], frozen)


def test_insert_or_replace_is_refused(frozen, manager):
    if connection.vendor != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's")
    copied = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"
    for table in (immutability.VERSION, immutability.WEIGHT, immutability.LOG):
        with pytest.raises(DatabaseError, match="immutable"):
            _run(copied.format(table))


def test_truncate_and_a_replica_session_are_refused(frozen):
    if connection.vendor != "postgresql":
        pytest.skip("TRUNCATE and replica role are PostgreSQL's")
    connection.check_constraints()  # pending checks would refuse TRUNCATE before the trigger does
    with pytest.raises(DatabaseError, match="immutable"):
        _run(f"TRUNCATE {immutability.VERSION} CASCADE")
    with pytest.raises(DatabaseError, match="immutable"):
        _run_as_replica(f"UPDATE {immutability.VERSION} SET manifest_hash = 'x' WHERE id = %s", frozen.pk)


def _run_as_replica(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)


def test_labels_may_still_change(frozen, manager):
    publish_version(frozen, actor=manager)
    assert retire_version(frozen, actor=manager).status == "retired"


def test_a_draft_may_still_be_thrown_away(draft):
    draft.delete()
    assert not WeightVersion.objects.exists()


def test_a_lost_trigger_is_noticed_and_comes_back_with_the_next_migration():
    name = f"keep_{immutability.WEIGHT}_update"
    table = "" if connection.vendor == "sqlite" else f" ON {immutability.WEIGHT}"
    _run(f"DROP TRIGGER {name}{table}")
    assert immutability.missing_triggers(connection) == [name]
    call_command("migrate", verbosity=0)
    assert immutability.missing_triggers(connection) == []
