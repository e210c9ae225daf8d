"""What strangers read is handed out of memory: the same bytes without a query, and never what fell since."""

from types import SimpleNamespace

import pytest
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client

from indexer.models import DailyVisits
from indexer.services import visits as counting
from indexer.services.published import describe_index
from indexer.services.visits import VisitCounter
from indexer.views.public.pages import strangers_page
from tests.factories import make_account, sign_in_staff
from tests.indexer.public.human_development import TERMS
from tests.indexer.public.test_visits import BROWSER
from weighting import kept
from weighting.crowds import CrowdMiddleware
from weighting.enums import Role
from weighting.kept import MOST_UNUSED, STALE_SECONDS, Cupboard, Kept, unnoticed

pytestmark = pytest.mark.django_db
INDEX, UNIT, EMBED = (
    "/i/human-development/",
    "/i/human-development/units/NOR/",
    "/i/human-development/embed/ranking/",
)


@pytest.fixture
def now(settings, monkeypatch):
    """The clock of what is kept, which stands still until a test moves it."""
    settings.KEPT_SECONDS = 1.0
    caches["pages"].clear()
    now = [100.0]
    monkeypatch.setattr(kept, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def another(client):
    """Another browser at the same process."""
    other = Client()
    other.handler = client.handler
    return other


def reword(edition, name):
    describe_index(edition.index, terms={**TERMS, "name_en": name}, actor=make_account(Role.MANAGER))


def test_what_is_kept_costs_no_query_and_is_the_same(
    client, human_development, now, django_assert_num_queries
):
    for address in ("/", INDEX, UNIT, EMBED):
        first = client.get(address)
        with django_assert_num_queries(0):
            again = another(client).get(address)
            held = client.get(address, headers={"If-None-Match": first["ETag"]})
        assert (again.content, dict(again.items())) == (first.content, dict(first.items()))
        assert (held.status_code, held.content, held["Cache-Control"]) == (304, b"", first["Cache-Control"])
        assert ("X-Frame-Options" in held) == ("X-Frame-Options" in first) == (address != EMBED)
        assert held["Content-Security-Policy"] == first["Content-Security-Policy"]
        assert not again.cookies


def test_every_language_has_its_own(client, human_development, now):
    english, chinese = ({"Accept-Language": code} for code in ("en", "zh-hans"))
    for _ in range(2):
        assert "Human Development" in client.get(INDEX, headers=english).content.decode()
        assert "人类发展" in client.get(INDEX, headers=chinese).content.decode()
    asked = client.get(INDEX, {"lang": "zh-hans"})
    assert asked.cookies
    assert another(client).get(INDEX, {"lang": "zh-hans"}).cookies


def test_a_correction_is_seen_after_a_second_on_every_page(client, human_development, now):
    pages = {address: client.get(address).content for address in (INDEX, UNIT)}
    reword(human_development, "Prosperity of nations")
    assert {address: client.get(address).content for address in pages} == pages
    now[0] += 1
    for address in pages:
        assert "Prosperity of nations" in client.get(address).content.decode()


def test_nothing_is_handed_out_a_second_after_it_was_withdrawn(client, human_development, now):
    data_set = human_development.run.data_set
    for address in (INDEX, UNIT):
        assert client.get(address).status_code == 200
    data_set.is_published = False
    data_set.save(update_fields=["is_published"])
    now[0] += 1
    assert {address: client.get(address).status_code for address in (INDEX, UNIT)} == {INDEX: 404, UNIT: 404}


def test_one_reader_asks_whether_all_that_depends_on_the_same_still_holds(client, human_development, now):
    pages = (INDEX, UNIT)
    for address in pages:
        client.get(address)
    now[0] += 1
    asked = []
    for address in pages * 2:
        asked.append(getattr(client.get(address).wsgi_request, "kept", None) is not None)
    assert asked == [True, False, False, False]


def test_pages_of_staff_are_neither_kept_nor_taken_from_there(client, human_development, now):
    stranger = client.get(INDEX).content
    staff = sign_in_staff(another(client), make_account(Role.MANAGER, username="who-is-named"))
    for _ in range(2):
        page = staff.get(INDEX)
        assert "who-is-named" in page.content.decode()
        assert page["Cache-Control"] == "private, no-store"
        assert client.get(INDEX).content == stranger
    now[0] += 10
    staff.get(UNIT)
    assert "who-is-named" not in client.get(UNIT).content.decode()
    assert "who-is-named" not in client.get(INDEX).content.decode()


def test_readers_of_what_is_kept_take_no_allowance_and_are_counted(
    client, human_development, now, settings, monkeypatch
):
    settings.LIMIT_STRANGERS = True
    monkeypatch.setattr(counting, "SECONDS", 0.0)
    monkeypatch.setattr("indexer.views.public.counting.visits", VisitCounter())
    statuses = {client.get(INDEX, headers=BROWSER).status_code for _ in range(130)}
    assert statuses == {200}
    assert sum(DailyVisits.objects.values_list("count", flat=True)) == 130
    settings.KEPT_SECONDS = 0
    assert 429 in {client.get("/robots.txt").status_code for _ in range(130)}


def answer_of(size, named):
    return Kept(b"x" * size, {"ETag": named}, {}, unnoticed, named, None)


def test_what_one_process_made_is_handed_out_by_another(client, human_development, now, monkeypatch):
    pages = ("/", INDEX, UNIT, EMBED)
    first = [client.get(address) for address in pages]
    made = []
    for view in ("indexer.views.public.pages._home", "indexer.views.public.pages.edition_page"):
        monkeypatch.setattr(view, lambda *args, **kwargs: made.append(args) or HttpResponse("made anew"))
    # Its handler, and so its cupboard, is its own, as in a process that has just begun.
    fresh = Client()

    for address, before in zip(pages, first, strict=True):
        again = fresh.get(address)
        assert (again.content, again["ETag"]) == (before.content, before["ETag"])
        assert again["Content-Security-Policy"] == before["Content-Security-Policy"]
        assert ("X-Frame-Options" in again) == (address != EMBED)
    assert made == []

    reword(human_development, "An index of other words")
    assert Client().get(INDEX).content == b"made anew"
    assert fresh.get(INDEX, {"a": "query"}).content == b"made anew"


CROOKED = "crooked.example"
# What a proxy might name, where a reader comes from, what a browser may take.
NAMED = dict.fromkeys(
    (
        *("X-Forwarded-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "X-Script-Name", "Referer"),
        *("X-Forwarded-Prefix", "X-HTTP-Method-Override", "Origin", "Range", "Accept", "Accept-Encoding"),
        "Accept-Language",
    ),
    f"/{CROOKED}",
)
ODD = (
    NAMED,
    {"HX-Request": "true", "HX-Target": "results", "HX-Current-URL": CROOKED},
    {"If-None-Match": '"x"', "If-Modified-Since": "Mon, 01 Jan 2035 00:00:00 GMT", "Host": "testserver:8"},
)
COOKIES = ("django_language", "ballot_keys", "sessionid", "csrftoken", "messages", "pending_token")


def odd_readers():
    """Everybody who might leave something of their own where strangers find it."""
    for headers in ODD:
        yield Client(headers=headers)
    crooked = Client()
    for name in COOKIES:
        crooked.cookies[name] = CROOKED
    yield crooked
    yield sign_in_staff(Client(), make_account(Role.MANAGER, username="crooked-manager"))


def left_behind(pages, readers):
    """Return the pages that a stranger finds otherwise than alone, after a reader came first."""
    caches["pages"].clear()
    alone = {page: Client().get(page).content for page in pages}
    found = []
    for reader in readers:
        caches["pages"].clear()
        for page in pages:
            reader.head(page)
            reader.get(page, {"lang": CROOKED, "q": CROOKED})
        # One who comes to the same process, and one to another.
        for stranger in (another(reader), Client()):
            found += [page for page in pages if stranger.get(page).content != alone[page]]
    return found


def test_no_reader_leaves_anything_where_others_find_it(client, human_development, now, monkeypatch):
    pages = ("/", EMBED)
    assert left_behind(pages, odd_readers()) == []

    # Control: a page that repeats what a reader said of itself.
    honest = strangers_page
    monkeypatch.setattr(
        "indexer.views.public.pages.strangers_page",
        lambda request: honest(request) | {"canonical": request.headers.get("Referer", "")},
    )
    leaving = Client(headers=NAMED)
    assert set(left_behind(pages, [leaving])) == {"/"}


def test_whoever_asks_and_finds_no_room_is_handed_what_is_kept(client, human_development, now, monkeypatch):
    first = client.get(INDEX)
    monkeypatch.setattr(CrowdMiddleware, "__call__", lambda self, request: HttpResponse(status=429))

    now[0] += 2
    assert another(client).get(INDEX).content == first.content
    now[0] += STALE_SECONDS
    assert another(client).get(INDEX).status_code == 429


def test_a_cupboard_holds_so_many_bytes_and_forgets_names(now):
    cupboard = Cupboard(most_bytes=100)
    for number in range(3 * MOST_UNUSED):
        cupboard.put(number, answer_of(40, str(number)))
    assert [cupboard.find(number)[0] is not None for number in (0, 3 * MOST_UNUSED - 2)] == [False, True]
    assert len(cupboard._asked) <= MOST_UNUSED + 3
    cupboard.put("large", answer_of(101, "large"))
    assert cupboard.find("large") == (None, False)


def test_one_is_sent_to_ask_and_after_too_long_without_an_answer_all_are(now):
    cupboard = Cupboard()
    cupboard.put("a", answer_of(1, "n"))
    now[0] += 1
    assert [cupboard.find("a")[1] for _ in range(3)] == [False, True, True]
    now[0] += STALE_SECONDS
    assert [cupboard.find("a")[1] for _ in range(3)] == [False] * 3
    cupboard.hold("n")
    assert cupboard.find("a")[1]


def test_what_sets_a_cookie_is_kept_by_nobody(rf, now):
    response = HttpResponse("x", headers={"Cache-Control": "public", "ETag": '"1"'})
    assert kept._is_for_all(response)
    response.set_cookie("a", "b")
    assert not kept._is_for_all(response)
