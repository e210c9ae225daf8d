"""Percent signs and other units stand behind numbers in one way for each language: 33.0 % and 33.0%."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.template.loader import render_to_string
from django.utils.translation import override

from weighting.sentences import unit_behind

CATALOGUE = Path(__file__).parents[1] / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
NUMBER = r"(?:[0-9]|%\([a-z_]+\)[sd])"
JOINED, APART = (re.compile(rf"{NUMBER}{gap}%{{1,2}}(?![%(a-z])") for gap in ("", " "))
# What somebody typed into a cell is said as it was typed.
TYPED = re.compile(r"^(?:percent|a fraction): 45% is")


def texts():
    with CATALOGUE.open("rb") as file:
        for message in read_po(file):
            yield [text for text in several(message.id) if text], several(message.string)


def several(text):
    """One, or the singular and the plural."""
    return [text] if isinstance(text, str) else list(text)


def test_sentences_set_the_sign_apart_in_english_and_join_it_in_chinese():
    english = [text for ours, _theirs in texts() for text in ours if not TYPED.search(text)]
    chinese = [text for _ours, theirs in texts() for text in theirs]
    assert len([text for text in english if APART.search(text)]) > 20
    assert [text for text in english if JOINED.search(text)] == []
    assert len([text for text in chinese if JOINED.search(text)]) > 20
    assert [text for text in chinese if APART.search(text)] == []


@pytest.mark.parametrize(
    ("language", "unit", "behind"),
    [
        ("en", "%", " %"),
        ("zh-hans", "%", "%"),
        ("en", "‰", " ‰"),
        ("zh-hans", "‰", "‰"),
        ("en", "places", " places"),
        ("zh-hans", "名", " 名"),
        ("en", "", ""),
    ],
)
def test_what_stands_behind_a_number(language, unit, behind):
    with override(language):
        assert unit_behind(unit) == behind


@pytest.mark.parametrize(("language", "text"), [("en", "24.3 %"), ("zh-hans", "24.3%")])
def test_a_tile_reads_as_a_sentence_does(language, text):
    with override(language):
        tile = render_to_string("components/_stat.html", {"label": "", "value": "24.3", "unit": "%"})
    assert re.sub("<[^>]*>", "", tile).strip() == text
