"""What saving one answer asks of the database, its transaction included."""

import pytest
from django.db import connection

from tests import factories
from tests.weighting.ballots import save


@pytest.fixture
def expert(client):
    return factories.sign_in_expert(client, factories.make_invitation(factories.make_round()))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seen", [0, 1], ids=["first answer", "changed answer"])
def test_a_save_takes_four_queries(expert, seen, django_assert_num_queries):
    if seen:
        save(expert, "infra", 4)

    # invitation; BEGIN; answer; COMMIT. On PostgreSQL all but the first are one trip, uncounted.
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 4):
        assert save(expert, "infra", 5, seen=seen).json() == {"state": "saved", "revision": seen + 1}
