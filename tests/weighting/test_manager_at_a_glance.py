"""What a manager would otherwise have to look up page by page, or to recompute."""

import re

import pytest
from django.urls import reverse

from tests.factories import (
    make_framework,
    make_invitation,
    make_panel,
    make_round,
)
from tests.weighting.claims import begun
from weighting.enums import Rule
from weighting.selectors.rounds import items_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]

KOLKATA = "Asia/Kolkata"


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
    # Who reads it is to see that the panel had less time than it was promised.
    assert dates.count("before its deadline") == 1


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


def draft_address(framework, panel, like=None):
    address = reverse("weighting:round-new") + f"?framework={framework.pk}&panel={panel.pk}"
    return address + (f"&like={like.pk}" if like else "")


@pytest.mark.parametrize("state", ["closed", "aggregated", "void"])
def test_another_round_begins_with_the_rules_of_one_that_is_over(client, manager, state):
    framework = make_framework(owner=manager)
    first, second = (make_panel(9, owner=manager) for _panel in range(2))
    root = [None]
    old = make_round(
        manager=manager,
        state=state,
        sealed=6,
        framework=framework,
        panel=first,
        parents=root,
        rule=Rule.NORMALISED_MEAN,
        quorum=6,
        time_zone=KOLKATA,
        languages=["en"],
    )
    address = draft_address(framework, first, old)
    assert address.replace("&", "&amp;") in page_of(client, "detail", old)

    form = client.get(draft_address(framework, second, old)).context["form"]
    began = {name: form[name].value() for name in ("rule", "quorum", "time_zone", "languages", "groups")}
    assert began == {
        "rule": "normalised_mean",
        "quorum": 6,
        "time_zone": KOLKATA,
        "languages": ["en"],
        "groups": ["root"],
    }
    assert form["deadline"].value() is None
    assert form.opens_advanced()


def test_the_rules_come_along_to_another_framework_and_to_the_choice_of_one(client, manager):
    old = make_round(manager=manager, state="closed", sealed=5, parents=[None], quorum=6, panel=make_panel(9))
    other = make_framework({"x": {"x1": {}, "x2": {}}, "y": {}}, owner=manager)
    page = client.get(draft_address(other, old.panel, old))
    assert page.context["form"]["quorum"].value() == 6
    assert page.context["form"]["groups"].value() == ["root"]
    again = reverse("weighting:round-new") + f"?like={old.pk}"
    assert f'href="{again}"' in page.text
    assert f'name="like" value="{old.pk}"' in client.get(again).text


def test_the_rules_of_a_round_of_somebody_else_are_nobodys(client, manager):
    framework, panel = make_framework(owner=manager), make_panel(6, owner=manager)
    theirs = make_round(state="closed", sealed=5, quorum=5)
    page = client.get(draft_address(framework, panel, theirs))
    assert "like" in page.context["form"].errors


def test_a_panel_that_is_too_small_for_any_round_is_told_before_the_rest_is_filled_in(client, manager):
    framework, panel = make_framework(owner=manager), make_panel(3, owner=manager)
    page = client.get(draft_address(framework, panel))
    assert page.context["form"].errors["panel"] == [
        "The panel has 3 experts, fewer than the minimum of 4: choose another panel."
    ]


@pytest.mark.parametrize(("sealed", "is_short"), [(5, True), (6, False)])
def test_who_would_close_a_round_that_gives_no_weights_is_told_and_led_to_a_later_deadline(
    client, manager, sealed, is_short
):
    round_ = make_round(manager=manager, panel=make_panel(9, owner=manager), quorum=6, sealed=sealed)
    words = "5 ballots are sealed, and weights need 6: with fewer at the close none can be made"
    later = reverse("weighting:round-extend", args=[round_.pk])
    page = page_of(client, "close", round_)
    assert (words in page) is is_short
    assert (later in page) is is_short
    assert (words in page_of(client, "detail", round_)) is is_short


def test_the_last_round_of_a_series_is_not_said_to_stand_alone(client, manager):
    before = make_round(manager=manager, state="aggregated", sealed=5, feedback="group")
    last = make_round(
        manager=manager, state="draft", framework=before.framework, panel=before.panel, follows=before
    )
    page = page_of(client, "detail", last)
    assert "Nothing: the series ends with this round" in page
    assert "stands alone" not in page
    assert "Nothing: this round stands alone" in page_of(client, "detail", make_round(manager=manager))
