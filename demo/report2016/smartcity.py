"""Smart-city leaves: bounded quantities that follow the sub-index, and users who make it exact.

Their totals include places outside the 351 cities, so the shares of a column sum to less than 1.
"""

from dataclasses import dataclass

import numpy as np

from demo.report2016.facts import SUBINDICES
from demo.report2016.leaves import subindex_leaves
from weighting.numeric.arrays import FloatArray
from weighting.numeric.tree import Tree

ABSORBER, USERS = "smartcity.mau", 1.9e8
# The bounded leaves give at most this part of a sub-index value.
UTMOST = 0.95
ROUNDS = 50
BEND = 4
REFLECTED = "smartcity.failure_rate"


@dataclass(frozen=True)
class Shape:
    """typical * (sub-index / mean)^elasticity * noise, inside the limits; `coverage` is sum / total."""

    typical: float
    elasticity: float
    scatter: float
    limits: tuple[float, float]
    digits: int
    coverage: float

    def follow(self, rows: FloatArray, noise: FloatArray) -> FloatArray:
        least, most = self.limits
        free = self.typical * (rows / rows.mean()) ** self.elasticity * noise
        # Bent, not cut, under the upper limit: no crowd of cities with exactly the same value.
        bent = free / (1 + (free / most) ** BEND) ** (1 / BEND)
        return np.round(np.maximum(bent, least), self.digits)

    def total_of(self, values: FloatArray) -> float:
        return round(float(values.sum()) / self.coverage, self.digits)


# Where a city scores high on the sub-index, the bounded leaves level off and the users take the rest.
SHAPES = {
    "smartcity.value": Shape(40, 1.15, 0.12, (2, 480), 0, 0.97),
    "smartcity.quality": Shape(2.8, 0.55, 0.05, (1, 5), 1, 0.93),
    "smartcity.return_rate": Shape(0.21, 1.15, 0.10, (0.015, 0.68), 4, 0.97),
    "smartcity.failure_rate": Shape(0.014, 1.2, 0.12, (0.0008, 0.06), 5, 0.975),
    "smartcity.richness": Shape(20, 1.1, 0.10, (1, 105), 0, 0.97),
}


def smartcity_values(
    tree: Tree, global_: FloatArray, subindices: FloatArray, rng: np.random.Generator
) -> tuple[dict[str, FloatArray], dict[str, float]]:
    """Raw values and totals by leaf code; a total is of what the share is taken of, so reflected."""
    codes, omega = subindex_leaves(tree, global_, "smartcity")
    weights = dict(zip(codes, omega, strict=True))
    rows = subindices[:, SUBINDICES.index("smartcity")] / 100
    values, totals, others = _follow(rows, weights, rng)
    totals[ABSORBER] = USERS
    values[ABSORBER] = np.rint((rows - others) / weights[ABSORBER] * USERS)
    values[REFLECTED] = _reflect(values[REFLECTED])
    return values, totals


def _follow(
    rows: FloatArray, weights: dict[str, float], rng: np.random.Generator
) -> tuple[dict[str, FloatArray], dict[str, float], FloatArray]:
    """The bounded leaves, their totals, and what they add to each sub-index value.

    A city where they would leave its users nothing is held back until they leave something.
    """
    noise = {code: np.exp(rng.normal(0, shape.scatter, len(rows))) for code, shape in SHAPES.items()}
    restraint = np.ones(len(rows))
    for _ in range(ROUNDS):
        values = {code: shape.follow(rows, noise[code] * restraint) for code, shape in SHAPES.items()}
        totals = {code: float(shape.total_of(values[code])) for code, shape in SHAPES.items()}
        others = sum((values[code] / totals[code] * weights[code] for code in SHAPES), np.zeros(len(rows)))
        if (others < UTMOST * rows).all():
            return values, totals, others
        restraint *= np.minimum(1, UTMOST * 0.99 * rows / others)
    raise ValueError(
        f"{ABSORBER} cannot make the sub-index exact in {(others >= UTMOST * rows).sum()} cities"
    )


def _reflect(turned: FloatArray) -> FloatArray:
    """The raw values whose reflection is `turned`: reflecting twice is no change."""
    return np.round(turned.max() + turned.min() - turned, SHAPES[REFLECTED].digits)
