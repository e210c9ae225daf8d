"""The first units on a score, for several scores side by side."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.models import City
from indexer.selectors.node_scores import NodeScores
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Top:
    """The units with the best ranks on a score; those that tie with the last are all there.

    ``among`` are the positions of those that may stand there; ranks are among all.
    """

    subject: NodeScores
    node: Indicator | None
    count: int
    among: IntArray

    @cached_property
    def positions(self) -> list[int]:
        ranks = self._ranks[self.among]
        order = np.argsort(ranks, kind="stable")[: np.isfinite(ranks).sum()]
        last = ranks[order[: self.count]].max(initial=0)
        return self.among[order[ranks[order] <= last]].tolist()

    def at(self, line: int) -> tuple[City, int, float] | None:
        """The unit on a line, its rank and its score as shown; None below the last."""
        if line >= len(self.positions):
            return None
        position = self.positions[line]
        score = self.subject.scores_on(self.node)[position] * self.subject.scale
        return self.subject.cities[position], int(self._ranks[position]), float(score)

    @cached_property
    def _ranks(self) -> FloatArray:
        return self.subject.ranks_on(self.node)
