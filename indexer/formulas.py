"""What each choice of a method computes, as a formula that a reader can check.

Every entry of the registries has one: a test holds them against each other. The letters are those
of docs/method.md 3 and 4.
"""

from collections.abc import Mapping

# x is the raw value, t the normalised one, n the number of units, r a rank.
NORMALISATION_FORMULAS: Mapping[str, str] = {
    "share": "t = x / Σ x",
    "minmax": "t = (x − min) / (max − min)",
    "zscore": "t = (x − mean) / √(Σ (x − mean)² / n)",
    "rank": "t = (n − r + 1) / n",
    "none": "t = x",
    "zscore_sample": "t = (x − mean) / √(Σ (x − mean)² / (n − 1))",
    "percentile": "t = (r − 1) / (n − 1)",
    "goalposts": "t = (x − lower) / (upper − lower)",
    "target": "t = 1 − (target − x) / (target − worst)",
    "distance_to_max": "t = 1 − (max − x) / (max − min)",
    "distance_to_reference": "t = 1 − (x_ref − x) / (x_ref − min)",
    "fraction_of_max": "t = x / max",
}
# S is the score of a group, w the weights of its members, which sum to 1; M and s are their weighted mean
# and standard deviation, on a scale from 70 to 130.
AGGREGATION_FORMULAS: Mapping[str, str] = {
    "arithmetic": "S = Σ w·t",
    "geometric": "S = Π t^w",
    "harmonic": "S = 1 / Σ (w / t)",
    "minimum": "S = min t",
    "mpi": "S = M − s²/M",
    "mpi_high": "S = M + s²/M",
    "copeland": "S = (wins − losses) / (n − 1)",
    "power": "S = (Σ w·t^p)^(1/p)",
}


def normalisation_formula(code: str) -> str:
    """Return the formula of a way to normalise."""
    return NORMALISATION_FORMULAS[code.partition(":")[0]]


def aggregation_formula(code: str) -> str:
    """Return the formula of a way to aggregate, with its parameter."""
    family, _colon, parameter = code.partition(":")
    formula = AGGREGATION_FORMULAS[family]
    return f"{formula}, p = {parameter}" if parameter else formula
