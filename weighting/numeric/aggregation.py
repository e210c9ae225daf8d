"""From the panel's blind scores to local and global weights (docs/method.md 2)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.scale import SCALE
from weighting.numeric.tree import Tree, global_weights

Rule = Literal["normalised_sum", "normalised_mean"]


FAULT_TEXTS = {
    "off_scale": "expert {expert}, item {item}: {number} is not 1, 2, 3, 4 or 5",
    "half_group": "asked about some siblings but not about {codes}",
    "below_zero": "{codes}: counts below zero",
    "not_asked": "{codes}: has scores but was not asked",
    "no_answer": "{codes}: nobody scored it",
    "abstained": "{codes}: {number} abstained, which the rule normalised_sum refuses",
    "few_answers": "{codes}: too few answers to draw experts from",
    "one_answer": "{codes}: only one expert answered",
    "one_expert": "a single expert cannot be left out",
}


@dataclass(frozen=True)
class AggregationFault:
    """One reason why scores give no weights; ``kind`` is a key of `FAULT_TEXTS`."""

    kind: str
    codes: tuple[str, ...] = ()
    number: float = 0
    expert: int = 0
    item: int = 0

    def __str__(self) -> str:
        return FAULT_TEXTS[self.kind].format(
            codes=", ".join(self.codes), number=self.number, expert=self.expert, item=self.item
        )


class AggregationError(ValueError):
    """The scores give no weights under the rule; ``faults`` and ``problems`` list every reason."""

    def __init__(self, faults: Sequence[AggregationFault]) -> None:
        self.faults = tuple(faults)
        self.problems = [str(fault) for fault in faults]
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, eq=False)
class PanelWeights:
    """Weights of every node.

    Attributes
    ----------
    local : float array, (nodes,)
        Part of the sibling group; each group sums to 1.
    global_ : float array, (nodes,)
        Product of the local weights from the root; the leaves sum to 1.
    asked : bool array, (nodes,)
        False where nobody was asked and the group is split equally.
    """

    local: FloatArray
    global_: FloatArray
    asked: BoolArray


def aggregate_scores(
    tree: Tree, scores: FloatArray, rule: Rule, asked: BoolArray | None = None
) -> PanelWeights:
    r"""Turn expert scores into weights.

    Within a sibling group G, ``normalised_sum`` is the report's
    :math:`\alpha_j = \sum_i a_{ij} / \sum_i \sum_{k \in G} a_{ik}`, which needs every score;
    ``normalised_mean`` is :math:`\bar a_j / \sum_{k \in G} \bar a_k`, with the mean over the
    experts who scored the item. Without abstentions the two agree bit for bit.

    Parameters
    ----------
    scores : float array, (experts, nodes)
        Whole numbers from 1 to 5; nan where the expert abstained or was not asked.
    rule : {"normalised_sum", "normalised_mean"}
    asked : bool array, (nodes,), optional
        The nodes that were on the ballot, whole sibling groups; all of them by default.

    Raises
    ------
    AggregationError
        Naming every item with a score off the scale, with an abstention under
        ``normalised_sum``, or that nobody scored, and every group asked in part.

    References
    ----------
    2016 "Internet Plus" index report, chapter 1, section 3.1.
    """
    return weights_from_counts(tree, count_scores(scores), rule, asked)


def count_scores(scores: FloatArray) -> IntArray:
    """Count each score of the scale and the abstentions of each item.

    Parameters
    ----------
    scores : float array, (experts, nodes)
        Whole numbers from 1 to 5, or nan.

    Returns
    -------
    int array, (nodes, 6)

    Raises
    ------
    AggregationError
        Naming every score that is neither nan nor a whole number from 1 to 5.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2:
        raise ValueError(f"scores have {scores.ndim} axes, not (experts, nodes)")
    off_scale = np.argwhere(~np.isnan(scores) & ~np.isin(scores, SCALE))
    if off_scale.size:
        raise AggregationError(
            [
                AggregationFault("off_scale", number=scores[i, j], expert=i + 1, item=j + 1)
                for i, j in off_scale.tolist()
            ]
        )
    counts = [(scores == value).sum(axis=0) for value in SCALE]
    return np.stack([*counts, np.isnan(scores).sum(axis=0)], axis=1)


def weights_from_counts(
    tree: Tree, counts: IntArray, rule: Rule, asked: BoolArray | None = None
) -> PanelWeights:
    """Return the weights that `aggregate_scores` gives, from the counts of each item alone.

    Parameters
    ----------
    counts : int array, (nodes, 6)
        As `count_scores` returns them.

    Raises
    ------
    AggregationError
        As `aggregate_scores`.
    """
    asked = np.ones(len(tree), dtype=bool) if asked is None else np.asarray(asked, dtype=bool)
    counts = np.asarray(counts, dtype=np.int64)
    if counts.shape != (len(tree), len(SCALE) + 1) or asked.shape != (len(tree),):
        raise ValueError(f"counts {counts.shape} and asked {asked.shape} for {len(tree)} nodes")
    if faults := list(_find_faults(tree, counts, rule, asked)):
        raise AggregationError(faults)
    sums, answers = counts[:, :-1] @ SCALE, counts[:, :-1].sum(axis=1)
    local = np.empty(len(tree))
    for group in tree.groups:
        local[group] = _group_weights(sums[group], answers[group]) if asked[group[0]] else 1 / len(group)
    return PanelWeights(local=local, global_=global_weights(tree, local), asked=asked)


def equal_weights(tree: Tree) -> PanelWeights:
    """Split every sibling group equally."""
    nothing = np.zeros((len(tree), len(SCALE) + 1), dtype=np.int64)
    return weights_from_counts(tree, nothing, "normalised_sum", np.zeros(len(tree), dtype=bool))


def _group_weights(sums: IntArray, answers: IntArray) -> FloatArray:
    """Means scaled by the largest number of answers: whole sums when nobody abstained."""
    scaled: FloatArray = sums * (answers.max() / answers)
    # fsum rounds once, so the order of the siblings cannot show in the weights.
    return scaled / math.fsum(scaled)


def _find_faults(tree: Tree, counts: IntArray, rule: Rule, asked: BoolArray) -> Iterator[AggregationFault]:
    if rule not in ("normalised_sum", "normalised_mean"):
        raise ValueError(f"unknown rule {rule!r}")
    answers = counts[:, :5].sum(axis=1)
    for group in tree.groups:
        if asked[group].any() and not asked[group].all():
            yield AggregationFault("half_group", tuple(tree.codes[node] for node in group[~asked[group]]))
    for node, code in enumerate(tree.codes):
        if (counts[node] < 0).any():
            yield AggregationFault("below_zero", (code,))
        elif not asked[node] and answers[node]:
            yield AggregationFault("not_asked", (code,))
        elif asked[node] and not answers[node]:
            yield AggregationFault("no_answer", (code,))
        elif asked[node] and rule == "normalised_sum" and counts[node, 5]:
            yield AggregationFault("abstained", (code,), int(counts[node, 5]))
