"""Whom limits see: people, by what the counted proxies heard, and never what a visitor says of itself."""

import pytest
from django.test import RequestFactory

from weighting.requests import client_address
from weighting.selectors.codes import ALPHABET
from weighting.services.attempts import MOST_FAILURES

PROXY = "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.5", PROXY),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "198.51.100.66, 203.0.113.5", "203.0.113.5"),
        (2, "198.51.100.66, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (2, "2001:DB8::0:1,10.0.0.2", "2001:db8::1"),
        (1, "::ffff:203.0.113.5", "203.0.113.5"),
        # Fewer were passed than are said to stand there, or one of them wrote nonsense.
        (2, "203.0.113.5", PROXY),
        (1, "", PROXY),
        (1, "unknown", PROXY),
        (1, "x" * 9000, PROXY),
    ],
)
def test_the_address_is_what_the_outermost_counted_proxy_heard(settings, proxies, forwarded, address):
    settings.PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded)

    assert client_address(request) == address


def test_a_server_that_listens_for_both_kinds_of_address_tells_people_apart(rf):
    heard = [rf.get("/", REMOTE_ADDR=f"::ffff:198.51.100.{number}") for number in (1, 2)]

    assert [client_address(request) for request in heard] == ["198.51.100.1", "198.51.100.2"]


@pytest.mark.django_db
@pytest.mark.parametrize(("proxies", "last"), [(0, 429), (1, 422)])
def test_people_behind_one_proxy_are_counted_apart_once_it_is_counted(client, settings, proxies, last):
    settings.PROXIES = proxies
    for number in range(MOST_FAILURES + 1):
        wrong = client.post("/in/code/", {"code": ALPHABET[:16]}, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")

    assert wrong.status_code == last
