"""The page of people: administrators invite, give roles, switch off and on; all of it is logged."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, make_account, sign_in_staff
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import Account, AuditEntry, JoinLink
from weighting.services import accounts
from weighting.services.accounts import change_role, close_account
from weighting.services.joining import LINK_LIFE, invite

pytestmark = pytest.mark.django_db

PEOPLE, INVITE, JOIN = (reverse(f"weighting:{name}") for name in ("people", "person-invite", "join"))
BOB = {"role": "analyst", "name": "Bob", "email": "bob@staff.example", "language": "en"}


@pytest.fixture
def administrator():
    return make_account(Role.ADMINISTRATOR, first_name="Ada")


@pytest.fixture
def ada(administrator):
    return sign_in_staff(Client(), administrator)


def at(act, person):
    return reverse(f"weighting:person-{act}", args=[person.pk])


def come_by(token, **sent):
    client = Client()
    client.get(reverse("weighting:receive-link", args=[token]))
    sent = {"username": "bob", "first_name": "Bob", "email": "", "password1": PASSWORD} | sent
    return client, client.post(JOIN, {**sent, "password2": PASSWORD})


def acts():
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR])
def test_an_invitation_is_shown_once_mailed_and_used_once(ada, role):
    answer = ada.post(INVITE, {**BOB, "role": role})
    token, page = answer.context["token"], answer.content.decode()

    assert token in page
    assert "no-store" in answer["Cache-Control"]
    assert token not in ada.get(PEOPLE).content.decode()
    assert token not in str([list(model.objects.values()) for model in (JoinLink, AuditEntry)])
    (letter,) = mail.outbox
    assert letter.to == ["bob@staff.example"]
    assert token in letter.body
    assert "bob@staff.example as well" in page
    client, joined = come_by(token)
    assert joined.status_code == 302
    assert Account.objects.get(username="bob").role == role
    assert client.get(PEOPLE).status_code == (200 if role == Role.ADMINISTRATOR else 404)
    assert come_by(token, username="eve")[1].status_code == 404
    assert acts() == ["invite_account", "join"]


def test_without_an_address_or_a_server_nothing_is_called_mailed(ada, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert "did not take the mail" in ada.post(INVITE, BOB).content.decode()
    assert "Nothing was mailed" in ada.post(INVITE, {**BOB, "email": ""}).content.decode()
    settings.EMAIL_BACKEND = "config.mail.EmailBackend"
    assert "No mail server" in ada.get(INVITE).content.decode()
    assert "Nothing was mailed" in ada.post(INVITE, BOB).content.decode()


def test_the_page_shown_once_answers_in_the_other_language_with_the_same_link(ada):
    first = ada.post(INVITE, BOB)
    again = ada.post(INVITE, {"shown": first.context["shown_once"], "language": "zh-hans"})

    assert again.context["token"] == first.context["token"]
    assert 'lang="zh-hans"' in again.content.decode()
    assert JoinLink.objects.count() == 1


def test_an_invitation_that_is_withdrawn_or_over_makes_no_account(ada, administrator):
    link, token = invite(role=Role.ANALYST, name="", email="", language="en", actor=administrator)
    ada.post(reverse("weighting:invite-withdraw", args=[link.pk]))
    assert come_by(token)[1].status_code == 404

    link, token = invite(role=Role.ANALYST, name="", email="", language="en", actor=administrator)
    JoinLink.objects.filter(pk=link.pk).update(expires_at=link.expires_at - LINK_LIFE)
    assert come_by(token)[1].status_code == 404
    assert acts() == ["invite_account", "withdraw_invite", "invite_account"]


def test_whoever_has_an_account_is_not_invited_again(ada):
    make_account(Role.ANALYST, email="BOB@staff.example")

    assert ada.post(INVITE, BOB).status_code == 422
    assert not JoinLink.objects.exists()


def test_a_role_changes_from_the_next_request_on(ada):
    person = make_account(Role.ANALYST)
    other = sign_in_staff(Client(), person)
    assert other.get(reverse("weighting:round-list")).status_code == 404

    assert ada.post(at("role", person), {"role": "manager"}).status_code == 302
    assert other.get(reverse("weighting:round-list")).status_code == 200
    ada.post(at("role", person), {"role": "manager"})
    assert ada.post(at("role", person), {"role": "king"}).status_code == 422
    (entry,) = AuditEntry.objects.all()
    assert entry.detail == {"role": "manager", "earlier_role": "analyst"}
    ada.post(at("role", person), {"role": "administrator"})
    person.refresh_from_db()
    assert (person.is_staff, person.is_superuser) == (True, True)


def test_nobody_ends_their_own_rights_and_two_cannot_end_each_others(ada, administrator):
    assert ada.post(at("close", administrator)).status_code == 409
    assert ada.post(at("role", administrator), {"role": "analyst"}).status_code == 409
    other = make_account(Role.ADMINISTRATOR)

    close_account(other, actor=administrator)
    with pytest.raises(Refused):
        close_account(administrator, actor=other)
    assert acts() == ["close_account"]


def test_without_the_look_at_the_actor_under_the_lock_nobody_would_be_left(administrator, monkeypatch):
    """Positive control of the test above."""
    monkeypatch.setattr(accounts, "_locked", lambda account, actor: account)
    other = make_account(Role.ADMINISTRATOR)
    close_account(other, actor=administrator)
    close_account(administrator, actor=other)

    assert not Account.objects.filter(is_active=True).exists()


def test_the_log_tells_it_in_sentences(ada, administrator):
    person = make_account(Role.ANALYST, first_name="Bob")
    change_role(person, Role.MANAGER, actor=administrator)
    ada.post(INVITE, BOB)
    page = ada.get(reverse("weighting:audit")).content.decode()

    assert "gave the account “Bob” another role" in page
    assert "made the one-time link “Bob”" in page
    assert "Analyst" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_of_the_database_for_one_and_for_three(
    ada, administrator, django_assert_num_queries, count
):
    for _one in range(count):
        make_account(Role.ANALYST)
        invite(role=Role.ANALYST, name="Bob", email="", language="en", actor=administrator)

    with django_assert_num_queries(5):
        page = ada.get(PEOPLE).content.decode()
    assert page.count(">Bob<") == count


def test_whoever_is_switched_off_is_signed_out_everywhere_and_stays_so_when_switched_on(ada):
    person = make_account(Role.ANALYST)
    desk, phone = (sign_in_staff(Client(), person) for _ in range(2))
    own = reverse("weighting:own-account")
    assert [each.get(own).status_code for each in (desk, phone)] == [200, 200]

    ada.post(at("close", person))
    ada.post(at("open", person))

    assert [each.get(own)["Location"].split("?")[0] for each in (desk, phone)] == [
        reverse("account_login")
    ] * 2
    assert acts() == ["close_account", "open_account"]
