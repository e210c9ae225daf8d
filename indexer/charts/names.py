"""Where names stand beside their points so that none lies on another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from weighting.drawing import SMALL, Spec
from weighting.lettering import text_width

# Pixels from a point to its name, by side: how the name is set, and from where.
GAP = 8
SIDES: dict[str, dict[str, Any]] = {
    "right": {"align": "left", "dx": GAP, "dy": 0},
    "left": {"align": "right", "dx": -GAP, "dy": 0},
    "above": {"align": "center", "dx": 0, "dy": -GAP - SMALL // 2},
    "below": {"align": "center", "dx": 0, "dy": GAP + SMALL // 2},
}
# Of the width of letters, what stands left of the point they are set from.
LEFT_OF = {"left": 0.0, "center": 0.5, "right": 1.0}
LETTERS = SMALL + 3


@dataclass(frozen=True)
class NamedPoint:
    """A point in pixels of the drawing, from its upper left corner."""

    name: str
    x: float
    y: float


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        beside = self.left < other.right and other.left < self.right
        return beside and self.top < other.bottom and other.top < self.bottom


def place_names(
    points: Iterable[NamedPoint],
    *,
    width: float,
    height: float,
    most: int,
    sides: Sequence[str] = tuple(SIDES),
) -> dict[str, list[str]]:
    """Return names by side: those of the first points that have room beside what is placed already.

    Each takes the first of the sides on which its name lies inside the drawing and meets no other;
    a point without such a side stays without a name, and at ``most`` so many get one.
    """
    whole = _Box(0, 0, width, height)
    placed: list[_Box] = []
    found: dict[str, list[str]] = {side: [] for side in sides}
    for point in points:
        if len(placed) == most:
            break
        for side in sides:
            box = _box(point, side)
            if _is_inside(box, whole) and not any(box.meets(other) for other in placed):
                placed.append(box)
                found[side].append(point.name)
                break
    return found


def name_layers(names: dict[str, list[str]], place: Spec, look: Spec) -> list[Spec]:
    """Return the layers that write the names at their points; ``place`` encodes a point."""
    return [
        {
            "transform": [{"filter": {"field": "name", "oneOf": chosen}}],
            "mark": {"type": "text", "baseline": "middle", "fontSize": SMALL, **SIDES[side], **look},
            "encoding": {**place, "text": {"field": "name"}},
        }
        for side, chosen in names.items()
        if chosen
    ]


def _box(point: NamedPoint, side: str) -> _Box:
    look = SIDES[side]
    # What was estimated is not exact, and names that touch read as one.
    wide = 1.08 * text_width(point.name, SMALL) + 4
    left = point.x + look["dx"] - wide * LEFT_OF[look["align"]]
    middle = point.y + look["dy"]
    return _Box(left, middle - LETTERS / 2, left + wide, middle + LETTERS / 2)


def _is_inside(box: _Box, whole: _Box) -> bool:
    across = whole.left <= box.left and box.right <= whole.right
    return across and whole.top <= box.top and box.bottom <= whole.bottom
