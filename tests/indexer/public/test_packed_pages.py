"""Strangers get pages packed, also those that are kept; whoever is known here gets them as they are."""

import gzip

import pytest
from django.test import Client

from tests.factories import make_account, sign_in_staff
from tests.indexer.public.test_kept_pages import INDEX, another, now  # noqa: F401  (a fixture)
from weighting.enums import Role

pytestmark = pytest.mark.django_db
PACKED = {"Accept-Encoding": "gzip, deflate, br"}


def test_a_page_that_is_kept_is_handed_out_packed_and_plain(client, human_development, now):  # noqa: F811
    plain = client.get(INDEX)
    first, again = (another(client).get(INDEX, headers=PACKED) for _turn in range(2))
    for answer in (first, again):
        assert answer["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer["Vary"]
        assert gzip.decompress(answer.content) == plain.content
        assert len(answer.content) < len(plain.content) / 3
        assert answer["ETag"] == plain["ETag"]
    assert "Content-Encoding" not in plain
    assert another(client).get(INDEX).content == plain.content
    held = another(client).get(INDEX, headers={**PACKED, "If-None-Match": plain["ETag"]})
    assert (held.status_code, held.content) == (304, b"")


def test_nothing_is_packed_for_whoever_is_known_here(human_development):
    manager = sign_in_staff(Client(), make_account(Role.MANAGER))
    for address in ("/", INDEX, f"/runs/{human_development.run_id}/"):
        assert "Content-Encoding" not in manager.get(address, headers=PACKED)


def test_what_is_packed_already_is_left_alone(client, human_development):
    answer = client.get(f"{INDEX}ranking.png", headers=PACKED)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer
