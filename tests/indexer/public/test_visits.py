"""Visits are counted without cookies, by day, and shown to the owner; robots find the sitemap."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone

from indexer.models import DailyVisits
from indexer.selectors.published import visits_of
from indexer.services import visits as counting
from indexer.services.visits import VisitCounter, add_visits
from tests.factories import make_account, sign_in_staff
from weighting.enums import Role

pytestmark = pytest.mark.django_db
INDEX = "/i/human-development/"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}


@pytest.fixture(autouse=True)
def counter(monkeypatch):
    """A counter that writes at once, as one does that has not written lately."""
    monkeypatch.setattr(counting, "SECONDS", 0.0)
    fresh = VisitCounter()
    monkeypatch.setattr("indexer.views.public.counting.visits", fresh)
    return fresh


def counted(edition):
    return sum(DailyVisits.objects.filter(index=edition.index_id).values_list("count", flat=True))


def test_strangers_are_counted_and_get_no_cookie(client, human_development):
    for address in (INDEX, f"{INDEX}1/", f"{INDEX}units/NOR/"):
        answer = client.get(address, headers=BROWSER)
        assert not answer.cookies
    client.get(INDEX, headers={**BROWSER, "If-None-Match": client.get(INDEX)["ETag"]})
    assert counted(human_development) == 4


def test_robots_heads_and_staff_are_not_counted(client, human_development):
    client.get(INDEX, headers={"User-Agent": "Googlebot/2.1"})
    client.get(INDEX)
    client.head(INDEX, headers=BROWSER)
    sign_in_staff(client, make_account(Role.ANALYST))
    client.get(INDEX, headers=BROWSER)
    assert counted(human_development) == 0


def test_what_is_not_written_at_once_is_not_lost(human_development, counter, monkeypatch):
    index = human_development.index
    counter.note(index.pk)
    monkeypatch.setattr(counting, "SECONDS", 1e9)
    for _ in range(9):
        counter.note(index.pk)
    assert counted(human_development) == 1
    monkeypatch.setattr(counting, "SECONDS", 0.0)
    counter.note(index.pk)
    assert counted(human_development) == 11


def test_a_locked_database_keeps_nobody_from_reading(client, human_development, monkeypatch):
    def refuse(counts):
        raise OperationalError("database is locked")

    with monkeypatch.context() as locked:
        locked.setattr(counting, "add_visits", refuse)
        assert client.get(INDEX, headers=BROWSER).status_code == 200
    assert counted(human_development) == 0
    client.get(INDEX, headers=BROWSER)
    assert counted(human_development) == 2


def test_days_without_a_visit_are_shown_as_such(human_development):
    index, today = human_development.index, timezone.localdate()
    add_visits({(index.pk, today): 3, (index.pk, today - timedelta(days=2)): 4})
    add_visits({(index.pk, today): 1, (index.pk, today - timedelta(days=400)): 5})
    days, total = visits_of(index, today)
    assert [count for _day, count in days[:3]] == [4, 0, 4]
    assert (len(days), total) == (30, 13)


def test_the_owner_alone_sees_them(client, human_development):
    index = human_development.index
    add_visits({(index.pk, timezone.localdate()): 1234})
    address = reverse("indexer:publishing-detail", args=[index.pk])
    assert "1234" not in client.get(INDEX).content.decode()
    sign_in_staff(client, index.created_by)
    assert "1234" in client.get(address).content.decode()


def test_robots_are_led_to_the_sitemap(client):
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert lines[0] == "User-agent: *"
    assert lines[-1].endswith("/sitemap.xml")
    assert "Disallow: /api/" in lines
