"""What a manager would otherwise have to look up page by page, or to recompute."""

import re

import pytest
from django.urls import reverse

from tests.factories import (
    make_account,
    make_framework,
    make_invitation,
    make_panel,
    make_round,
    sign_in_staff,
)
from tests.weighting.claims import begun
from weighting.enums import Rule
from weighting.selectors.rounds import items_of

pytestmark = pytest.mark.django_db

KOLKATA = "Asia/Kolkata"


@pytest.fixture
def manager(client):
    account = make_account()
    sign_in_staff(client, account)
    return account


def declare(invitation, words):
    invitation.conflict = words
    invitation.save()


def page_of(client, name, round_):
    return client.get(reverse(f"weighting:round-{name}", args=[round_.pk])).text


def test_the_page_of_a_round_names_who_declares_an_interest(client, manager):
    round_ = make_round(manager=manager)
    first, second, removed = (make_invitation(round_, place=place) for place in range(3))
    assert "Interests declared" not in page_of(client, "detail", round_)
    declare(first, "I advise the city of X.")
    declare(removed, "I own a share of it.")
    removed.removed = True
    removed.save()

    page = page_of(client, "detail", round_)
    [said] = re.findall(r"<p>Interests declared: (.*?)</p>", page)
    assert first.expert.name in said
    assert removed.expert.name not in said
    assert second.expert.name not in said
    assert reverse("weighting:invitation-detail", args=[round_.pk, first.pk]) in said
    assert "I advise the city of X." not in page, "what is declared stands on the page of its expert alone"


def test_the_report_counts_the_interests_and_tells_the_dates_in_the_time_zone_of_the_round(client, manager):
    round_ = make_round(manager=manager, state="aggregated", sealed=5, time_zone=KOLKATA)
    for place in range(2):
        declare(make_invitation(round_, place=place), "I advise the city of X.")

    page = page_of(client, "report", round_)
    assert "2 experts declared an interest before scoring." in page
    dates = page[page.index("Dates, from the log of acts") : page.index("<h2>The panel</h2>")]
    assert set(re.findall(r"UTC[+-]\d\d:\d\d", dates)) == {"UTC+05:30"}
    assert round_.deadline_text in dates


def test_a_deadline_is_first_offered_in_the_time_zone_of_whoever_drafts_the_round(client, manager):
    framework, panel = make_framework(owner=manager), make_panel(6, owner=manager)
    address = reverse("weighting:round-new") + f"?framework={framework.pk}&panel={panel.pk}"

    def chosen():
        return re.findall(r'<option value="([^"]+)" selected', client.get(address).text)

    assert "Asia/Shanghai" in chosen()
    manager.time_zone = KOLKATA
    manager.save()
    assert KOLKATA in chosen()
    assert "Asia/Shanghai" not in chosen()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_expert_who_is_added_has_the_language_of_the_page(client, manager, language):
    round_ = make_round(manager=manager)
    client.cookies["django_language"] = language
    page = page_of(client, "expert-add", round_)
    assert re.findall(r"<option value=\"([^\"]+)\" selected", page)[-1:] == [language]


@pytest.mark.parametrize("state", ["draft", "ready", "open"])
def test_a_manager_looks_at_the_ballot_before_and_while_experts_do(client, manager, state):
    round_ = make_round(manager=manager, state=state)
    assert reverse("weighting:round-preview", args=[round_.pk]) in page_of(client, "detail", round_)
    page = page_of(client, "preview", round_)
    for item in items_of(round_):
        assert page.count(f'id="score-{item.pk}"') == 1
        assert item.name_en in page
    assert "What happens to your answers" in page
    assert "I cannot judge this" not in page, "this round has no abstentions"
    main = page[page.index("<main") : page.index("</main>")]
    assert "<form" not in main, "there is nothing to send"
    assert not round_.ballots.exists()


def test_the_preview_asks_what_the_ballot_asks(client, manager):
    round_ = make_round(manager=manager, rule=Rule.NORMALISED_MEAN)
    other, _link = begun(make_invitation(round_))

    def asked(page):
        return sorted(re.findall(r'<(?:fieldset class="scale" id|input type="radio" id)="([^"]+)"', page))

    assert asked(page_of(client, "preview", round_)) == asked(other.get(reverse("weighting:ballot")).text)


def test_nobody_but_the_managers_of_a_round_previews_it(client, manager):
    others = make_round()
    assert client.get(reverse("weighting:round-preview", args=[others.pk])).status_code == 404
