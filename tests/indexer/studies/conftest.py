"""A finished run of a panel's weights, made once for all tests of a file."""

from copy import deepcopy

import pytest
from django.db import transaction

from tests.indexer.study_runs import make_panel_run


@pytest.fixture(scope="module")
def run_of_the_file(request, django_db_setup, django_db_blocker):
    """What the file's own ``make_run`` makes, where it has one."""
    make = getattr(request.module, "make_run", make_panel_run)
    with django_db_blocker.unblock(), transaction.atomic():
        yield make()
        transaction.set_rollback(True)


@pytest.fixture
def run(run_of_the_file):
    """A copy for each test; what a test changes is undone."""
    return deepcopy(run_of_the_file)
