"""Things with a Chinese and an English name, of which one is enough."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _


def in_own_language(chinese: str, english: str) -> str:
    """Return a text in the visitor's language, or in the other where that is all there is."""
    chinese_first = (get_language() or "").startswith("zh")
    return (chinese or english) if chinese_first else (english or chinese)


def names_key(name_zh: str, name_en: str) -> dict[str, str]:
    """Return what finds a thing by its names: the Chinese one, or the English of what has no other."""
    return {"name_zh": name_zh} if name_zh else {"name_zh": "", "name_en": name_en}


def named_once(name: str, *within: str) -> list[models.BaseConstraint]:
    """Return the constraints that keep own names apart within a group."""
    return [
        models.UniqueConstraint(fields=[*within, "name_zh"], condition=~Q(name_zh=""), name=name),
        models.UniqueConstraint(
            fields=[*within, "name_en"], condition=Q(name_zh=""), name=f"{name}_in_english"
        ),
    ]


class BilingualName(models.Model):
    """A name in one language or both; a missing one falls back on the other."""

    name_zh = models.CharField(_("Chinese name"), max_length=200, blank=True)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the visitor's language."""
        return in_own_language(self.name_zh, self.name_en)

    @property
    def own_name(self) -> str:
        """The name that files and keys carry, whoever reads them."""
        return self.name_zh or self.name_en

    @property
    def other_name(self) -> str:
        """The name in the other language; empty where that of the visitor's already is it."""
        own = in_own_language(self.name_zh, self.name_en)
        other = self.name_zh if own == self.name_en else self.name_en
        return "" if other == own else other

    def clean(self) -> None:
        super().clean()
        if not self.own_name.strip():
            raise ValidationError(gettext("Give a name in one language at least."))
