"""What becomes of the indicators from one tree to another, by what they are called over all editions."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from weighting.models import Indicator


@dataclass(frozen=True)
class TreeChange:
    """Pairs and nodes of the later tree, in its order; ``went`` of the earlier.

    An inner node that came or went is told beside what is below it. ``turned`` are leaves of another
    direction, ``remeasured`` those of another unit.
    """

    came: list[Indicator]
    went: list[Indicator]
    moved: list[tuple[Indicator, Indicator]]
    renamed: list[tuple[Indicator, Indicator]]
    turned: list[tuple[Indicator, Indicator]]
    remeasured: list[tuple[Indicator, Indicator]]

    @property
    def is_none(self) -> bool:
        """Whether the trees say the same of every node."""
        kinds = (self.came, self.went, self.moved, self.renamed, self.turned, self.remeasured)
        return not any(kinds)


def tree_change(before: Collection[Indicator], after: Collection[Indicator]) -> TreeChange:
    """Tell two trees apart; a node is the same where it is called so over all editions."""
    earlier, later = ({node.kin: node for node in tree} for tree in (before, after))
    kin = {node.pk: node.kin for node in (*before, *after)}
    both = [(earlier[code], node) for code, node in later.items() if code in earlier]
    leaves = [(one, other) for one, other in both if one.is_leaf and other.is_leaf]

    def differing(
        pairs: list[tuple[Indicator, Indicator]], said: Callable[[Indicator], Any]
    ) -> list[tuple[Indicator, Indicator]]:
        return [(one, other) for one, other in pairs if said(one) != said(other)]

    return TreeChange(
        came=[node for code, node in later.items() if code not in earlier],
        went=[node for code, node in earlier.items() if code not in later],
        moved=differing(both, lambda node: (kin[node.parent_id] if node.parent_id else "", node.is_leaf)),
        renamed=differing(both, lambda node: (node.code, node.name_zh, node.name_en)),
        turned=differing(leaves, lambda node: node.direction),
        remeasured=differing(leaves, lambda node: node.unit),
    )
