"""Where a heading may break: on a phone neither a number and its word nor a Chinese word come apart."""

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

HAN = r"[\u4e00-\u9fff]"
NUMBER_AND_WORD = re.compile(rf"(?<=\d) (?={HAN})")
# What says which, or how many, stands with its number; any other word may end a line before one.
BEFORE_NUMBER = re.compile(r"(?<=[前后第近约共达超仅]) (?=\d)")
# A particle belongs to the quotation before it.
QUOTED_AND_PARTICLE = re.compile(rf"(?<=[”》）])(?=[的地得之]{HAN})")
# Chinese headings break at spaces and stops alone (`base.css`): long ones need a place of their own, and
# what follows this particle is a word of its own.
AFTER_PARTICLE = re.compile(rf"(?<={HAN}的)(?={HAN}{{3}})")


@register.filter
def kept_together(text: str) -> SafeString:
    """Return a heading as HTML, a number of it joined to its Chinese words."""
    joined = NUMBER_AND_WORD.sub("\u00a0", conditional_escape(text))
    joined = BEFORE_NUMBER.sub("\u00a0", joined)
    joined = QUOTED_AND_PARTICLE.sub("\u2060", joined)
    return mark_safe(AFTER_PARTICLE.sub("<wbr>", joined))  # noqa: S308
