"""Sentences behind one another: a space between them in English, none in Chinese."""

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils.translation import override

from indexer.selectors.import_reviews import _rate_words
from weighting.sentences import join_sentences, side_by_side

ROOT = Path(__file__).resolve().parents[2]
# What ends a Chinese sentence, a space, and another one.
APART = re.compile("[。！？] [\u4e00-\u9fff“]")


@pytest.mark.parametrize(("language", "joined"), [("en", "One. Two."), ("zh-hans", "One.Two.")])
def test_sentences_are_joined_as_the_language_joins_them(language, joined):
    with override(language):
        assert join_sentences(["One.", "", "Two."]) == joined
        text = "{% load sentences %}One.{% sentence_gap %}Two."
        assert Template(text).render(Context()) == joined


def test_what_is_read_from_the_right_is_set_apart_and_nothing_else():
    assert side_by_side(["1 234,5", "Łódź", "上海", ""]) == "1 234,5 · Łódź · 上海 · "
    # Hebrew, Arabic, and the digits of Arabic.
    assert (
        side_by_side(["שלום", "مستشفى 5", "١٢ → 12"])
        == "\u2068שלום\u2069 · \u2068مستشفى 5\u2069 · \u2068١٢ → 12\u2069"
    )
    text = "{% load sentences %}{{ name|set_apart }} {{ names|side_by_side }}"
    shown = Template(text).render(Context({"name": "<ש>", "names": ["<a>", "b"]}))
    assert shown == "\u2068&lt;ש&gt;\u2069 &lt;a&gt; · b"


def test_what_the_check_of_an_import_says_of_a_rate_has_no_gap_in_chinese():
    with override("zh-hans"):
        said = _rate_words("unit", asks=True)
    assert said.count("。") == 3
    assert not APART.search(said)


BY_SPACE = re.compile(r'" "\.join\((?:refusal\.blockers|failure_words|sentences|notes)|" " \+ _\(')
TURN = r"(?:\{% (?:end)?if[^%]*%\})*"
BEHIND = re.compile(
    rf'[.?](?:" %\}}|\{{% endblocktranslate %\}}){TURN} {TURN}\{{% (?:translate|blocktranslate)'
)


def test_no_sentences_are_joined_by_a_space_whatever_the_language():
    code = [path for app in ("weighting", "indexer", "upkeep") for path in ROOT.joinpath(app).rglob("*.py")]
    assert [path.name for path in code if BY_SPACE.search(path.read_text(encoding="utf-8"))] == []

    pages = ROOT.joinpath("templates").rglob("*.html")
    assert [path.name for path in pages if BEHIND.search(path.read_text(encoding="utf-8"))] == []
