"""Where a heading may break: on a phone neither a number and its word nor a Chinese word come apart."""

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

HAN = r"[\u4e00-\u9fff]"
NUMBER_AND_WORD = re.compile(rf"(?<=\d) (?={HAN})")
# Chinese headings break at spaces and stops alone (`base.css`): long ones need a place of their own, and
# what follows this particle is a word of its own.
AFTER_PARTICLE = re.compile(rf"(?<={HAN}的)(?={HAN}{{3}})")


@register.filter
def kept_together(text: str) -> SafeString:
    """Return a heading as HTML, a number of it joined to its Chinese word."""
    joined = NUMBER_AND_WORD.sub("\u00a0", conditional_escape(text))
    return mark_safe(AFTER_PARTICLE.sub("<wbr>", joined))  # noqa: S308
