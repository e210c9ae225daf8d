"""A panel half of which has no e-mail address, in a real browser: from its file to the close, by chat."""

import os
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.ballot_page import agree_and_begin, answer, expect_all_saved, expect_no_overflow, items
from tests.factories import make_account, make_framework
from weighting.enums import RoundState
from weighting.models import Account, Invitation, Panel, Round
from weighting.services.rounds import RoundTerms, draft_round

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PANEL = """姓名,邮箱,单位
王伟,,第一医院
Bo Berg,bo@panel.example,
李娜,无,
张敏,zhang@panel.example,
刘洋,,
王伟,,第二医院
"""
# Width, language and colours of the manager's screen.
SCREENS = {"desk": (1440, "en", "light"), "phone": (390, "zh-hans", "dark")}


@pytest.fixture
def manager():
    return make_account(first_name="Ada", email="ada@staff.example")


@pytest.fixture
def picture(request):
    """Return a function that keeps a picture of a page where somebody asks for pictures."""
    folder = os.environ.get("PICTURES")

    def take(page, name):
        expect_no_overflow(page)
        if folder:
            page.screenshot(path=f"{folder}/{name}-{request.node.callspec.id}.png", full_page=True)

    return take


def import_panel(page, picture):
    page.locator("input[name=name]").fill("Chat panel")
    file = {"name": "panel.csv", "mimeType": "text/csv", "buffer": PANEL.encode()}
    page.locator("input[type=file]").set_input_files(file)
    page.locator("main form button[type=submit]").click()
    # Two of one name: nothing is kept before somebody says who they are.
    asked = page.locator('[name="reading-namesakes:王伟"]')
    picture(page, "namesakes")
    assert not Panel.objects.exists()
    asked.select_option("all")
    page.locator("main form button[type=submit]").click()
    expect(page.locator("h1")).to_have_text("Chat panel")
    picture(page, "panel")


def draft(manager):
    panel = Panel.objects.get()
    terms = RoundTerms(
        panel=panel,
        title_zh="第一轮",
        title_en="First round",
        parents=[None],
        rule="normalised_sum",
        quorum=4,
        minimum_panel=4,
        deadline=timezone.now() + timedelta(days=7),
        further={},
    )
    framework = make_framework(tree={"ab": {}, "cd": {}}, owner=manager)
    return draft_round(framework=framework, terms=terms, actor=Account.objects.get(pk=manager.pk))


def pasted(page):
    """What the manager finds who pastes into a chat."""
    page.evaluate("document.body.append(document.createElement('textarea'))")
    field = page.locator("body > textarea")
    field.press("ControlOrMeta+v")
    text = field.input_value()
    page.evaluate("document.querySelector('body > textarea').remove()")
    return text


def copied(page):
    page.locator("[data-copy=invitation-text]").click()
    return re.search(r"https?://\S+/in/\S+", pasted(page))[0]


def score(browser, live_server, link, picture):
    """Come in by a link from a chat on a phone, answer everything and seal."""
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = phone.new_page()
    page.goto(live_server.url + link[link.index("/in/") :])
    agree_and_begin(page)
    for place in range(items(page).count()):
        answer(page, place, 3 + place)
    expect_all_saved(page)
    picture(page, "ballot")
    page.goto(live_server.url + reverse("weighting:ballot-review"))
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url("**/receipt/")
    phone.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_links_go_into_chats_one_after_another(browser, live_server, open_page, manager, picture, screen):
    width, language, colours = SCREENS[screen]
    page = open_page(
        reverse("weighting:panel-import"),
        account=manager,
        language=language,
        width=width,
        color_scheme=colours,
    )
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    import_panel(page, picture)
    round_ = draft(manager)
    address = live_server.url + reverse("weighting:round-detail", args=[round_.pk])
    for state in (RoundState.READY, RoundState.OPEN):
        page.goto(address)
        page.locator(".confirm form button").first.click()
        page.wait_for_url(address)
        assert Round.objects.get().state == state
    picture(page, "round")

    page.locator(f'.notice a[href="{reverse("weighting:round-hand-out", args=[round_.pk])}"]').click()
    expect(page.locator("tbody tr")).to_have_count(4)
    picture(page, "list-before")
    # One press makes a link, one copies the text, one says that it was given and makes the next one.
    page.locator("tbody form button").first.click()
    links = [copied(page)]
    picture(page, "link")
    for _ in range(3):
        page.locator("main form:has(input[name=given]) button").first.click()
        page.wait_for_load_state()
        links.append(copied(page))
    page.locator("main form:has(input[name=given]) button").first.click()
    expect(page.locator("tbody td:nth-child(2)", has_text="✓")).to_have_count(4)
    assert len(set(links)) == 4
    picture(page, "list-after")

    # A reminder is one press, and holds no link.
    page.locator("[data-copy^=reminder-]").first.click()
    reminder = pasted(page)
    assert "王伟" in reminder
    assert "/in/" not in reminder

    for link in links:
        score(browser, live_server, link, picture)
    page.reload()
    expect(page.locator("[data-copy^=reminder-]")).to_have_count(0)
    assert Invitation.objects.filter(expert__email="", sealed=True).count() == 4

    page.goto(live_server.url + reverse("weighting:round-close", args=[round_.pk]))
    page.locator("main .confirm form button").click()
    page.wait_for_url(address)
    assert Round.objects.get().state == RoundState.CLOSED
    assert Round.objects.get().sealed_count == 4
