"""Documents as PDF: words are data, whatever they look like, in Chinese and in English."""

import re
import zlib

import pytest

from weighting.confined import Broke
from weighting.typesetting import document_source, typeset

PART = {"title": "数据", "sentences": [], "findings": [], "tables": [], "pictures": [], "own": []}
DOCUMENT = {
    "lang": "zh",
    "title": "审计",
    "subtitle": "",
    "eyebrow": "",
    "contents_title": "目录",
    "source": "",
    "origin_title": "依据",
    "origin": [],
    "parts": [PART],
}


def pages_of(pdf):
    """How many pages a PDF has, also where its objects are packed into streams."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    texts = [pdf]
    for stream in streams:
        try:
            texts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return sum(len(re.findall(rb"/Type\s*/Page\b(?!s)", text)) for text in texts)


def test_words_that_look_like_markup_are_set_as_words():
    odd = '#panic("no") $x$ *bold* _it_ `code` <label> @ref \\ // — “引号” €'
    table = {"caption": odd, "head": [odd, "b"], "rows": [[odd, odd]], "widths": [2, 1], "left": 1}
    finding = {"text": odd, "advice": odd, "grave": True}
    span = {"text": odd, "strong": True, "emphasised": True, "url": "", "is_break": False}
    own = [
        {"kind": kind, "start": 3, "spans": [span], "blocks": [{"kind": "paragraph", "spans": [span]}]}
        for kind in ("paragraph", "heading", "quote", "list", "steps", "item")
    ]
    part = PART | {"sentences": [odd], "findings": [finding], "tables": [table], "own": own}
    document = DOCUMENT | {"title": odd, "parts": [part], "origin": [{"label": odd, "value": odd}]}

    assert typeset(document_source(document)).startswith(b"%PDF")


def test_a_long_table_goes_on_over_pages():
    table = {"caption": "表", "head": ["甲", "乙"], "rows": [["一", "1"]] * 200, "widths": [2, 1], "left": 1}

    short = typeset(document_source(DOCUMENT))
    long = typeset(document_source(DOCUMENT | {"parts": [PART | {"tables": [table]}]}))

    assert pages_of(short) == 1
    assert pages_of(long) > 3


def test_what_is_no_document_breaks_the_program_alone():
    with pytest.raises(Broke):
        typeset(b"{}")
