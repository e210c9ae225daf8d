"""Sign-in at a provider of OpenID Connect: a small one that runs here and speaks real HTTP."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, confirm_identity, make_account, sign_in_staff
from weighting.enums import Role
from weighting.models import Account, AuditEntry
from weighting.services.joining import invite

pytestmark = pytest.mark.django_db

BEGIN = reverse("openid_connect_login", args=["oidc"])
OWN, SIGN_IN = reverse("weighting:own-account"), reverse("weighting:sign-in")
CLIENT, SECRET = "quanheng", "a secret of the client"
ADA = {"sub": "ada-1", "email": "ada@org.example", "email_verified": True, "name": "Ada Lin"}


class Provider(BaseHTTPRequestHandler):
    """What Keycloak and its like do, as far as this side sees it; who is signed in there is ``person``."""

    def do_GET(self):
        server, path = self.server, urlsplit(self.path)
        sent = {key: values[0] for key, values in parse_qs(path.query).items()}
        if path.path == "/.well-known/openid-configuration":
            return self.answer(server.described)
        if path.path == "/authorize":
            code = secrets.token_hex(8)
            server.codes[code] = sent
            return self.answer({"code": code, "state": sent["state"]})
        if path.path == "/userinfo" and self.headers["Authorization"] == "Bearer access":
            return self.answer(server.person)
        return self.answer({}, status=404)

    def do_POST(self):
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = self.server.codes.pop(sent["code"][0], None)
        proof = hashlib.sha256(sent.get("code_verifier", [""])[0].encode()).digest()
        is_right = asked and asked["code_challenge"] == base64.urlsafe_b64encode(proof).decode().rstrip("=")
        if not is_right or sent.get("client_secret") != [SECRET]:
            return self.answer({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {"iss": self.server.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, **self.server.person}
        token = jwt.encode(claims, self.server.key, algorithm="RS256", headers={"kid": "1"})
        return self.answer({"access_token": "access", "token_type": "Bearer", "id_token": token})

    def answer(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def running():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    address = f"http://127.0.0.1:{server.server_port}"
    server.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server.codes, server.issuer = {}, address
    server.described = {
        "issuer": address,
        "authorization_endpoint": f"{address}/authorize",
        "token_endpoint": f"{address}/token",
        "userinfo_endpoint": f"{address}/userinfo",
        "jwks_uri": f"{address}/jwks",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def provider(running, settings):
    settings.OIDC_SERVER, settings.OIDC_NAME, settings.OIDC_ROLE = running.issuer, "Our Keycloak", ""
    app = {
        "provider_id": "oidc",
        "name": "Our Keycloak",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {
            "server_url": running.issuer,
            "oauth_pkce_enabled": True,
            "auth_params": {"max_age": "900"},
        },
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    running.person = dict(ADA)
    return running


def go(client=None, **sent):
    """Sign in there, as the browser and the provider do together; return the last answer of the product."""
    from urllib.request import urlopen

    client = client or Client()
    away = client.post(BEGIN, {"process": "login", **sent})
    assert away.status_code == 302, away.content
    with urlopen(away["Location"], timeout=5) as answer:
        back = json.load(answer)
    return client, client.get(reverse("openid_connect_callback", args=["oidc"]), back)


def is_in(client):
    return client.get(OWN).status_code == 200


def test_whoever_was_invited_joins_with_the_role_of_the_invitation(provider):
    boss = make_account(Role.ADMINISTRATOR)
    link, token = invite(role=Role.MANAGER, name="", email="ADA@org.example", language="en", actor=boss)

    client, answer = go()
    assert answer["Location"] == reverse("home")
    account = Account.objects.get(email="ada@org.example")
    assert (account.role, account.is_staff, account.has_usable_password()) == (Role.MANAGER, False, False)
    assert is_in(client)
    link.refresh_from_db()
    assert link.account == account
    opened = Client()
    opened.get(reverse("weighting:receive-link", args=[token]))
    assert opened.get(reverse("weighting:join")).status_code == 404
    # The next time the account is found by what the provider calls the person, whatever the address is.
    provider.person = {**ADA, "email": "other@org.example"}
    assert is_in(go()[0])
    assert Account.objects.filter(role=Role.MANAGER).count() == 1
    assert "join" in AuditEntry.objects.values_list("act", flat=True)


@pytest.mark.parametrize("verified", [True, False])
def test_whoever_was_not_invited_is_turned_away_and_an_address_must_be_vouched_for(provider, verified):
    if not verified:
        boss = make_account(Role.ADMINISTRATOR)
        invite(role=Role.ADMINISTRATOR, name="", email=ADA["email"], language="en", actor=boss)
    provider.person["email_verified"] = verified
    before = Account.objects.count()

    client, answer = go()
    assert "nobody has invited you" in answer.content.decode()
    assert not is_in(client)
    assert Account.objects.count() == before


def test_a_role_of_the_settings_lets_in_whom_nobody_invited(provider, settings):
    settings.OIDC_ROLE = "analyst"
    assert is_in(go()[0])
    assert Account.objects.get().role == Role.ANALYST
    assert "join_uninvited" in AuditEntry.objects.values_list("act", flat=True)


def test_an_address_that_is_not_vouched_for_opens_no_account_and_makes_no_second_one(provider, settings):
    settings.OIDC_ROLE = "analyst"
    make_account(Role.ADMINISTRATOR, email=ADA["email"])
    provider.person["email_verified"] = False

    client, answer = go()
    assert "nobody has invited you" in answer.content.decode()
    assert not is_in(client)
    assert Account.objects.count() == 1


def test_an_account_is_found_by_an_address_that_is_vouched_for_and_its_password_ends(provider):
    account = make_account(Role.MANAGER, email="Ada@org.example")
    other = sign_in_staff(Client(), account)

    assert is_in(go()[0])
    account.refresh_from_db()
    assert not account.has_usable_password()
    assert not is_in(other)
    assert SocialAccount.objects.get().user == account


def test_an_account_that_is_switched_off_stays_off(provider):
    account = make_account(Role.MANAGER, email=ADA["email"])
    go()
    Account.objects.filter(pk=account.pk).update(is_active=False)

    client, answer = go()
    assert answer["Location"] == reverse("account_inactive")
    assert not is_in(client)


def test_one_connects_an_account_from_its_own_page_and_keeps_the_password(provider):
    account = make_account(Role.ANALYST)
    client = sign_in_staff(Client(), account)
    assert "Connect with Our Keycloak" in client.get(OWN).content.decode()

    assert go(client, process="connect")[1]["Location"] == OWN
    assert "connected<" in client.get(OWN).content.decode()
    assert account.check_password(PASSWORD)
    assert is_in(go()[0])
    assert "connect" in AuditEntry.objects.values_list("act", flat=True)


def test_grave_acts_ask_to_sign_in_there_once_more(provider):
    make_account(Role.ADMINISTRATOR, email=ADA["email"])
    client, _in = go()
    account = Account.objects.get()
    people, page = reverse("weighting:person-invite"), reverse("weighting:confirm-elsewhere")
    confirm_identity(client, account, seconds_ago=16 * 60)

    asked = client.get(people)
    assert asked["Location"].startswith(page)
    assert "sign in elsewhere once more" in client.get(asked["Location"]).content.decode()
    assert go(client, next=people)[1]["Location"] == people
    assert client.get(people).status_code == 200


def test_a_forged_return_and_a_provider_that_is_away_sign_nobody_in(provider, settings):
    client = Client()
    answer = client.get(reverse("openid_connect_callback", args=["oidc"]), {"code": "1", "state": "forged"})
    assert answer.status_code == 401
    assert not is_in(client)

    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://127.0.0.1:1"
    assert client.post(BEGIN, {"process": "login"}).status_code == 503


def test_the_sign_in_page_offers_it_where_it_is_set_up(client, provider, settings):
    page = client.get(SIGN_IN).content.decode()
    assert "Sign in with Our Keycloak" in page
    assert page.count("csrfmiddlewaretoken") >= 2
    settings.OIDC_SERVER = ""
    assert "Our Keycloak" not in client.get(SIGN_IN).content.decode()
