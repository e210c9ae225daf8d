"""What is sent is held to a length, by who sends it, before anything of it is kept."""

import io

import pytest
from django.test import RequestFactory
from django.urls import reverse

from weighting import bodies
from weighting.bodies import LARGEST, LARGEST_OF_STAFF, MEGABYTE, BodyMiddleware
from weighting.enums import Role
from weighting.visitors import Visitor

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


def send(client, path, length):
    """Send one field that makes so many bytes of a form; return the answer."""
    return client.post(path, "code=" + "x" * (length - 5), content_type=FORM)


def test_a_stranger_sends_a_secret_and_no_book(client):
    largest = LARGEST[Role.ANONYMOUS]
    taken, refused = (send(client, reverse("weighting:sign-in"), length) for length in (largest, largest + 1))

    assert taken.status_code == 200
    assert refused.status_code == 413
    assert "1 MB" in refused.text


def test_the_api_says_it_as_it_says_all(client):
    refused = client.post("/api/data-sets/", "x" * (MEGABYTE + 1), content_type="application/json")

    assert refused.status_code == 413
    assert "1 MB" in refused.json()["detail"]


def test_an_expert_sends_a_ballot_of_thousands(expert):
    path, largest = reverse("weighting:ballot"), LARGEST[Role.EXPERT]

    assert send(expert, path, largest + 1).status_code == 413
    assert send(expert, path, largest).status_code != 413


def test_staff_send_files(analyst):
    path = reverse("indexer:data-set-import")

    assert send(analyst, path, LARGEST_OF_STAFF + 1).status_code == 413
    # Of text alone less is taken; of files this much.
    file = io.BytesIO(b"x" * (LARGEST_OF_STAFF - MEGABYTE))
    assert analyst.post(path, {"file": file}).status_code != 413


@pytest.mark.parametrize("role", [Role.ANONYMOUS, Role.EXPERT, Role.MANAGER])
def test_what_is_refused_is_read_in_pieces_and_no_more_than_so_far(role, monkeypatch):
    class Stream(io.BytesIO):
        largest = 0

        def read(self, size=-1):
            piece = super().read(size)
            self.largest = max(self.largest, len(piece))
            return piece

    monkeypatch.setattr(bodies, "MOST_THROWN_AWAY", 40 * MEGABYTE)
    stream, length = Stream(b"x" * (50 * MEGABYTE)), 50 * MEGABYTE
    request = RequestFactory().post("/sign-in/")
    request.visitor = Visitor(role=role)
    request.META["CONTENT_LENGTH"] = str(length)
    request._stream = stream

    assert BodyMiddleware(pytest.fail)(request).status_code == 413
    assert stream.tell() == 40 * MEGABYTE
    assert stream.largest <= bodies.PIECE


def test_nobody_is_looked_up_for_what_anybody_may_send(django_assert_num_queries):
    request = RequestFactory().post("/sign-in/", "x" * MEGABYTE, content_type=FORM)
    answer = object()

    with django_assert_num_queries(0):
        assert BodyMiddleware(lambda _request: answer)(request) is answer
