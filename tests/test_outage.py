"""While the database does not answer, everybody is told so, and by no other status than 503."""

import pytest
from django.db import IntegrityError, InterfaceError, InternalError, OperationalError
from django.http import HttpResponse

from config import outage
from tests import factories
from tests.weighting.ballots import save, stored, url
from weighting.views import ballot

pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation():
    return factories.make_invitation()


@pytest.fixture
def expert(client, invitation):
    client.raise_request_exception = False
    return factories.sign_in_expert(client, invitation)


def fail_with(error):
    def fail(*_args, **_options):
        raise error

    return fail


def own_failure(sqlstate):
    """An error of PostgreSQL's as Django passes it on."""
    error = InternalError("as the database said")
    error.__cause__ = type("Cause", (Exception,), {"sqlstate": sqlstate})()
    return error


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed"), own_failure("XX000")])
def test_a_save_is_not_acknowledged_and_may_be_repeated(expert, invitation, monkeypatch, error):
    with monkeypatch.context() as patch:
        patch.setattr(ballot, "save_score", fail_with(error))
        response = save(expert, "infra", 4)

    assert (response.status_code, response.json()["state"]) == (503, "unavailable")
    assert int(response["Retry-After"]) > 0
    assert "no-store" in response["Cache-Control"]
    assert stored(invitation) == {}
    assert save(expert, "infra", 4).status_code == 200


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_page_says_so_without_asking_the_database(expert, monkeypatch, language, django_assert_num_queries):
    """Even whose ballot it is cannot be told then."""
    monkeypatch.setattr("weighting.visitors.find_claimed", fail_with(OperationalError("gone")))
    expert.cookies["django_language"] = language

    with django_assert_num_queries(0):
        response = expert.get(url("ballot"))

    words = {"zh-hans": "服务尚未就绪", "en": "try again in a minute"}[language]
    assert response.status_code == 503
    assert words in response.content.decode()


@pytest.mark.parametrize("error", [RuntimeError("boom"), own_failure("25P02"), IntegrityError("twice")])
def test_any_other_error_stays_500(expert, monkeypatch, error):
    monkeypatch.setattr(ballot, "save_score", fail_with(error))

    response = save(expert, "infra", 4)

    assert response.status_code == 500
    assert "Retry-After" not in response


def test_without_the_look_at_the_error_an_outage_is_500(expert, monkeypatch):
    """Control."""
    monkeypatch.setattr(outage, "OUTAGES", ())
    monkeypatch.setattr(ballot, "save_score", fail_with(OperationalError("gone")))

    response = save(expert, "infra", 4)

    assert isinstance(response, HttpResponse)
    assert response.status_code == 500
