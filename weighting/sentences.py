"""What stands between sentences, and before units, as the language of the page sets them."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import pgettext

from weighting.lettering import set_apart


def sentence_gap() -> str:
    """Return what stands between two sentences."""
    # Around two others, for a catalogue cannot translate something by nothing.
    return pgettext("two sentences", "%(first)s %(second)s") % {"first": "", "second": ""}


def join_sentences(sentences: Iterable[Any]) -> str:
    """Join sentences, of which those that are empty are left out."""
    return sentence_gap().join(filter(None, map(str, sentences)))


def unit_behind(unit: str) -> str:
    """Return a unit as it stands behind a number: apart from it, but for a percent sign in Chinese."""
    if unit in ("%", "‰"):
        return pgettext("a number in percent", "%(number)s %(sign)s") % {"number": "", "sign": unit}
    return f" {unit}" if unit else ""


def side_by_side(cells: Iterable[str]) -> str:
    """Join what stands in cells, which holds commas, decimal ones before all."""
    return " · ".join(map(set_apart, cells))
