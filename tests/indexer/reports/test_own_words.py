"""Own words of a chapter: a plain part of Markdown, the same for page and PDF, and letters otherwise."""

import re

import pytest
from django.template.loader import render_to_string

from indexer.views.reports.own_words import blocks_of_text
from tests.weighting.test_typesetting import DOCUMENT, PART
from weighting.typesetting import document_source, typeset

WRITTEN = """# What we saw

**Norway** leads, *as before*;
the rest is [at the office](https://example.org/a?b=1&c=2).

- one
- two

  1. within

3. third
4. fourth

> said by somebody

北京**领先**。
"""


def page_of(text):
    return render_to_string("indexer/reports/_own_blocks.html", {"blocks": blocks_of_text(text)})


def test_a_chapter_has_headings_lists_quotations_and_links():
    page = re.sub(r"\n+", "", page_of(WRITTEN))
    assert page.startswith(
        "<h3>What we saw</h3><p><strong>Norway</strong> leads, <em>as before</em>;<br>the rest"
    )
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="nofollow">at the office</a>.</p>' in page
    assert "<ul><li><p>one</p></li><li><p>two</p>" in page
    assert '<ol start="3"><li><p>third</p></li>' in page
    assert "<blockquote><p>said by somebody</p></blockquote>" in page
    assert "<p>北京<strong>领先</strong>。</p>" in page


def test_it_is_set_as_pdf_from_the_same_blocks():
    part = PART | {"own": blocks_of_text(WRITTEN)}
    assert typeset(document_source(DOCUMENT | {"parts": [part]})).startswith(b"%PDF")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://example.org/x.png)",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](//example.org)",
        '[x](https://example.org/"onmouseover="alert(1))',
        "```\n<b>code</b>\n```",
        "&lt;script&gt;",
    ],
)
def test_nothing_else_becomes_markup(hostile):
    page = page_of(hostile)
    tags = re.findall(r"<(/?\w+)([^>]*)>", page)
    assert {name.strip("/") for name, _rest in tags} <= {"p", "br", "a"}
    assert all(
        not rest or re.fullmatch(r' href="https?://[^"]*" rel="nofollow"', rest) for _name, rest in tags
    )


@pytest.mark.parametrize("depth", [*range(1, 26), 60, 500])
def test_no_nesting_loses_a_word(depth):
    for text in ("> " * depth + "word", "".join("  " * deep + "- word\n" for deep in range(depth))):
        assert page_of(text).count("word") == text.count("word")
