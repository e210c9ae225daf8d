"""What a figure on a page is saved as."""

from django.template import Library

from weighting.drawing import PICTURES
from weighting.views.files import SaveLink

register = Library()


@register.filter
def picture_links(svg_url: str) -> list[SaveLink]:
    """Return the links that save a figure; its other pictures stand beside its SVG."""
    path, mark, query = svg_url.partition("?")
    base = path.removesuffix(".svg")
    return [SaveLink(format.upper(), f"{base}.{format}{mark}{query}") for format in PICTURES]
