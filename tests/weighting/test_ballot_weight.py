"""The ballot of 99 items stays light: few queries, and under 60 KB compressed with styles and scripts."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from tests import factories
from weighting.enums import Feedback, RoundState

pytestmark = pytest.mark.django_db

BALLOT = reverse("weighting:ballot")
LIMIT = 60_000
MOST_QUERIES = 12
STATIC = re.compile(r'(?:href|src)="/static/([^"]+\.(?:css|js))"')


@pytest.fixture
def invitation():
    """One of a panel asked about 4 + 10 + 85 items, in a round that follows another one."""
    manager = factories.make_account()
    tree = {
        f"part{part}": {
            f"part{part}.{group}": {f"part{part}.{group}.leaf{leaf}": {} for leaf in range(9 - group % 2)}
            for group in range(part % 2 + 2)
        }
        for part in range(4)
    }
    framework, panel = factories.make_framework(tree, owner=manager), factories.make_panel(5, owner=manager)
    fields = {"manager": manager, "framework": framework, "panel": panel}
    before = factories.make_round(state=RoundState.AGGREGATED, feedback=Feedback.OWN, **fields)
    invitation = factories.make_invitation(factories.make_round(follows=before, **fields))
    assert len(factories.items_of(invitation.round)) >= 99
    return invitation


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_ballot_with_styles_and_scripts_is_light(
    client, invitation, language, django_assert_max_num_queries
):
    factories.sign_in_expert(client, invitation)
    factories.fill_ballot(invitation)
    client.cookies["django_language"] = language

    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(BALLOT).content

    files = [finders.find(name) for name in STATIC.findall(page.decode())]
    parts = [page, *(Path(file).read_bytes() for file in files)]
    assert len(files) >= 9
    assert sum(len(gzip.compress(part)) for part in parts) < LIMIT


def test_the_page_travels_compressed(client, invitation):
    factories.sign_in_expert(client, invitation)

    response = client.get(BALLOT, headers={"accept-encoding": "gzip"})

    assert response["Content-Encoding"] == "gzip"
    assert b"part0.0.leaf0" in gzip.decompress(response.content)
