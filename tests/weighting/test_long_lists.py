"""Lists that may be long come a page at a time, in as many queries however long they are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_framework, make_panel, make_round
from weighting.enums import LetterKind, LetterState
from weighting.models import Invitation, Letter
from weighting.selectors.letters import count_not_reached
from weighting.services.versions import draft_equal_version
from weighting.views import listing

pytestmark = [pytest.mark.django_db, pytest.mark.postgres, pytest.mark.usefixtures("manager_signed_in")]


@pytest.fixture
def lists(manager):
    """Seven of each: versions, rounds, experts of a panel, and experts who are invited."""
    framework, panel = make_framework(owner=manager), make_panel(7, owner=manager)
    for number in range(7):
        draft_equal_version(framework=framework, label_zh="", label_en=f"Equal {number}", actor=manager)
    rounds = [make_round(manager=manager, framework=framework, panel=panel) for _number in range(7)]
    return {
        reverse("weighting:version-list"): "versions",
        reverse("weighting:round-list"): "rounds",
        reverse("weighting:panel-detail", args=[panel.pk]): "experts",
        reverse("weighting:round-detail", args=[rounds[0].pk]): "invitations",
    }


def test_every_row_stands_on_one_page_and_a_page_leads_to_the_next(client, lists, monkeypatch):
    for address in lists:
        assert "Pages of the list" not in client.get(address).content.decode(), address
    monkeypatch.setattr(listing, "PAGE_SIZE", 3)
    for address, name in lists.items():
        pages = [client.get(address, {"page": number}).context[name] for number in (1, 2, 3)]
        rows = [row.pk for page in pages for row in page]

        assert len(set(rows)) == len(rows) == 7, address
        assert "rows 1 to 3 of 7" in client.get(address).content.decode(), address


def test_a_page_takes_the_same_queries_however_long_the_list_is(client, lists, monkeypatch):
    counts = []
    for size in (2, 100):
        monkeypatch.setattr(listing, "PAGE_SIZE", size)
        counts.append([])
        for address in lists:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            counts[-1].append(len(queries))
    assert counts[0] == counts[1]


def test_who_was_not_reached_is_counted_by_the_last_letter(manager):
    round_ = make_round(
        manager=manager, framework=make_framework(owner=manager), panel=make_panel(5, owner=manager)
    )
    invitations = list(Invitation.objects.filter(round=round_).order_by("pk"))
    told = [
        [LetterState.REFUSED],
        [LetterState.REFUSED, LetterState.HANDED],
        [LetterState.HANDED, LetterState.GIVEN_UP],
        [LetterState.ASTRAY],
        [],
    ]
    for invitation, states in zip(invitations, told, strict=True):
        for number, state in enumerate(states, start=1):
            Letter.objects.create(
                invitation=invitation,
                kind=LetterKind.REMINDER,
                number=number,
                signed_by=manager,
                state=state,
            )
    Invitation.objects.filter(pk=invitations[3].pk).update(started=True, sealed=True)

    assert count_not_reached(round_) == 2
