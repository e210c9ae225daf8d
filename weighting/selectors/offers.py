"""A few things to choose from, however many there are: those that a text finds, and those chosen already."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

MOST_WORDS, LONGEST = 8, 200
BETWEEN_WORDS = re.compile(r"[\s,，·()（）]+")
NUMBER = re.compile(r"\D*(\d{1,9})\D*")

AnyRow = TypeVar("AnyRow", bound=Model)


@dataclass(frozen=True)
class Offered(Generic[AnyRow]):
    """Rows that a page offers: ``not_offered`` are how many more the text finds."""

    rows: Sequence[AnyRow]
    not_offered: int
    text: str

    @property
    def is_searched(self) -> bool:
        """Whether there is anything to search for."""
        return bool(self.text or self.not_offered)


def offer(
    rows: QuerySet[AnyRow], found: QuerySet[AnyRow], text: str, *, kept: Collection[int], most: int
) -> Offered[AnyRow]:
    """Return the first that were found, and among them, in the order of ``rows``, those that are kept."""
    others = found.exclude(pk__in=kept)
    first = list(others.values_list("pk", flat=True)[: most + 1])
    more = others.count() - most if len(first) > most else 0
    return Offered(list(rows.filter(pk__in={*kept, *first[:most]})), more, text)


def shorten(text: str) -> str:
    """Return what is searched for of a text that was sent."""
    return text.strip()[:LONGEST]


def find_named(
    rows: QuerySet[AnyRow], text: str, *, names: Sequence[str], numbers: Sequence[str]
) -> QuerySet[AnyRow]:
    """Return the rows that have every word of a text, in a name of either language or as a number.

    Words that every version is named with find nothing and leave nothing out.
    """
    usual = _usual_words()
    for word in _words(text)[:MOST_WORDS]:
        if word in usual:
            continue
        known = Q()
        for name in names:
            known |= Q(**{f"{name}_zh__icontains": word}) | Q(**{f"{name}_en__icontains": word})
        if numbered := NUMBER.fullmatch(word):
            for number in numbers:
                known |= Q(**{number: int(numbered[1])})
        rows = rows.filter(known)
    return rows


def _usual_words() -> set[str]:
    """Return the words that every version is named with, in each language of the pages."""
    found = set()
    for language, _language in settings.LANGUAGES:
        with override(language):
            found |= set(_words(_("version %(number)s, %(label)s") % {"number": "", "label": ""}))
    return found


def _words(text: str) -> list[str]:
    return [word for word in BETWEEN_WORDS.split(text.casefold()) if word]
