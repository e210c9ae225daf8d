"""The nodes of an index as another program lists them, to the tables of a framework and of weights."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from weighting.readers.decisions import Decisions
from weighting.readers.table import Table


@dataclass(frozen=True)
class Node:
    """An indicator or an aggregate; ``weight`` is relative to those of its siblings."""

    line: int
    code: str
    parent: str
    name: str = ""
    direction: str = "1"
    unit: str = ""
    note: str = ""
    weight: float = 1.0


def below_the_index(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes without the index itself: what stands right below it are the sub-indices."""
    tops = [node for node in nodes if not node.parent]
    if len(tops) != 1 or len(nodes) == 1:
        return list(nodes)
    top = tops[0].code
    return [
        replace(node, parent="" if node.parent == top else node.parent) for node in nodes if node.code != top
    ]


def framework_of(nodes: Sequence[Node], decisions: Decisions) -> Table:
    """Return the nodes as a framework."""
    return _table(
        nodes,
        {
            "code": lambda node: node.code,
            "parent": lambda node: node.parent,
            "name_en": lambda node: node.name,
            "direction": lambda node: node.direction,
            "unit": lambda node: node.unit,
            "note": lambda node: node.note,
        },
        decisions,
    )


def weights_of(nodes: Sequence[Node], decisions: Decisions) -> Table:
    """Return the nodes with their parts of each sibling group; without any weight all are alike."""
    totals: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for node in nodes:
        totals[node.parent] += node.weight
        counts[node.parent] += 1

    def part(node: Node) -> str:
        whole = totals[node.parent]
        return repr(node.weight / whole if whole else 1 / counts[node.parent])

    return _table(nodes, {"code": lambda node: node.code, "local_weight": part}, decisions)


def _table(nodes: Sequence[Node], columns: dict[str, Callable[[Node], str]], decisions: Decisions) -> Table:
    return Table(
        header=tuple(columns),
        columns=[[cell(node) for node in nodes] for cell in columns.values()],
        lines=[node.line for node in nodes],
        decisions=decisions,
    )
