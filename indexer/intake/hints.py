"""What is known before a file of data is read: units, indicators, the year."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from indexer.names import normalise_unit_name
from weighting.readers.layout import BETWEEN_PARTS

NOTHING: frozenset[str] = frozenset()
# Parts of a head that may each name an indicator: "sdg1 : Poverty", "Health / le", "le (years)", 人口（人）.
OPENING, CLOSING = "([\uff08\uff3b\u3010", ")]\uff09\uff3d\u3011"
BETWEEN = re.compile(
    rf"{re.escape(BETWEEN_PARTS)}|(?:(?<!\s)\s++)?[:|]\s+|\uff1a|(?<!\s)\s++[-–—:]\s+"
    rf"|(?:(?<!\s)\s++)?[{re.escape(OPENING)}]"
)

# What publishers put among the units that is none: sums and means of them.
# Behind the name of a region: "& North Africa", "(27)"; the Middle East Technical University is none.
REST = r"(?:\s*(?:[&(,/:–-]|and\b|excl).*)?"
AGGREGATES = re.compile(
    rf"(?:european union|oecd(?: (?:members|countries|europe|total))?|sub-saharan africa|south asia"
    rf"|east asia|europe (?:and|&) central asia|latin america|middle east|north africa){REST}"
    r"|africa|asia|europe|oceania|(?:north|south|latin|the )? ?americas?|caribbean"
    r"|world|welt|monde|mundo|mondo|global|全球|世界|全世界|世界平均"
    r"|arab (?:states|world)|euro ?(?:area|zone)|eu[ -]?\d{0,2}|g7|g20"
    r"|central europe and the baltics|heavily indebted.*|.*small states|north america"
    r"|high income.*|low.*income.*|.*middle income.*|(?:very high|high|medium|low) human development"
    r"|(?:least )?develop(?:ed|ing) countries.*|small island.*"
    r"|.*\baverage\b.*|.*平均值?|均值|中位数|标准差|最大值|最小值|小计"
    r"|mean|median|minimum|maximum|min\.?|max\.?|sum"
    r"|st(?:andar)?d\.? ?dev(?:iation|\.)?|(?:world|global|grand|sub)[ -]?totals?"
    r"|all (?:\d+ )?(?!saints\b|souls\b)[a-z]+s|overall|全部|所有.+|.+合计"
    r"|ensemble(?: d.*)?|moyenne(?: (?:nationale|générale|mondiale|régionale|européenne|d.*))?|médiane"
    r"|total général|gesamt|insgesamt|durchschnitt|mittelwert|promedio(?: .*)?|conjunto|mediana"
    r"|suma total|totale|fragile.*|ida .*|ibrd .*|.*\bdividend\b.*|not classified",
    re.IGNORECASE,
)


class KeySet:
    """Keys that were told once, of which nothing is asked but whether they were among them.

    A register has a million units under three names each: a key is 8 bytes here, where a set of them takes
    a hundred. Two keys are taken for one about once in 10^12 looks, and all that is asked of a hint is to be
    probably right.
    """

    def __init__(self, hashes: "array[int]") -> None:
        self._hashes = array("q", np.unique(np.array(hashes, dtype=np.int64)).tobytes())

    @classmethod
    def of(cls, keys: Iterable[str]) -> "KeySet":
        return cls(array("q", map(hash, keys)))

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, key: object) -> bool:
        place = bisect_left(self._hashes, hash(key))
        return place < len(self._hashes) and self._hashes[place] == hash(key)

    def __rand__(self, keys: Iterable[str]) -> set[str]:
        return {key for key in keys if key in self}

    def __or__(self, other: "KeySet") -> "KeySet":
        return KeySet(self._hashes + other._hashes)


NO_KEYS = KeySet.of(())


@dataclass(frozen=True)
class Hints:
    """Keys of the names and codes of units, folded forms of the leaves, and the year that is asked for."""

    names: KeySet = NO_KEYS
    codes: KeySet = NO_KEYS
    leaves: frozenset[str] = NOTHING
    year: int | None = None

    @cached_property
    def units(self) -> KeySet:
        return self.names | self.codes if self.codes else self.names


# The names of a register and of a file's rows are asked for again and again; those of the largest pass by.
@lru_cache(maxsize=1 << 15)
def unit_key(text: str) -> str:
    """Return what two spellings of one name of a unit have in common."""
    # A code or one plain word, as most are, has nothing but its case to forget.
    if text.isascii() and text.isalnum():
        return text.lower()
    return normalise_unit_name(text).casefold()


def head_parts(head: str) -> Iterable[str]:
    """Return a head, then the parts of it that may name the indicator alone, the last first."""
    parts = [part.strip(f" {CLOSING}") for part in BETWEEN.split(head)]
    return dict.fromkeys([head, *(part for part in reversed(parts) if part)])


def is_aggregate(label: str) -> bool:
    """Tell the name of a sum or a mean of units: World, EU27, Sub-Saharan Africa."""
    return bool(AGGREGATES.fullmatch(normalise_unit_name(label)))
