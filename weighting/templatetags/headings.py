"""Where a heading may break: on a phone neither a number and its word nor a Chinese word come apart."""

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

HAN = r"[\u4e00-\u9fff]"
NUMBER_AND_WORD = re.compile(rf"(?<=\d) (?={HAN})")
LATIN = "[A-Za-z]"
NUMBER_AND_LATIN_WORD = re.compile(rf"(?<=\d) (?=%|{LATIN})")
HYPHEN_AND_NUMBER = re.compile(rf"(?<={LATIN}-)(?=\d)")
# What says which, or how many, stands with its number; any other word may end a line before one.
BEFORE_NUMBER = re.compile(r"(?<=[前后第近约共达超仅]) (?=\d)")
# A particle belongs to the quotation before it.
QUOTED_AND_PARTICLE = re.compile(rf"(?<=[”》）])(?=[的地得之]{HAN})")
# Chinese headings break at spaces and stops alone (`base.css`): long ones need a place of their own, and
# what follows this particle is a word of its own.
AFTER_PARTICLE = re.compile(rf"(?<=[\u4e00-\u9fff\u2060]的)(?={HAN}{{3}})")


@register.filter
def kept_together(text: str) -> SafeString:
    """Return a heading as HTML, a number of it joined to its Chinese words."""
    joined = NUMBER_AND_WORD.sub("\u00a0", conditional_escape(text))
    joined = BEFORE_NUMBER.sub("\u00a0", joined)
    joined = QUOTED_AND_PARTICLE.sub("\u2060", joined)
    return mark_safe(AFTER_PARTICLE.sub("<wbr>", joined))  # noqa: S308


@register.filter
def title_kept_together(text: str) -> SafeString:
    """Return the heading of a page, a number of it joined to its English word, too."""
    joined = NUMBER_AND_LATIN_WORD.sub("\u00a0", kept_together(text))
    return mark_safe(HYPHEN_AND_NUMBER.sub("\u2060", joined))  # noqa: S308
