"""What becomes of the triggers when a migration alters a table."""

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.management.sql import emit_pre_migrate_signal
from django.db import OperationalError, connection, models, transaction
from django.db.migrations import Migration

from tests.factories import make_framework
from tests.indexer.factories import make_version
from weighting import immutability
from weighting.models import NodeWeight, WeightVersion

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
sqlite_only = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL alters in place")


def alter(model, name, field):
    """Alter a column as a migration does; SQLite builds the table anew."""
    old = model._meta.get_field(name)
    field.set_attributes_from_name(name)
    field.model = model
    with connection.schema_editor() as editor:
        editor.alter_field(model, old, field)


@pytest.fixture
def version():
    yield make_version(make_framework())
    call_command("migrate", verbosity=0)


@sqlite_only
def test_a_rebuilt_table_loses_its_triggers_which_is_noticed_until_the_next_migration(version):
    alter(NodeWeight, "asked", models.BooleanField(default=False))
    lost = [name for name in immutability.expected_triggers(connection) if immutability.WEIGHT in name]

    assert immutability.missing_triggers(connection) == lost
    NodeWeight.objects.filter(version=version, indicator__code="travel").update(
        local_weight=0.9
    )  # the control
    with pytest.raises(CommandError, match="Checks that fail: 2"):
        call_command("verify_versions", verbosity=0)

    call_command("migrate", verbosity=0)
    assert immutability.missing_triggers(connection) == []
    with pytest.raises(CommandError, match="Checks that fail: 1"):
        call_command("verify_versions", verbosity=0)


@sqlite_only
def test_unless_they_are_taken_away_no_migration_can_rebuild_the_table_of_versions(version):
    with pytest.raises(OperationalError, match="error in trigger"):
        rebuild(immutability.VERSION)


@transaction.atomic
def rebuild(table):
    for statement in ("CREATE TABLE t AS SELECT * FROM {0}", "DROP TABLE {0}", "ALTER TABLE t RENAME TO {0}"):
        connection.cursor().execute(statement.format(table))


def test_a_migration_alters_a_store_that_holds_frozen_versions(version):
    before = bytes(version.manifest)
    wider = models.CharField(max_length=201)
    # What `migrate` announces before it applies a plan.
    plan = [(Migration("a_change", "weighting"), False)]
    emit_pre_migrate_signal(verbosity=0, interactive=False, db="default", plan=plan, apps=apps)
    alter(WeightVersion, "label_en", wider)
    call_command("migrate", verbosity=0)

    call_command("verify_versions", verbosity=0)
    assert immutability.missing_triggers(connection) == []
    assert bytes(WeightVersion.objects.get(pk=version.pk).manifest) == before
