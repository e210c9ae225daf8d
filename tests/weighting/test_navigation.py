"""The head of every page leads to the pages of its reader's role, in their language."""

import re

import pytest
from django.test import Client
from django.urls import set_script_prefix

from tests.factories import make_account, sign_in_staff
from weighting.enums import Role

pytestmark = pytest.mark.django_db

ITEM = re.compile(r'<a href="([^"]+)"(?: aria-current="(\w+)")?>([^<]+)</a>')


def navigations(client, address, **headers):
    """Return the items of each navigation on a page: address, mark, label."""
    page = client.get(address, headers=headers).content.decode()
    parts = re.findall(r'<nav class="site-nav".*?</nav>', page, re.DOTALL)
    return [ITEM.findall(part) for part in parts]


def test_each_role_is_led_to_its_own_pages_and_nobody_to_those_of_another():
    """Whoever asks next is another reader, of the same process."""
    common = ["/compare/", "/runs/", "/studies/", "/data-sets/", "/weight-versions/"]
    managed = [*common, "/rounds/", "/panels/", "/frameworks/", "/publishing/"]
    expected = {
        Role.ANALYST: [*common, "/frameworks/"],
        Role.MANAGER: managed,
        Role.ADMINISTRATOR: [*managed, "/people/"],
    }
    clients = {role: sign_in_staff(Client(), make_account(role)) for role in expected}
    expected["stranger"], clients["stranger"] = ["/", *common, "/frameworks/"], Client()
    for _twice in range(2):
        for role, client in clients.items():
            wide, narrow = navigations(client, "/runs/")
            assert wide == narrow
            assert [href for href, _mark, _label in wide] == expected[role], role


def test_the_item_of_a_page_is_marked_and_of_those_below_it_otherwise():
    manager = sign_in_staff(Client(), make_account(Role.MANAGER))
    marked = {
        address: [(href, mark) for href, mark, _label in navigations(manager, address)[0] if mark]
        for address in ("/rounds/", "/rounds/0/", "/runs/", "/nothing/")
    }
    assert marked == {
        "/rounds/": [("/rounds/", "page")],
        "/rounds/0/": [("/rounds/", "true")],
        "/runs/": [("/runs/", "page")],
        "/nothing/": [],
    }
    stranger = Client()
    assert ("/", "page", "Published indices") in navigations(stranger, "/")[0]
    assert ("/", "", "Published indices") in navigations(stranger, "/compare/")[0]


def test_two_readers_of_one_process_are_each_shown_their_language():
    labels = {
        language: [
            label for _href, _mark, label in navigations(Client(), "/runs/", accept_language=language)[0]
        ]
        for language in ("en", "zh-hans")
    }
    assert labels["en"][1:3] == ["Comparison", "Rankings"]
    assert labels["zh-hans"][1:3] == ["版本比较", "排名"]


def test_addresses_are_those_of_where_the_product_stands():
    assert navigations(Client(), "/runs/")[0][2][:2] == ("/runs/", "page")
    set_script_prefix("/panel/")
    try:
        assert navigations(Client(SCRIPT_NAME="/panel"), "/runs/")[0][2][:2] == ("/panel/runs/", "page")
    finally:
        set_script_prefix("/")
