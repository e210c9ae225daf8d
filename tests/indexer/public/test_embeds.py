"""Figures for pages of others: framed by anybody, light or dark, in the language asked for; and pictures."""

import html
import re
from urllib.parse import urlsplit

import pytest

from indexer.services.published import draft_index
from tests.indexer.public.human_development import TERMS

pytestmark = pytest.mark.django_db
INDEX = "/i/human-development/"
EMBED = f"{INDEX}embed/ranking/"


def content(client, address, language="en", **query):
    answer = client.get(address, query, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("address", [EMBED, f"{INDEX}1/embed/weights/"])
def test_anybody_may_frame_a_figure_and_nothing_else(client, human_development, address):
    framed = client.get(address)
    assert "frame-ancestors *" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    again = client.get(address, headers={"If-None-Match": framed["ETag"]})
    assert (again.status_code, "X-Frame-Options" in again) == (304, False)
    for other in (INDEX, f"{INDEX}units/NOR/", f"{INDEX}units/", "/"):
        answer = client.get(other)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"


def test_a_framed_figure_is_as_dark_as_its_page_wants_it(client, human_development):
    sheet = re.compile(r'<link rel="stylesheet" href="/static/css/tokens-dark[^"]*"( media="[^"]*")?>')
    media = ' media="(prefers-color-scheme: dark)"'
    found = {
        theme: sheet.findall(content(client, EMBED, theme=theme)) for theme in ("light", "dark", "auto", "x")
    }
    assert found == {"light": [], "dark": [""], "auto": [media], "x": [media]}


@pytest.mark.parametrize("address", [EMBED, f"{INDEX}embed/weights/"])
def test_a_framed_figure_is_a_page_with_one_heading_in_its_main_part(client, human_development, address):
    page = content(client, address)
    (main,) = re.findall(r"<main>(.*)</main>", page, re.S)
    assert (len(re.findall("<h1", page)), len(re.findall("<h1", main))) == (1, 1)
    assert not re.search(r"<(p|div|table|svg)\b", page.replace(main, "").split("<body>")[1])


def test_it_has_as_many_lines_as_are_asked_for(client, human_development):
    lines = {top: content(client, EMBED, top=top).count("<tr") - 1 for top in ("", "3", "999", "many")}
    assert lines == {"": 10, "3": 3, "999": 100, "many": 10}
    assert "Switzerland" in content(client, EMBED, top="1")


def test_the_language_of_a_frame_leaves_its_reader_alone(client, human_development):
    answer = client.get(EMBED, {"lang": "zh-hans"}, headers={"Accept-Language": "en"})
    assert "瑞士" in answer.content.decode()
    assert not answer.cookies
    assert "public" in answer["Cache-Control"]
    assert "Switzerland" in content(client, EMBED)


def test_the_snippet_is_shown_letter_by_letter_and_leads_to_the_figure(client, human_development):
    page = content(client, INDEX)
    assert "<iframe" not in page
    snippets = [html.unescape(text) for text in re.findall(r'id="snippet-\w+">(.*?)</span>', page)]
    assert len(snippets) == 2
    for snippet in snippets:
        source = html.unescape(re.search(r'src="([^"]+)"', snippet)[1])
        assert 'title="Human Development Index"' in snippet
        assert client.get(source.removeprefix("http://" + urlsplit(source).netloc)).status_code == 200


def test_links_are_shown_with_a_picture_of_the_ranking(client, human_development):
    shared = re.search(r'<meta property="og:image" content="([^"]+)">', content(client, INDEX))[1]
    assert urlsplit(shared).path == f"{INDEX}1/ranking.png"
    picture = client.get(urlsplit(shared).path)
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    unit = content(client, f"{INDEX}units/NOR/")
    assert '<meta property="og:title" content="Norway – Human Development Index">' in unit
    assert "/profile.png" in re.search(r'<meta property="og:image" content="([^"]+)">', unit)[1]


def test_pictures_stay_at_their_addresses(client, human_development):
    drawn = content(client, f"{INDEX}1/ranking.svg", lang="zh-hans")
    assert "1. 瑞士" in drawn
    for wrong in ("1/ranking.gif", "1/other.svg", "2/ranking.svg", "other.svg"):
        assert client.get(INDEX + wrong).status_code == 404, wrong


def test_nothing_of_a_draft_is_framed_or_drawn(client, human_development):
    draft_index(slug="draft", terms=TERMS, actor=human_development.index.created_by)
    for address in ("embed/ranking/", "ranking.svg", "1/ranking.png", "1/embed/weights/"):
        assert client.get(f"/i/draft/{address}").status_code == 404
    assert client.get(f"{INDEX}embed/nothing/").status_code == 404
