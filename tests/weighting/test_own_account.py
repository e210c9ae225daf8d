"""One's own account: details, password, sessions, second factors, a forgotten password."""

import base64
import hmac
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client, TestCase
from django.urls import reverse

from tests.factories import PASSWORD, confirm_identity, make_account, sign_in_staff
from weighting.enums import Role
from weighting.models import AuditEntry
from weighting.selectors.access import api_tokens_of
from weighting.services.api_tokens import make_api_token
from weighting.services.attempts import MOST_FAILURES
from weighting.services.cleaning import clear_ended_sessions
from weighting.tasks import mail_new_password

pytestmark = pytest.mark.django_db

OWN, SESSIONS, SIGN_IN = (reverse(f"weighting:{name}") for name in ("own-account", "session-list", "sign-in"))
FORGOTTEN, NEW_PASSWORD = reverse("weighting:forgotten-password"), reverse("weighting:new-password")
CODE, APP = reverse("mfa_authenticate"), reverse("mfa_activate_totp")
NEW = "a quite different horse"
PROFILE = {"first_name": "Ada Lin", "email": "ada@staff.example", "language": "zh-hans", "time_zone": ""}


@pytest.fixture
def account():
    return make_account(Role.ANALYST, first_name="Ada", email="ada@staff.example")


@pytest.fixture
def ada(account):
    return sign_in_staff(Client(), account)


def sign_in(account, password=PASSWORD, client=None):
    client = client or Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Safari/604"})
    return client, client.post(SIGN_IN, {"username": account.username, "password": password})


def is_in(client):
    return client.get(OWN).status_code == 200


def acts():
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def code_of(secret, *, steps=0):
    """The code of RFC 6238, as an app makes it, of this half minute or of one after it."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    (value,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(value & 0x7FFFFFFF) % 1_000_000:06}"


def set_up_app(client):
    secret = client.get(APP).context["form"].secret
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = client.post(APP, {"code": code_of(secret)})
    assert answer.status_code == 302
    return secret


def test_details_are_saved_with_language_and_time_zone(ada, account):
    answer = ada.post(OWN, {**PROFILE, "time_zone": "Europe/Berlin"})

    assert answer["Location"] == OWN
    assert ada.cookies["django_language"].value == "zh-hans"
    account.refresh_from_db()
    assert (account.get_full_name(), account.time_zone) == ("Ada Lin", "Europe/Berlin")
    assert "我的账号" in ada.get(OWN).content.decode()
    assert sign_in(account)[1].cookies["django_language"].value == "zh-hans"
    assert acts() == ["change_profile"]


def test_times_are_told_in_the_zone_of_the_reader_and_the_next_request_is_nobodys(account):
    other = sign_in(make_account(Role.ANALYST))[0]
    type(account).objects.filter(pk=account.pk).update(time_zone="America/New_York")
    ada, _in = sign_in(account)

    page = ada.get(SESSIONS).content.decode()
    assert "UTC-05:00" in page or "UTC-04:00" in page
    assert "UTC+08:00" in other.get(SESSIONS).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"email": "TAKEN@staff.example"}, {"first_name": ""}, {"time_zone": "Moon"}]
)
def test_details_that_cannot_be_are_refused_and_change_nothing(ada, account, wrong):
    make_account(Role.ANALYST, email="taken@staff.example")

    assert ada.post(OWN, PROFILE | wrong).status_code == 422
    account.refresh_from_db()
    assert account.first_name == "Ada"


def test_another_address_needs_a_fresh_proof_of_who_it_is(ada, account):
    confirm_identity(ada, account, seconds_ago=16 * 60)
    assert ada.post(OWN, {**PROFILE, "email": "eve@x.example"})["Location"].startswith("/account/confirm/")
    account.refresh_from_db()
    assert account.email == "ada@staff.example"
    assert ada.post(OWN, PROFILE)["Location"] == OWN


def test_a_new_password_ends_all_other_sessions_and_wrong_ones_are_counted(account):
    (ada, _in), (other, _too) = sign_in(account), sign_in(account)
    address = reverse("account_change_password")
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}

    wrong = [
        ada.post(address, {**form, "oldpassword": "wrong"}).status_code for _try in range(MOST_FAILURES + 1)
    ]
    assert wrong == [200] * MOST_FAILURES + [429]
    assert ada.post(address, {**form, "password1": "short", "password2": "short"}).status_code == 200
    assert ada.post(address, form)["Location"] == OWN
    assert is_in(ada)
    assert not is_in(other)
    assert sign_in(account, NEW)[1].status_code == 302
    assert acts() == ["change_password"]


@pytest.mark.parametrize(("answer", "left"), [({}, 1), ({"revokes_tokens": "on"}, 0)])
def test_whoever_changes_a_password_says_whether_programs_go_on(account, answer, left):
    (ada, _in), address = sign_in(account), reverse("account_change_password")
    assert "revokes_tokens" not in ada.get(address).content.decode()
    make_api_token(account, name="notebook")
    assert "revokes_tokens" in ada.get(address).content.decode()

    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert ada.post(address, {**form, "oldpassword": "wrong", **answer}).status_code == 200
    assert api_tokens_of(account).count() == 1
    assert ada.post(address, {**form, **answer})["Location"] == OWN
    assert api_tokens_of(account).count() == left


def test_an_account_without_a_password_sets_one(account):
    account.set_unusable_password()
    account.save()
    ada = sign_in_staff(Client(), account)

    assert ada.get(reverse("account_change_password"))["Location"] == reverse("account_set_password")
    ada.post(reverse("account_set_password"), {"password1": NEW, "password2": NEW})
    assert sign_in(account, NEW)[1].status_code == 302


def test_sessions_are_listed_with_device_and_ended_one_by_one_or_together(account):
    browsers = [sign_in(account)[0] for _browser in range(3)]
    assert all(is_in(browser) for browser in browsers)
    first, second, third = browsers
    page = first.get(SESSIONS)
    rows = {row.session.session_key: row for row in page.context["sessions"]}

    assert "Safari on iPhone" in page.content.decode()
    assert sum(row.is_current for row in rows.values()) == 1
    stranger = sign_in_staff(Client(), make_account(Role.ADMINISTRATOR))
    end = reverse("weighting:session-end", args=[rows[second.session.session_key].session.pk])
    assert stranger.post(end).status_code == 404
    first.post(end)
    assert [is_in(browser) for browser in browsers] == [True, False, True]
    first.post(reverse("weighting:session-end-others"))
    assert [is_in(first), is_in(third)] == [True, False]


def test_a_session_ends_when_nobody_uses_it_and_lives_while_somebody_does(account, settings, monkeypatch):
    ada, _in = sign_in(account)
    ada.get(OWN)
    assert 0 < ada.session.get_expiry_age() <= settings.IDLE_SECONDS == 12 * 3600
    account.refresh_from_db()
    assert account.last_used_on

    now = Session.objects.get().expire_date
    monkeypatch.setattr("weighting.services.sessions.time.time", lambda: ada.session["touched"] + 301)
    ada.get(OWN)
    assert Session.objects.get().expire_date > now
    Session.objects.update(expire_date="2016-04-01T00:00Z")
    assert not is_in(ada)
    clear_ended_sessions()
    assert not account.usersession_set.exists()


def test_a_page_that_asks_by_itself_keeps_no_session_alive(account):
    ada, _in = sign_in(account)
    before = ada.session.get("touched")
    ada.get(reverse("indexer:run-progress"))

    assert before is None is ada.session.get("touched")


def test_the_second_factor_is_asked_for_and_cannot_be_tried_out(account):
    ada, _in = sign_in(account)
    secret = set_up_app(ada)
    assert secret not in str(list(Authenticator.objects.values()))
    assert len(ada.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]) == 10

    other, answer = sign_in(account)
    assert answer["Location"] == CODE
    assert not is_in(other)
    answers = [other.post(CODE, {"code": "000000"}) for _guess in range(MOST_FAILURES + 1)]
    assert "is not right" in answers[0].content.decode()
    assert "quarter of an hour" in answers[-1].content.decode()
    assert not is_in(other)
    # Unlike a password, a code is so short that a right one has to wait as well.
    other.post(CODE, {"code": code_of(secret, steps=1)})
    assert not is_in(other)
    assert acts() == ["add_second_factor", "add_second_factor"]


def test_a_code_of_the_app_and_a_recovery_code_let_in_once(account):
    ada, _in = sign_in(account)
    secret = set_up_app(ada)
    spare = ada.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]

    for code in (code_of(secret, steps=1), spare):
        other, _asked = sign_in(account)
        assert other.post(CODE, {"code": code}).status_code == 302
        assert is_in(other)
    again, _asked = sign_in(account)
    again.post(CODE, {"code": spare})
    assert not is_in(again)


@pytest.mark.parametrize("written", ["{}", "{} ", "{}-"])
def test_a_code_of_the_app_lets_in_once_whichever_process_is_asked(account, written):
    """Each has a memory of its own, which is empty after a restart."""
    ada, _in = sign_in(account)
    code = code_of(set_up_app(ada), steps=1)
    first, _asked = sign_in(account)
    first.post(CODE, {"code": code})
    assert is_in(first)

    cache.clear()
    other, _asked = sign_in(account)
    assert "is not right" in other.post(CODE, {"code": written.format(code)}).content.decode()
    assert not is_in(other)


def test_the_code_that_sets_the_app_up_opens_no_sign_in(account):
    ada, _in = sign_in(account)
    secret = ada.get(APP).context["form"].secret
    code = code_of(secret)
    assert ada.post(APP, {"code": code}).status_code == 302

    other, _asked = sign_in(account)
    assert "is not right" in other.post(CODE, {"code": code}).content.decode()
    assert not is_in(other)
    other.post(CODE, {"code": code_of(secret, steps=1)})
    assert is_in(other)


def test_an_administrator_takes_lost_factors_away_and_makes_a_link_to_a_password(account):
    ada, _in = sign_in(account)
    set_up_app(ada)
    make_api_token(account, name="notebook")
    boss = sign_in_staff(Client(), make_account(Role.ADMINISTRATOR))

    assert boss.get(reverse("weighting:people")).content.decode().count("set up<") == 1
    boss.post(reverse("weighting:person-second-factor", args=[account.pk]))
    assert not Authenticator.objects.exists()
    assert not is_in(ada)
    shown = boss.post(reverse("weighting:person-password", args=[account.pk]))
    link = shown.context["address"]
    client = Client()
    assert client.get(link[link.index("/in/") :], follow=True).redirect_chain[-1][0] == NEW_PASSWORD
    assert client.post(NEW_PASSWORD, {"new_password1": NEW, "new_password2": NEW})["Location"] == SIGN_IN
    assert sign_in(account, NEW)[1]["Location"] == reverse("home")
    assert Client().get(link[link.index("/in/") :], follow=True).status_code == 404
    assert not api_tokens_of(account).exists()
    assert acts()[-4:] == ["end_second_factors", "make_password_link", "revoke_token", "reset_password"]


def test_a_forgotten_password_is_mailed_to_whom_it_belongs_and_to_nobody_else(account, monkeypatch):
    queued = []
    monkeypatch.setattr("weighting.dispatch._queue", lambda task, rows: queued.extend(rows))
    pages = [Client().post(FORGOTTEN, {"email": email}) for email in ("ADA@staff.example", "x@y.example")]

    assert queued == [[account.pk]]
    assert pages[0].status_code == pages[1].status_code == 200
    assert "on its way" in pages[1].content.decode()
    assert mail_new_password(account.pk)
    (letter,) = mail.outbox
    token = letter.body.split("/in/")[1].split("/")[0]
    account.is_active = False
    account.save()
    client = Client()
    client.get(reverse("weighting:receive-link", args=[token]))
    assert client.get(NEW_PASSWORD).status_code == 404
    assert not mail_new_password(account.pk)


def test_links_are_not_asked_for_without_end_and_not_without_a_server(account, settings, monkeypatch):
    monkeypatch.setattr("weighting.dispatch._queue", lambda task, rows: None)
    answers = [Client().post(FORGOTTEN, {"email": "x@y.example"}) for _time in range(MOST_FAILURES + 1)]
    assert [answers[-2].status_code, answers[-1].status_code] == [200, 429]

    settings.EMAIL_BACKEND = "config.mail.EmailBackend"
    assert "Ask an administrator" in Client().get(FORGOTTEN).content.decode()
    assert "on its way" not in Client().post(FORGOTTEN, {"email": account.email}).content.decode()
