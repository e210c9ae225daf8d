"""Groups that colours tell apart, in every figure that may."""

from collections.abc import Sequence
from dataclasses import dataclass

from weighting.drawing import PALETTE, SERIES, Spec

# So many groups have a colour each; all others are grey together.
COLOURED = 5


@dataclass(frozen=True)
class Groups:
    """The groups that colours tell apart, and what they are groups by; the last may be all others."""

    title: str
    names: Sequence[str]


def group_colours(groups: Groups) -> Spec:
    """Return the colour of each group, by its name in the field ``group``."""
    colours = [*SERIES[:COLOURED], PALETTE["chart-axis"]]
    scale = {"domain": list(groups.names), "range": colours[: len(groups.names)]}
    return {"field": "group", "type": "nominal", "scale": scale, "legend": {"title": groups.title}}
