"""The attack list against editions of data, on both databases."""

import pytest
from django.db import DatabaseError, connection, transaction

from indexer.immutability import DATA_SET
from indexer.models import DataSet
from indexer.services.data_sets import publish_data_set
from tests.indexer.factories import make_data_set
from weighting import immutability

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
ATTACKS = {
    "change a value": lambda d: DataSet.objects.filter(pk=d.pk).update(values=b"\x00" * len(d.values)),
    "change the totals": lambda d: DataSet.objects.filter(pk=d.pk).update(totals=b"\x01" * len(d.totals)),
    "change the checksum": lambda d: DataSet.objects.filter(pk=d.pk).update(sha256="0" * 64),
    "change the mapping": lambda d: DataSet.objects.filter(pk=d.pk).update(mapping={"columns": []}),
    "change the year": lambda d: DataSet.objects.filter(pk=d.pk).update(year=1999),
    "change the edition": lambda d: DataSet.objects.filter(pk=d.pk).update(edition=9),
    "delete": lambda d: DataSet.objects.filter(pk=d.pk).delete(),
}


@pytest.fixture
def data_set():
    return make_data_set()


def attack(name, data_set):
    with transaction.atomic():
        ATTACKS[name](data_set)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_edition_is_never_rewritten(name, data_set):
    with pytest.raises(DatabaseError, match="immutable"):
        attack(name, data_set)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_same_attacks_succeed_without_the_triggers(name, data_set):
    immutability.drop_triggers("default")
    attack(name, data_set)


def test_insert_or_replace_and_truncate_are_refused(data_set):
    statement = {
        "sqlite": f"INSERT OR REPLACE INTO {DATA_SET} SELECT * FROM {DATA_SET}",
        "postgresql": f"TRUNCATE {DATA_SET} CASCADE",
    }[connection.vendor]
    connection.check_constraints()
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_it_may_still_be_published_and_followed(data_set):
    publish_data_set(data_set, actor=data_set.created_by)
    assert DataSet.objects.get().is_published
    assert immutability.missing_triggers(connection) == []
