"""API tokens: shown once, hashed at rest, revocable, limited when wrong, and good for the API alone."""

import logging
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_version
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import ApiToken, AuditEntry
from weighting.selectors.access import find_link
from weighting.services import api_tokens
from weighting.services.access import issue_account_link
from weighting.services.api_tokens import MOST_TOKENS, make_api_token, revoke_api_token
from weighting.services.attempts import MOST_FAILURES

pytestmark = pytest.mark.django_db

PAGE, VERSIONS = reverse("weighting:token-list"), reverse("weighting:api-version-list")
WRONG = "qh_" + "x" * 43


@pytest.fixture
def owner():
    return make_account(Role.ANALYST)


@pytest.fixture
def secret(owner):
    return make_api_token(owner, name="notebook")


def ask(secret, address=VERSIONS, scheme="Bearer", **meta):
    return Client().get(address, headers={"authorization": f"{scheme} {secret}"}, **meta)


def test_a_program_reads_what_its_account_may_read(secret):
    version = make_version(make_framework())

    assert Client().get(VERSIONS).json()["results"] == []
    assert [row["id"] for row in ask(secret).json()["results"]] == [version.pk]
    assert ask(secret, scheme="bearer").status_code == 200


def test_the_page_shows_the_token_once_and_the_database_never_holds_it(client, owner):
    sign_in_staff(client, owner)
    answer = client.post(PAGE, {"name": "notebook"})
    secret = answer.context["secret"]

    assert ask(secret).status_code == 200
    assert secret in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert secret not in client.get(PAGE).content.decode()
    assert secret not in str(list(ApiToken.objects.values())) + str(list(AuditEntry.objects.values()))


def test_the_page_names_its_tokens_and_the_day_of_their_use(client, owner, secret, monkeypatch):
    monkeypatch.setattr(api_tokens.timezone, "localdate", lambda: date(2016, 4, 1))
    ask(secret)
    sign_in_staff(client, owner)
    page = client.get(PAGE).content.decode()

    assert "notebook" in page
    assert "2016-04-01" in page


def test_use_is_written_once_a_day(secret, django_assert_num_queries):
    ask(secret)
    with django_assert_num_queries(2):
        ask(secret)


def test_a_revoked_token_and_that_of_a_closed_account_open_nothing(client, owner, secret):
    other = make_api_token(owner, name="other")
    sign_in_staff(client, owner)
    client.post(reverse("weighting:token-revoke", args=[ApiToken.objects.get(name="notebook").pk]))

    assert ask(secret).status_code == 401
    assert ask(other).status_code == 200
    type(owner).objects.update(is_active=False)
    assert ask(other).status_code == 401


def test_what_a_closed_account_held_stays_dead_when_it_is_opened_again(client, owner, secret):
    """Tokens, links and sessions: whoever got hold of one waits in vain for the account to return."""
    link, browser = issue_account_link(owner), sign_in_staff(Client(), owner)
    other = sign_in_staff(Client(), make_account(Role.ANALYST))
    administrator = make_account(Role.ADMINISTRATOR)
    sign_in_staff(client, administrator)

    assert ask(secret).status_code == 200
    for act in ("close", "open"):
        assert client.post(reverse(f"weighting:person-{act}", args=[owner.pk])).status_code == 302
    owner.refresh_from_db()

    assert owner.is_active
    assert ask(secret).status_code == 401
    assert find_link(link) is None
    assert browser.get(PAGE).status_code == 302
    assert other.get(PAGE).status_code == 200
    acts = AuditEntry.objects.filter(actor=administrator).order_by("pk")
    assert [act.act for act in acts] == ["revoke_token", "close_account", "open_account"]


def test_nobody_revokes_the_token_of_somebody_else(client, secret):
    sign_in_staff(client, make_account(Role.ADMINISTRATOR))
    address = reverse("weighting:token-revoke", args=[ApiToken.objects.get().pk])

    assert client.post(address).status_code == 404
    assert ask(secret).status_code == 200


def test_a_token_opens_no_page(secret):
    assert ask(secret, reverse("weighting:token-list")).status_code == 302


def test_a_wrong_token_is_refused_in_json_even_where_anybody_may_read():
    answer = ask(WRONG)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "token" in answer.json()["detail"]


def test_wrong_tokens_are_limited_and_right_ones_are_not(secret):
    assert {ask(WRONG).status_code for _attempt in range(MOST_FAILURES)} == {401}

    limited = ask(WRONG)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "900")
    assert ask(secret).status_code == 200
    assert ask(WRONG, REMOTE_ADDR="10.0.0.9").status_code == 401


def test_there_is_an_end_to_tokens_and_revoking_makes_room(client, owner):
    for number in range(MOST_TOKENS):
        make_api_token(owner, name=f"token {number}")
    with pytest.raises(Refused):
        make_api_token(owner, name="one more")
    sign_in_staff(client, owner)
    assert client.post(PAGE, {"name": "one more"}).status_code == 409

    revoke_api_token(ApiToken.objects.first(), actor=owner)
    assert make_api_token(owner, name="one more").startswith("qh_")


def test_a_token_needs_a_name(client, owner):
    sign_in_staff(client, owner)

    assert client.post(PAGE, {"name": " "}).status_code == 422
    assert not ApiToken.objects.exists()


def test_the_log_of_acts_names_the_token(owner, secret):
    revoke_api_token(ApiToken.objects.get(), actor=owner)
    revoke_api_token(ApiToken.objects.get(), actor=owner)

    acts = AuditEntry.objects.filter(subject_type="apitoken").order_by("pk")
    assert [act.act for act in acts] == ["make_token", "revoke_token"]


def test_a_token_sent_in_an_address_reaches_no_log(secret, caplog):
    caplog.set_level(logging.INFO)
    Client().get(f"/api/v1/nothing/?token={secret}")
    ask(secret, "/api/v1/nothing/")
    logging.getLogger("django.request").warning("Not Found: /x/?token=%s", secret)

    lines = [record.getMessage() for record in caplog.records]
    assert any("qh_[hidden]" in line for line in lines)
    assert not any(secret in line for line in lines)


def test_a_schema_knows_how_to_sign_in():
    schema = Client().get(reverse("schema"), headers={"accept": "application/json"}).content.decode()

    assert "bearer" in schema
