"""One-time links make accounts: the first administrator's, and those of whom administrators invite."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, make_account, sign_in_staff
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import Account, AuditEntry, JoinLink
from weighting.services import joining
from weighting.services.joining import Newcomer, issue_first_link, join

pytestmark = pytest.mark.django_db

JOIN, SIGN_IN = reverse("weighting:join"), reverse("weighting:sign-in")
ADA = {
    "username": "ada",
    "first_name": "Ada Lin",
    "email": "ada@staff.example",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


def newcomer(username="ada"):
    return Newcomer(username=username, name="Ada", email="", password=PASSWORD, language="en")


def open_link(token):
    client = Client()
    client.get(reverse("weighting:receive-link", args=[token]))
    return client


def printed(**options):
    out = StringIO()
    call_command("setup_link", stdout=out, **options)
    return out.getvalue()


def test_the_first_link_makes_the_first_administrator_and_works_once():
    token = printed().split("/in/")[1].split("/")[0]
    client = open_link(token)

    assert client.get("/in/", follow=True).redirect_chain == [(JOIN, 302)]
    assert not Account.objects.exists()
    assert client.post(JOIN, ADA)["Location"] == reverse("home")
    account = Account.objects.get()
    assert (account.role, account.is_staff, account.is_superuser) == (Role.ADMINISTRATOR, True, True)
    assert client.get(reverse("weighting:audit")).status_code == 200
    assert [entry.act for entry in AuditEntry.objects.all()] == ["join"]
    # The link opens nothing more, and the program prints no other one.
    assert open_link(token).get("/in/").status_code == 404
    assert "There is an administrator" in printed()
    assert printed(verbosity=0) == ""


def test_only_the_hash_is_stored_and_every_first_link_dies_with_the_first_administrator():
    tokens = [issue_first_link(), issue_first_link()]

    assert not any(token in str(list(JoinLink.objects.values())) for token in tokens)
    assert open_link(tokens[0]).get(JOIN).status_code == 200
    make_account(Role.ADMINISTRATOR)
    assert [open_link(token).get("/in/").status_code for token in tokens] == [404, 404]
    assert issue_first_link() is None


def test_two_first_links_make_one_administrator():
    links = []
    for _link in range(2):
        issue_first_link()
        links.append(JoinLink.objects.first())
    join(links[0], newcomer())

    with pytest.raises(Refused):
        join(links[1], newcomer("bob"))
    assert Account.objects.count() == 1


def test_without_the_look_at_the_link_under_its_lock_there_would_be_two(monkeypatch):
    """Positive control of the test above."""
    monkeypatch.setattr(joining, "_locked", lambda link: link)
    for name in ("ada", "bob"):
        issue_first_link()
        join(JoinLink.objects.first(), newcomer(name))

    assert Account.objects.filter(role=Role.ADMINISTRATOR).count() == 2


def test_a_weak_password_a_taken_name_and_a_taken_address_are_said():
    client = open_link(issue_first_link())
    make_account(Role.ANALYST, username="ada", email="ADA@staff.example")
    answer = client.post(JOIN, {**ADA, "password1": "short", "password2": "short"})

    assert answer.status_code == 422
    assert {"username", "email", "password2"} <= answer.context["form"].errors.keys()
    assert 'value="short"' not in answer.content.decode()
    assert not Account.objects.filter(role=Role.ADMINISTRATOR).exists()


def test_the_sign_in_page_of_an_empty_installation_says_where_the_link_is(client):
    assert "setup_link" in client.get(SIGN_IN).content.decode()
    make_account(Role.ANALYST)
    assert "setup_link" not in client.get(SIGN_IN).content.decode()


def test_whoever_is_signed_in_is_signed_out_first():
    manager = make_account(Role.MANAGER)
    client = sign_in_staff(open_link(issue_first_link()), manager)

    assert "You are signed in as" in client.get(JOIN).content.decode()
    client.post(JOIN, ADA)
    assert client.get(reverse("home"))["Location"] == reverse("indexer:comparison")


def test_the_database_refuses_a_link_that_nobody_made_for_another_role():
    with pytest.raises(IntegrityError), transaction.atomic():
        JoinLink.objects.create(token_hash="x", role=Role.MANAGER)
    assert connection.is_usable()
