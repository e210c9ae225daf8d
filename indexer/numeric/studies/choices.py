"""Sobol indices of choices of method beside those of weights (docs/method.md 8)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.numeric.scores.index import Index
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.memory import CELL, rank_memory
from indexer.numeric.studies.sensitivity import ranking_output
from indexer.numeric.studies.uncertainty import SeededDraws
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.draws import WeightDraws


@dataclass(frozen=True, eq=False)
class FixedWeights:
    """The same weights at every draw, (nodes,)."""

    local: FloatArray

    def draw(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Return the weights so many times, (nodes, size)."""
        return np.repeat(self.local[:, np.newaxis], size, axis=1)


def pick_and_freeze(
    sizes: Sequence[int],
    groups: Sequence[IntArray],
    source: WeightDraws,
    evaluate: Callable[[IntArray, FloatArray], FloatArray],
    *,
    samples: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the outputs of a design whose inputs are discrete choices, and after them groups of weights.

    A choice is uniform over its values; the weights of a group are drawn by the source. All inputs are
    taken as independent.

    Parameters
    ----------
    sizes : sequence of int, (choices,)
        How many values each choice has.
    groups : sequence of int array
        The nodes whose weights are one input.
    evaluate : callable
        From values of the choices, (choices, samples), and local weights, (nodes, samples), to outputs.

    Returns
    -------
    float array, (2 + choices + groups, samples)
        For A, for B, and for A with each input from B: what `sobol_indices` takes.
    """
    limits = np.asarray(sizes, dtype=np.int64)[:, np.newaxis]
    a, b = (rng.integers(limits, size=(len(sizes), samples)) for _ in range(2))
    weights_a, weights_b = source.draw(samples, rng), source.draw(samples, rng)
    outputs = [evaluate(a, weights_a), evaluate(b, weights_b)]
    for choice in range(len(sizes)):
        mixed = a.copy()
        mixed[choice] = b[choice]
        outputs.append(evaluate(mixed, weights_a))
    for group in groups:
        frozen = weights_a.copy()
        frozen[group] = weights_b[group]
        outputs.append(evaluate(a, frozen))
    return np.stack(outputs)


@dataclass(frozen=True, eq=False)
class ChoicePlan:
    """Outputs of the pick-and-freeze design of choices of method and, if they are drawn, weights.

    Attributes
    ----------
    indices : sequence of Index
        One for each combination, the last choice changing fastest; with the nominal ranks of the base.
    sizes : sequence of int, (choices,)
    draws : SeededDraws
        Of `FixedWeights` where weights are no input.
    city : int, optional
        Whose rank is the output; R_S without one.
    """

    indices: Sequence[Index]
    sizes: Sequence[int]
    draws: SeededDraws
    city: int | None = None

    @property
    def chunks(self) -> int:
        """How many chunks of samples there are."""
        return self.draws.chunks

    @property
    def groups(self) -> Sequence[IntArray]:
        """The groups of weights that are inputs: those with more than one weight."""
        if isinstance(self.draws.source, FixedWeights):
            return ()
        return [group for group in self.indices[0].tree.groups if len(group) > 1]

    @property
    def rankings(self) -> int:
        """Each sample with every input exchanged, and twice whole."""
        return 2 + len(self.sizes) + len(self.groups)

    def memory_for(self, units: int) -> int:
        """All combinations are at hand, and of each ranking one number is kept."""
        need = choice_need(
            leaves=len(self.indices[0].tree.leaves),
            methods=len(self.indices),
            outputs=self.rankings * self.draws.draws,
        )
        return need(units)

    def tally(self, chunks: Iterable[int]) -> Tally:
        """Return the outputs, (2 + inputs, samples)."""
        parts = [
            pick_and_freeze(
                self.sizes,
                self.groups,
                self.draws.source,
                self._evaluate,
                samples=self.draws.size(chunk),
                rng=self.draws.rng(chunk),
            )
            for chunk in chunks
        ]
        return {"outputs": np.concatenate(parts, axis=1)}

    @property
    def rng(self) -> np.random.Generator:
        """The generator of the intervals, which no chunk uses."""
        return self.draws.rng(self.chunks)

    def _evaluate(self, values: IntArray, local: FloatArray) -> FloatArray:
        combinations = np.ravel_multi_index(tuple(values), tuple(self.sizes))
        if not self.groups:
            return self._of_fixed[combinations]
        outputs = np.empty(len(combinations))
        for combination in np.unique(combinations).tolist():
            mine = combinations == combination
            outputs[mine] = ranking_output(self.indices[combination], local[:, mine], city=self.city)
        return outputs

    @cached_property
    def _of_fixed(self) -> FloatArray:
        """The output of each combination under the one set of weights."""
        local = self.indices[0].local[:, np.newaxis]
        return np.concatenate([ranking_output(index, local, city=self.city) for index in self.indices])


def choice_need(*, leaves: int, methods: int, outputs: int) -> Callable[[int], int]:
    """Return the bytes that so many combinations need by units, which is known before any is made."""
    return lambda units: rank_memory(units=units, leaves=leaves, methods=methods) + 3 * CELL * outputs
