"""The points of the scale, for the controls that ask for a score."""

from django import template

from weighting.numeric.scale import SCALE

register = template.Library()


@register.simple_tag
def scale_points() -> list[str]:
    """Return the scores that can be given, as a form sends them."""
    return [str(score) for score in SCALE]
