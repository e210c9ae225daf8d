"""Who brings data in, and what they are of."""

import pytest

from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_cities
from tests.indexer.finished_runs import register_places
from weighting.enums import Role


@pytest.fixture
def owner(client):
    """The analyst whose the files are, signed in; and the units that they are of."""
    account = make_account(Role.ANALYST, username="anna")
    sign_in_staff(client, account)
    make_cities(3, actor=account)
    return account


@pytest.fixture
def framework():
    """A framework, and the four cities that its files name."""
    framework = make_framework()
    register_places(4, actor=framework.created_by)
    return framework
