"""The API against its own schema: whatever is asked, the answer is one that the schema declares."""

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings

from tests.routes import make_world
from weighting.services.api_tokens import make_api_token

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

EXAMPLES = 10
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


@pytest.fixture(scope="module")
def asked(django_db_setup, django_db_blocker):
    """A schema, and the headers of somebody who may see much: every request is undone."""
    # Every other test process would load it for nothing.
    import schemathesis

    signals = (request_started, request_finished)
    with django_db_blocker.unblock(), transaction.atomic():
        secret = make_api_token(make_world().manager, name="schema")
        # As the test client does, which made the world.
        for signal in signals:
            signal.disconnect(close_old_connections)
        schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", WSGIHandler())
        yield schema, {"Authorization": f"Bearer {secret}"}
        transaction.set_rollback(True)
    for signal in signals:
        signal.connect(close_old_connections)


def test_every_answer_is_one_that_the_schema_declares(asked):
    """What is well formed may still be refused, such as a comparison of one version with itself."""
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    schema, headers = asked
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:

        @SETTINGS
        @given(case=operation.as_strategy())
        def ask(case):
            case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

        ask()

    assert len(operations) > 10
