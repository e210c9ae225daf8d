"""Words that several kinds of study share."""

from typing import Any

from django.utils.translation import gettext as _

from weighting.models import Indicator


def percent(share: float) -> str:
    """Write a share in percent, never as 0 or 100 % where it is not."""
    if share in (0, 1):
        return f"{share * 100:.0f}\u00a0%"
    return f"{min(99.9, max(0.1, share * 100)):.{1 if share > 0.99 or share < 0.01 else 0}f}\u00a0%"


def signed_places(places: int) -> str:
    """Write places gained or lost with their sign."""
    return f"{places:+d}".replace("-", "−") if places else "0"


def group_name(nodes: list[Indicator], member: int) -> str:
    """Name the group of siblings that a node belongs to by its parent."""
    parent = nodes[member].parent
    return _("“%(name)s”") % {"name": parent.name} if parent else _("the sub-indices")


def labels_of(choices: Any, chosen: list[str]) -> str:
    """List the labels of chosen values."""
    return _(", ").join(str(choices(value).label) for value in chosen)
