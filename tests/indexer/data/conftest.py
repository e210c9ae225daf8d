"""Who brings data in."""

import pytest

from tests.factories import make_account, sign_in_staff
from tests.indexer.factories import make_cities
from weighting.enums import Role


@pytest.fixture
def analyst(client):
    """An analyst who is signed in, and the units that her files are of."""
    account = make_account(Role.ANALYST, username="anna")
    sign_in_staff(client, account)
    make_cities(3, actor=account)
    return account
