"""Registers: a named set of units, and the word for one of them."""

import re

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weighting.models.named import BilingualName, named_once

PLAIN_ZH = "对象"
PLAIN_GROUP = ("分组", "group")


class Register(BilingualName):
    """A set of units that can be scored, such as the cities of China or countries."""

    unit_zh = models.CharField(_("Chinese word for a unit"), max_length=40, blank=True, default="城市")
    unit_en = models.CharField(_("English word for a unit"), max_length=40, blank=True, default="city")
    units_en = models.CharField(
        _("English word for several units"), max_length=40, blank=True, default="cities"
    )
    province_zh = models.CharField(_("Chinese word for a group"), max_length=40, blank=True, default="省份")
    province_en = models.CharField(
        _("English word for a group"), max_length=40, blank=True, default="province"
    )
    region_zh = models.CharField(
        _("Chinese word for a group of groups"), max_length=40, blank=True, default="地区"
    )
    region_en = models.CharField(
        _("English word for a group of groups"), max_length=40, blank=True, default="region"
    )

    # Counts from 1; each correction of units that are there is another.
    edition = models.PositiveSmallIntegerField(_("edition"), default=1, editable=False)
    # How often names, codes or coordinates were filled in that units or places lacked.
    completions = models.PositiveIntegerField(_("completions"), default=0, editable=False)
    completed_at = models.DateTimeField(_("last completed"), null=True, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = named_once("register_once")

    @property
    def units(self) -> str:
        """The word for several units in the visitor's language; a plain one where it has none."""
        if is_chinese():
            return self.unit_zh or PLAIN_ZH
        return self.units_en or plural_of(self.unit_en or "unit")

    @property
    def unit(self) -> str:
        """The word for one unit in the visitor's language; a plain one where it has none."""
        return (self.unit_zh or PLAIN_ZH) if is_chinese() else (self.unit_en or "unit")

    @property
    def province_word(self) -> str:
        """The word for what units lie in, such as a country; in the other language where it has no other."""
        return _in_either(self.province_zh, self.province_en)

    @property
    def provinces_word(self) -> str:
        return plural_of(self.province_word)

    @property
    def region_word(self) -> str:
        """The word for what those lie in, such as a continent."""
        return _in_either(self.region_zh, self.region_en)

    @property
    def regions_word(self) -> str:
        return plural_of(self.region_word)


def is_chinese() -> bool:
    """Whether the visitor reads Chinese."""
    return (get_language() or "").startswith("zh")


def plural_of(word: str) -> str:
    """Return the plural of an English noun by the common rules; any other word as it is."""
    if not word.isascii() or not word[-1:].isalpha():
        return word
    if re.search(r"[^aeiou]y$", word, re.IGNORECASE):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|z|ch|sh)$", word, re.IGNORECASE) else f"{word}s"


def _in_either(chinese: str, english: str) -> str:
    plain = PLAIN_GROUP[0 if is_chinese() else 1]
    return (chinese or english or plain) if is_chinese() else (english or chinese or plain)
