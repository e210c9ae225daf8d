"""Sentences one behind another, as the language of the page sets them: Chinese has no space between them."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import pgettext


def sentence_gap() -> str:
    """Return what stands between two sentences."""
    # Around two others, for a catalogue cannot translate something by nothing.
    return pgettext("two sentences", "%(first)s %(second)s") % {"first": "", "second": ""}


def join_sentences(sentences: Iterable[Any]) -> str:
    """Join sentences, of which those that are empty are left out."""
    return sentence_gap().join(filter(None, map(str, sentences)))
