"""Roles that the site asks a second factor of are led to set one up before anything else."""

import os
import subprocess
import sys

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from tests.factories import make_account, make_framework, make_invitation, make_round, sign_in_staff
from tests.test_compose import ROOT
from tests.weighting.claims import begun
from weighting.enums import Role
from weighting.services.api_tokens import make_api_token

pytestmark = pytest.mark.django_db
ROUNDS, SET_UP = reverse("weighting:round-list"), reverse("mfa_index")


@pytest.fixture(autouse=True)
def _obliged(settings):
    settings.SECOND_FACTOR_ROLES = frozenset({"manager", "administrator"})


def add_factor(account, kind=Authenticator.Type.TOTP):
    Authenticator.objects.create(user=account, type=kind, data={})


def test_whoever_lacks_one_is_led_there_and_the_page_says_why():
    manager = sign_in_staff(Client(), make_account())
    for address in (
        ROUNDS,
        reverse("home"),
        reverse("weighting:own-account"),
        reverse("weighting:token-list"),
    ):
        assert manager.get(address).headers.get("Location") == SET_UP, address
    assert manager.post(reverse("weighting:round-new")).headers["Location"] == SET_UP
    shown = manager.get(ROUNDS, follow=True)
    assert shown.status_code == 200
    assert "Your role needs a second factor here" in shown.text
    for name in ("mfa_activate_totp", "mfa_add_webauthn"):
        assert manager.get(reverse(name)).headers.get("Location") != SET_UP
    assert manager.post(reverse("weighting:sign-out")).headers["Location"] != SET_UP


@pytest.mark.parametrize("kind", [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
def test_whoever_has_one_goes_on(kind):
    account = make_account()
    manager = sign_in_staff(Client(), account)
    add_factor(account, kind)
    assert manager.get(ROUNDS).status_code == 200


def test_recovery_codes_alone_are_none():
    account = make_account()
    manager = sign_in_staff(Client(), account)
    add_factor(account, Authenticator.Type.RECOVERY_CODES)
    assert manager.get(ROUNDS).headers["Location"] == SET_UP


def test_the_api_tells_a_session_so_and_lets_a_token_go_on():
    account = make_account()
    address = reverse("weighting:api-round-list")
    answer = sign_in_staff(Client(), account).get(address)
    assert answer.status_code == 403
    assert "second factor" in answer.json()["detail"]
    secret = make_api_token(account, name="a program")
    assert Client().get(address, headers={"authorization": f"Bearer {secret}"}).status_code == 200


def test_other_roles_strangers_and_experts_are_asked_for_nothing():
    make_framework()
    for client in (sign_in_staff(Client(), make_account(Role.ANALYST)), Client()):
        assert client.get(reverse("weighting:version-list")).status_code == 200
    expert, _token = begun(make_invitation(make_round()))
    assert expert.get(reverse("weighting:ballot")).status_code == 200


def test_a_role_that_is_not_known_is_refused_with_those_that_are():
    environment = {**os.environ, "QUANHENG_SECOND_FACTOR": "manger"}
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "QUANHENG_SECOND_FACTOR is 'manger': write manager, analyst or administrator" in done.stderr
