"""The Human Development Index as it is published, made once for all that only read it."""

import pytest
from django.db import transaction

from tests.factories import make_account
from tests.indexer.public.human_development import publish_human_development
from weighting.enums import Role


@pytest.fixture(scope="module")
def human_development(django_db_setup, django_db_blocker):
    """Its first edition, which anybody may read; what a test adds to it is undone after the test."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield publish_human_development(make_account(Role.MANAGER, username="hdi-owner"))
        transaction.set_rollback(True)
