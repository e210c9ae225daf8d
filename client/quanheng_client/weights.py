"""Weights of indicators along the tree, rescaled around what a unit lacks."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

WHOLE = ""


class TreeWeights:
    """Weights of the indicators that have data, by code, in the groups that the framework puts them in."""

    def __init__(self, framework: Iterable[Mapping[str, Any]], weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._parts: dict[str, list[str]] = {}
        for row in framework:
            self._parts.setdefault(row["parent"], []).append(row["code"])
        self._local: dict[str, float] = {}
        self._divide(WHOLE)

    def around(self, lacking: Collection[str]) -> dict[str, float]:
        """Return the weights of what is there: in each group, that of what lacks goes to its siblings.

        Nothing where nothing of any weight is there.
        """
        found: dict[str, float] = {}
        if self._is_there(WHOLE, lacking):
            self._spread(WHOLE, 1.0, lacking, found)
        return found

    def coverage(self, lacking: Collection[str], node: str = WHOLE) -> float:
        """Return which share of the weight below a node is there, from 0 to 1."""
        if node not in self._parts:
            return float(node not in lacking)
        return sum(self._local[part] * self.coverage(lacking, part) for part in self._parts[node])

    def _divide(self, node: str) -> float:
        """Work out the local weights below a node, equal in a group without weight; return the node's own."""
        if node not in self._parts:
            return self._weights[node]
        below = {part: self._divide(part) for part in self._parts[node]}
        whole = sum(below.values())
        self._local |= {part: held / whole if whole else 1 / len(below) for part, held in below.items()}
        return whole

    def _is_there(self, node: str, lacking: Collection[str]) -> bool:
        if node not in self._parts:
            return node not in lacking
        return any(self._local[part] and self._is_there(part, lacking) for part in self._parts[node])

    def _spread(self, node: str, times: float, lacking: Collection[str], found: dict[str, float]) -> None:
        if node not in self._parts:
            found[node] = self._weights[node] * times
            return
        parts = self._parts[node]
        there = [part for part in parts if self._is_there(part, lacking)]
        if len(there) < len(parts):
            times /= sum(self._local[part] for part in there)
        for part in there:
            self._spread(part, times, lacking, found)
