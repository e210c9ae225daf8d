"""A synthetic panel: 97 experts whose scores give the four printed sub-index weights."""

import numpy as np

from demo.report2016.facts import SUBINDICES
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree

EXPERTS = 97
# The only sums, for any panel of 81 to 100, that give 27.69, 26.39, 21.93 and 23.99 %.
SUBINDEX_SUMS = (404, 385, 320, 350)
SECTORS = ("academic", "industry", "government")
ORGANISATIONS = {
    "academic": ("示例大学", "Example University"),
    "industry": ("示例企业", "Example Company"),
    "government": ("示例部门", "Example Agency"),
}


def synthesise_scores(tree: Tree, rng: np.random.Generator) -> IntArray:
    """Scores (experts, nodes): item mean + the expert's leniency + taste for a sub-index + noise."""
    leniency = rng.normal(0, 0.45, (EXPERTS, 1))
    taste = rng.normal(0, 0.35, (EXPERTS, len(SUBINDICES)))[:, _subindex_of(tree)]
    means = _item_means(tree, rng)
    wish = means + leniency + taste + rng.normal(0, 0.65, (EXPERTS, len(tree)))
    scores = np.clip(np.rint(wish), 1, 5).astype(np.int64)
    for code, goal in zip(SUBINDICES, SUBINDEX_SUMS, strict=True):
        column = tree.index[code]
        scores[:, column] = _meet_sum(scores[:, column], wish[:, column], goal)
    return scores


def _subindex_of(tree: Tree) -> IntArray:
    return np.array([SUBINDICES.index(code.split(".")[0]) for code in tree.codes])


def _item_means(tree: Tree, rng: np.random.Generator) -> FloatArray:
    means = rng.uniform(2.6, 4.4, len(tree))
    for code, goal in zip(SUBINDICES, SUBINDEX_SUMS, strict=True):
        means[tree.index[code]] = goal / EXPERTS
    return means


def _meet_sum(scores: IntArray, wish: FloatArray, goal: int) -> IntArray:
    """Move the scores that were nearest to the next one, a point each, until the sum is right."""
    scores = scores.copy()
    while difference := goal - int(scores.sum()):
        step = int(np.sign(difference))
        free = np.flatnonzero((scores + step >= 1) & (scores + step <= 5))
        scores[free[np.argmax(step * (wish[free] - scores[free]))]] += step
    return scores


def panel_rows() -> list[dict[str, str]]:
    """Experts who are plainly nobody: numbered names, example.org, example organisations."""
    rows = []
    for number in range(1, EXPERTS + 1):
        sector = SECTORS[number % 7 % 3]
        chinese = number % 4 != 0
        organisation = ORGANISATIONS[sector][0 if chinese else 1]
        rows.append(
            {
                "code": f"E{number:03d}",
                "name": f"专家 {number:03d}" if chinese else f"Expert {number:03d}",
                "email": f"e{number:03d}@example.org",
                "organisation": f"{organisation} {number % 12 + 1}",
                "sector": sector,
                "language": "zh-hans" if chinese else "en",
            }
        )
    return rows
