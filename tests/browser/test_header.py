"""The header stands where it stood on the page before, whatever the page holds."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BOXES = """() => [".brand", ".site-nav li:last-child", ".languages, .site-tools form", "h1"].map((part) => {
  const box = document.querySelector(part).getBoundingClientRect();
  return [part, box.x, part === "h1" ? 0 : box.y, part === "h1" ? 0 : box.width];
})"""


@pytest.mark.parametrize("width", [1440, 1920])
def test_it_stands_still_between_pages_of_every_width(live_server, browser, width):
    manager = make_account(Role.MANAGER)
    run = make_runs(random_values(5), framework=make_framework(owner=manager))[0]
    session = sign_in_staff(Client(), manager).cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(viewport={"width": width, "height": 900})
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: "en"}
    context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()])
    page = context.new_page()
    seen = {}
    # A wide one, two of the usual width and a narrow one, each below another item of the menu.
    pages = [
        reverse("indexer:run-detail", args=[run.pk]),
        reverse("weighting:round-list"),
        reverse("weighting:framework-detail", args=[run.data_set.framework_id]),
        reverse("weighting:panel-import"),
    ]
    for address in pages:
        page.goto(live_server.url + address)
        seen[address] = page.evaluate(BOXES)
    context.close()
    assert len({str(boxes) for boxes in seen.values()}) == 1, seen


def test_it_stands_still_for_an_expert(open_ballot, live_server):
    page = open_ballot()
    boxes = {}
    for name in ("weighting:ballot", "weighting:ballot-review", "weighting:ballot-terms"):
        page.goto(live_server.url + reverse(name))
        brand = page.locator(".brand").bounding_box()
        boxes[page.url] = (brand["x"], brand["y"], page.locator("h1").bounding_box()["x"])
    assert len(boxes) > 1
    assert len(set(boxes.values())) == 1, boxes
