"""An answer is saved while strangers ask for more pictures than a process has threads."""

import threading
from concurrent.futures import ThreadPoolExecutor, TimeoutError

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.urls import reverse

from config.gunicorn import threads
from tests.factories import items_of, make_invitation, make_round, sign_in_expert
from tests.weighting.test_drawing import REQUEST, figure
from weighting import desk as desks
from weighting.turnstiles import Turnstile
from weighting.views import files
from weighting.views.files import picture_answer

pytestmark = pytest.mark.django_db(transaction=True)
BOUND = desks.desk


@pytest.fixture
def drawing(monkeypatch):
    """Nothing is drawn before the event is set."""
    caches["made"].clear()
    go = threading.Event()
    monkeypatch.setattr(files, "draw", lambda source, format: go.wait(30) and b"drawn")
    yield go
    go.set()


@pytest.fixture
def save():
    """Save an answer as an expert's browser does; return the status."""
    client, invitation = Client(), make_invitation(make_round())
    sign_in_expert(client, invitation)
    item = items_of(invitation.round)[0]

    def post():
        try:
            address = reverse("weighting:ballot-item-save", args=[item.code])
            answer = {"value": 3, "seen": 0, "client": "a"}
            return client.post(address, answer, headers={"accept": "application/json"}).status_code
        finally:
            connection.close()

    return post


@pytest.mark.parametrize(("waiting", "is_saved"), [(None, True), (10_000, False)], ids=["bound", "control"])
def test_an_answer_is_saved_while_pictures_wait(monkeypatch, drawing, save, waiting, is_saved):
    monkeypatch.setattr(desks, "desk", BOUND if waiting is None else Turnstile(waiting))
    with ThreadPoolExecutor(threads) as process:
        asked = [
            process.submit(picture_answer, REQUEST, figure(title=str(n)), "svg") for n in range(3 * threads)
        ]
        saved = process.submit(save)
        if is_saved:
            assert saved.result(timeout=20) == 200
            assert sum(answer.done() for answer in asked) >= 2 * threads
        else:
            with pytest.raises(TimeoutError):
                saved.result(timeout=1)
        drawing.set()
    statuses = [answer.result().status_code for answer in asked]
    assert saved.result() == 200
    assert (503 in statuses) == is_saved
    assert 200 in statuses
