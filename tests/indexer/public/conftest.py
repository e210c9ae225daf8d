"""The Human Development Index as it is published, made once for all that only read it."""

import pytest

from tests.factories import make_account
from tests.indexer.public.human_development import publish_human_development
from weighting.enums import Role


@pytest.fixture(scope="module")
def human_development(undone_after_the_file):
    """Its first edition, which anybody may read."""
    return publish_human_development(make_account(Role.MANAGER, username="hdi-owner"))
