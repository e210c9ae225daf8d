"""One language is enough: with names in one alone no page has an empty heading or says a name twice."""

import re

import pytest
from django.test import Client

from indexer.models import City
from tests import factories
from tests.factories import make_invitation, sign_in_expert, sign_in_staff
from tests.test_shapes import TEXT, addresses, make_world

pytestmark = pytest.mark.django_db

TREE = {"infra": {"fixed": {}, "mobile": {}}, "travel": {}}
# What carries the name of something, and says nothing when it is empty.
BARE = re.compile(
    r"<(h[1-6]|th|caption|legend|title|option|summary|figcaption)\b([^>]*)>((?:\s|<[^>]*>)*)</\1>", re.S
)
NAMES = (
    r"Indicator \w+|City \d+|Framework \d+|Data set \d+|Version \d+|First round|Branch|GDP|Province A|Import"
    r"|指标[a-z]+|城市\d+|指标体系\d+|数据集\d+|版本\d+|第一轮|分支|地区生产总值|甲省"
)
TWICE = re.compile(rf"(?<![\w])({NAMES})[\s·,，(（/—–-]{{1,3}}\1(?![\w])")
ENDS = re.compile(r"</(?:p|td|th|li|h\d|dd|dt|div|option|label)>")
EITHER = {"en": "zh", "zh": "en"}


def empty_headings(page):
    """Return the empty headings, choices and captions of a page; a corner of a table is none."""
    found = [match for match in BARE.finditer(page) if "<svg" not in match[3] and "<img" not in match[3]]
    return [match[0][:90] for match in found if not _may_be_empty(match[1], match[2])]


def _may_be_empty(tag, attributes):
    is_corner = tag == "th" and 'scope="row"' not in attributes
    return is_corner or (tag == "option" and 'value=""' in attributes)


def doubled_names(page):
    """Return the names that follow themselves within a line of a page."""
    lines = (" ".join(TEXT.sub(" ", block).split()) for block in ENDS.split(page))
    return [match[0] for line in lines for match in TWICE.finditer(line)]


def names_twice(address, content):
    """Return the rows of an export that hold a name in both languages where it has one."""
    rows = [line.split(",") for line in content.decode("utf-8-sig").splitlines()]
    pairs = [
        (place, rows[0].index(f"{head[:-3]}_en"))
        for place, head in enumerate(rows[0] if rows else [])
        if head.endswith("_zh") and f"{head[:-3]}_en" in rows[0]
    ]
    return [
        (address, row)
        for row in rows
        for at, to in pairs
        if max(at, to) < len(row) and row[at] == row[to] != ""
    ]


def walk(client, language, asked):
    """Return what is broken, empty or said twice, with the address."""
    found = []
    for address in asked:
        response = client.get(address, headers={"Accept-Language": language})
        if response.status_code >= 500:
            found.append((address, response.status_code))
        if response.headers.get("Content-Type", "").startswith("text/html"):
            page = response.content.decode()
            found += [(address, what) for what in empty_headings(page) + doubled_names(page)]
        if response.headers.get("Content-Type", "").startswith("text/csv"):
            found += names_twice(address, b"".join(response))
    return found


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_no_page_of_a_world_in_one_language_is_empty_or_says_a_name_twice(spoken, monkeypatch):
    monkeypatch.setattr(factories, "SPOKEN", {spoken})
    world = make_world(TREE, 3)
    asked = list(addresses(world, []))
    manager = sign_in_staff(Client(raise_request_exception=False), world.manager)
    expert = sign_in_expert(Client(raise_request_exception=False), make_invitation(world.round_, place=4))
    ballot = [address for address in asked if address.startswith(("/ballot", "/receipts"))]
    shown = [address for address in asked if not address.startswith("/api/")]

    assert not City.objects.exclude(**{f"name_{EITHER[spoken]}": ""}).exists()
    assert walk(manager, EITHER[spoken], shown) == []
    assert walk(expert, EITHER[spoken], ballot) == []


@pytest.mark.parametrize(
    "page",
    [
        "<h2 id=x> </h2>",
        '<th scope="row"></th>',
        '<option value="3"></option>',
        "<td>City 1 <small>City 1</small></td>",
    ],
)
def test_the_walk_sees_what_is_empty_or_twice(page):
    assert empty_headings(page) + doubled_names(page)
