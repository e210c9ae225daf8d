"""The weights as a tree picture: an icicle that the server draws, a column for each level."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.selectors.runs import PERCENT
from weighting.manifest import WeightedNode
from weighting.models import Indicator
from weighting.selectors.frameworks import along_the_tree
from weighting.views.numbers import signed

# Pixels: a leaf of average weight has a line to itself, as long as the picture fits a page; for the sake of
# the lightest the picture is up to twice as high.
LINE, LEAST, MOST = 22, 240, 1200
# Below this a cell has no room for its name; it is in the table and in the cell's title.
LEAST_NAMED = 16


@dataclass(frozen=True)
class Cell:
    """One node: a rectangle, in per cent of the width and in pixels of the height."""

    name: str
    share: str
    depth: int
    left: str
    width: str
    top: str
    height: str
    is_named: bool


@dataclass(frozen=True)
class WeightPicture:
    """All nodes of a tree as cells; the height is that of the whole drawing."""

    height: int
    cells: list[Cell]


def draw_weights(nodes: Sequence[WeightedNode]) -> WeightPicture:
    """Lay out a tree: every node is as high as its global weight, and stands beside its parent."""
    weights = {node.indicator.pk: node.global_weight for node in nodes}
    indicators = along_the_tree([node.indicator for node in nodes])
    levels = max(indicator.depth for indicator in indicators)
    height = _height_for([weights[indicator.pk] for indicator in indicators if indicator.is_leaf])
    cells, reached = [], 0.0
    for indicator in indicators:
        share = weights[indicator.pk]
        cells.append(_cell(indicator, share, top=reached * height, height=share * height, levels=levels))
        if indicator.is_leaf:
            reached += share
    return WeightPicture(height, cells)


def _height_for(leaves: Sequence[float]) -> int:
    """Return the height at which the leaves of these global weights can be named."""
    lines = LINE * len(leaves)
    lightest = min((share for share in leaves if share > 0), default=1.0)
    # A little more than is needed: shares are of a float.
    return min(max(lines, LEAST, min(math.ceil(LEAST_NAMED / lightest) + 1, 2 * lines)), MOST)


def _cell(indicator: Indicator, share: float, *, top: float, height: float, levels: int) -> Cell:
    # A leaf of a short branch reaches to the edge, as do those beside it.
    columns = levels - indicator.depth + 1 if indicator.is_leaf else 1
    return Cell(
        name=indicator.name,
        share=f"{signed(share * PERCENT, 1, plus=False)} %",
        depth=indicator.depth,
        left=f"{PERCENT * (indicator.depth - 1) / levels:.3f}%",
        width=f"{PERCENT * columns / levels:.3f}%",
        top=f"{top:.2f}",
        height=f"{height:.2f}",
        is_named=height >= LEAST_NAMED,
    )
