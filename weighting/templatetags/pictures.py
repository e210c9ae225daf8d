"""What a figure on a page is saved as."""

from django.template import Library
from django.utils.http import urlencode

from weighting.drawing import PICTURES
from weighting.views.files import SaveLink

register = Library()


@register.filter
def in_look(svg_url: str, look: str) -> str:
    """Return the address of the same figure as it looks on dark paper, on a phone, or on both."""
    return f"{svg_url}{'&' if '?' in svg_url else '?'}{urlencode({'look': look})}"


@register.filter
def picture_links(svg_url: str) -> list[SaveLink]:
    """Return the links that save a figure; its other pictures stand beside its SVG."""
    path, mark, query = svg_url.partition("?")
    base = path.removesuffix(".svg")
    return [SaveLink(format.upper(), f"{base}.{format}{mark}{query}") for format in PICTURES]
