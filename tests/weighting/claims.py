"""What the tests of claims share: browsers that come in by a link, and what they hold."""

import re

from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.factories import remember_claims
from weighting.selectors.claims import KEY_LENGTH
from weighting.services.access import issue_invitation_link

BALLOT, CONFIRM = reverse("weighting:ballot"), reverse("weighting:confirm-link")
KEY, ANEW, NOT_ME = (reverse(f"weighting:{name}") for name in ("enter-key", "begin-anew", "not-me"))
RECEIPT, FILE = (reverse(f"weighting:{name}") for name in ("ballot-receipt", "ballot-receipt-download"))


def browser():
    """Return a browser that nobody has used, set to English."""
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def open_link(client, token):
    """Open a personal link; return the page that it comes to rest at."""
    return client.get(reverse("weighting:receive-link", args=[token]), follow=True)


def begin(client, token):
    """Open a personal link and begin, as its expert does."""
    open_link(client, token)
    response = client.post(CONFIRM, factories.CONSENT)
    remember_claims(client)
    return response


def begun(invitation):
    """Return the browser of an expert who has begun, and the link that they came by."""
    client, token = browser(), issue_invitation_link(invitation)
    assert begin(client, token)["Location"] == BALLOT
    return client, token


def sealed(invitation):
    """Return the same after every item is answered and the ballot sealed."""
    client, token = begun(invitation)
    factories.fill_ballot(invitation)
    assert client.post(reverse("weighting:ballot-seal"))["Location"] == RECEIPT
    return client, token


def key_of(client):
    """Return the ballot key that a browser holds."""
    return client.cookies[settings.BALLOT_COOKIE_NAME].value[:KEY_LENGTH]


def code_on(page):
    """Return the link's token and the code that a manager's page shows."""
    text = page.content.decode()
    return re.search(r"/in/([\w-]{40,})/", text).group(1), re.search(r"(?:\w{4}-){3}\w{4}", text).group()
