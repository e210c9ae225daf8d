"""Ninety and more items filled in as a person does: reading, hesitating, going back, taking a break.

HUMAN_SECONDS is the time for one item; `make faults` takes a person's, the suite a tenth of it.
HUMAN_SHOTS names a folder for pictures to look at.
"""

import os
import random
import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests import factories
from tests.numbers import in_full
from weighting.models import Invitation, Score
from weighting.services.access import issue_invitation_link
from weighting.services.frameworks import import_framework

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.faults,
    pytest.mark.timeout(in_full(7200, otherwise=900)),
    pytest.mark.django_db(transaction=True),
]

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORK = ROOT / "demo" / "report2016" / "framework.csv"
ITEM_SECONDS = float(os.environ.get("HUMAN_SECONDS", "0.1"))
SHOTS = os.environ.get("HUMAN_SHOTS", "")
SAVED = re.compile("All answers are saved|所有评分已保存")


@pytest.fixture
def invitation():
    """One of a panel that is asked about the whole of the report's framework."""
    manager = factories.make_account()
    framework = import_framework(
        source=FRAMEWORK.read_bytes(),
        filename="framework.csv",
        name_zh="互联网+指数",
        name_en="Internet+",
        actor=manager,
    )
    round_ = factories.make_round(manager=manager, framework=framework)
    return factories.make_invitation(round_)


class Person:
    """Somebody with a mouse or a finger, who takes time."""

    def __init__(self, page, dice):
        self.page, self.dice = page, dice

    def pause(self, share=1.0):
        self.page.wait_for_timeout(1000 * ITEM_SECONDS * share * self.dice.uniform(0.4, 1.6))

    def answer(self, item, value):
        item.scroll_into_view_if_needed()
        self.pause()
        item.locator(f'.scale-point:has(input[value="{value}"])').click()

    def look(self, name):
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_whole_framework_is_scored_without_a_lost_click(
    live_server, context, invitation, width, language
):
    context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    person, shot = Person(page, random.Random(width)), f"expert2-{width}-{language}"

    page.goto(live_server.url + reverse("weighting:receive-link", args=[issue_invitation_link(invitation)]))
    person.look(f"{shot}-1-terms")
    page.locator('input[value="none"]').check()
    page.locator('input[name="consent"]').check()
    page.locator("main form .button").click()
    page.wait_for_url("**/ballot/")
    person.look(f"{shot}-2-begin")
    given = score_in_two_sittings(page, person, shot)

    expect(page.locator("[data-state]")).to_have_text(SAVED)
    page.locator(".ballot-end [data-review]").click()
    page.wait_for_url("**/ballot/review/")
    person.look(f"{shot}-5-review")
    page.locator("main form .button").click()
    page.wait_for_url("**/ballot/receipt/")
    person.look(f"{shot}-6-receipt")

    scores = Score.objects.filter(ballot__round=invitation.round_id)
    assert {f"score-{score.indicator_id}": str(score.value) for score in scores} == given
    assert scores.exclude(comment="").get().comment == "Depends on the city."
    assert Invitation.objects.get(pk=invitation.pk).sealed
    assert troubles == []


def score_in_two_sittings(page, person, shot):
    """Answer every item, with doubts, one comment, and a break in the middle; return what was meant."""
    given = {}
    names = page.locator(".ballot-item fieldset").evaluate_all("all => all.map(({ id }) => id)")
    assert len(names) >= 90
    for place, name in enumerate(names):
        item = page.locator(".ballot-item").nth(place)
        value = str(person.dice.choices(range(1, 6), weights=[1, 2, 4, 5, 3])[0])
        person.answer(item, value)
        if place % 12 == 5:
            value = str(person.dice.randint(1, 5))
            person.answer(item, value)
        if place == 3:
            item.locator(".item-comment summary").click()
            item.locator("textarea").type("Depends on the city.")
        if place == 40:
            person.look(f"{shot}-3-middle")
            expect(page.locator("[data-state]")).to_have_text(SAVED)
            page.reload()
            gap = page.locator(".ballot-item").nth(41).locator("input[type=radio]").first
            expect(page.locator(":focus")).to_have_attribute("name", gap.get_attribute("name"))
            person.look(f"{shot}-4-back")
        given[name] = value
    return given
