import os

import pytest
from django.db import connection


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_suite_runs_on_the_database_it_was_asked_to_run_on():
    asked_for_postgres = os.environ.get("DATABASE_URL", "").startswith("postgresql")

    assert connection.vendor == ("postgresql" if asked_for_postgres else "sqlite")
