"""Weights tried out on a tree, in whole units, and as a short text for an address.

A sibling group that was changed has whole parts of a million, so that an address restores
exactly what was seen; every other group keeps its nominal weights to the last bit.

The text is the version of this notation, then each changed group: ``1~0.5xc0.5g.fpts`` gives
group 0 (`Tree.groups`) the units 0x5xc0 and so on, in base 36, in the order of the siblings.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree

WHOLE = 1_000_000
NOTATION = "1"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# A unit of a million has four digits in base 36; more are no number of this notation.
MAX_DIGITS = 6

State = Mapping[int, IntArray]
FaultKind = Literal["notation", "number", "group", "repeated", "siblings", "sum"]


class WeightStateError(ValueError):
    """A text is no state of a tree's weights; ``part`` is where it is not."""

    def __init__(self, kind: FaultKind, part: str) -> None:
        self.kind = kind
        self.part = part
        super().__init__(f"{kind}: {part!r}")


def apportion(parts: FloatArray, whole: int = WHOLE) -> IntArray:
    """Share whole units in proportion to some parts, by largest remainders; of equal ones the first.

    Parameters
    ----------
    parts : float array, (siblings,)
        Not negative, with a sum above 0.
    whole : int
        Units to share.

    Returns
    -------
    int array, (siblings,)
        Not negative; sums to `whole`.

    Raises
    ------
    ValueError
        When a part is negative or not finite, or all of them are 0.

    References
    ----------
    Hamilton's method; Balinski & Young (1982), Fair Representation, chapter 3.
    """
    parts = np.asarray(parts, dtype=np.float64)
    if not (np.isfinite(parts).all() and (parts >= 0).all() and parts.sum() > 0):
        raise ValueError(f"{parts.tolist()} are no parts of a whole")
    exact = parts / parts.sum() * whole
    units = np.floor(exact).astype(np.int64)
    missing = whole - int(units.sum())
    first = np.argsort(-(exact - units), kind="stable")[:missing]
    units[first] += 1
    return units


def state_text(state: State) -> str:
    """Write a state; '' where nothing was changed."""
    if not state:
        return ""
    groups = [
        ".".join(_base36(number) for number in (group, *state[group].tolist())) for group in sorted(state)
    ]
    return "~".join([NOTATION, *groups])


def read_state(text: str, tree: Tree) -> dict[int, IntArray]:
    """Read what `state_text` writes: parts of a million, (siblings,), by the number of the group.

    Raises
    ------
    WeightStateError
        For another notation, what is not a number, a group that the tree does not have or that
        comes twice, a wrong number of siblings, and units that do not sum to `WHOLE`.
    """
    if not text:
        return {}
    notation, *groups = text.split("~")
    if notation != NOTATION:
        raise WeightStateError("notation", notation)
    state: dict[int, IntArray] = {}
    for part in groups:
        number, *units = (_number(word, part) for word in part.split("."))
        if number >= len(tree.groups):
            raise WeightStateError("group", part)
        if number in state:
            raise WeightStateError("repeated", part)
        if len(units) != len(tree.groups[number]):
            raise WeightStateError("siblings", part)
        if sum(units) != WHOLE:
            raise WeightStateError("sum", part)
        state[number] = np.array(units, dtype=np.int64)
    return state


def local_weights(tree: Tree, nominal: FloatArray, state: State) -> FloatArray:
    """Return the local weights of a state, (nodes,): the nominal ones where nothing was changed."""
    local = np.array(nominal, dtype=np.float64)
    for group, units in state.items():
        local[tree.groups[group]] = units / WHOLE
    return local


def _number(word: str, part: str) -> int:
    if not 0 < len(word) <= MAX_DIGITS or not set(word) <= set(DIGITS):
        raise WeightStateError("number", part)
    return int(word, 36)


def _base36(number: int) -> str:
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text
