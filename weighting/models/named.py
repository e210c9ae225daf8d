"""Things with a Chinese and an English name."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class BilingualName(models.Model):
    """A name in both languages; a missing one falls back on the other."""

    name_zh = models.CharField(_("Chinese name"), max_length=200, blank=True)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the visitor's language."""
        chinese_first = (get_language() or "").startswith("zh")
        return (self.name_zh or self.name_en) if chinese_first else (self.name_en or self.name_zh)

    @property
    def other_name(self) -> str:
        """The name in the other language; empty where ``name`` already is it."""
        other = self.name_zh if self.name == self.name_en else self.name_en
        return "" if other == self.name else other
