"""Correlations of many columns at once, and which of them an index should explain (docs/method.md 10)."""

from dataclasses import dataclass

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree

# Two units always lie on a line.
FEWEST = 3
# So many cells are ranked at a time.
RANKED_CELLS = 1 << 20
# What a column's values may differ by and still be one value.
ROUNDING = 1e-12
# Sums of squares that neither overflow nor vanish when they are multiplied.
SAFE = (1e-150, 1e150)
BAD, WEAK, REDUNDANT = -0.4, 0.3, 0.92
# By the number that `correlation_flags` gives a pair.
FLAGS = ("", "bad", "weak", "redundant", "elsewhere")


@dataclass(frozen=True, eq=False)
class _Moments:
    """Sums over the units that both columns of a pair have.

    Attributes
    ----------
    count : float array, (columns, columns) or (1, 1)
        Cities.
    product : float array, (columns, columns)
        Of the deviations from their means; of columns divided by ``scale``, (columns,).
    squares : float array, (columns, columns) or (columns, 1)
        Of the deviations of the row's column; 0 of one value.
    """

    count: FloatArray
    product: FloatArray
    squares: FloatArray
    scale: FloatArray


def correlation_matrix(values: FloatArray, *, in_place: bool = False) -> FloatArray:
    r"""Return Pearson's correlation of every two columns, over the units that have both.

    .. math:: r_{jk} = \frac{\sum_c (x_{cj} - \bar x_j)(x_{ck} - \bar x_k)}
              {\sqrt{\sum_c (x_{cj} - \bar x_j)^2 \sum_c (x_{ck} - \bar x_k)^2}}

    Parameters
    ----------
    values : float array, (units, columns)
        nan where missing.
    in_place : bool
        Whether the values are nobody else's, so that their deviations may take their place.

    Returns
    -------
    float array, (columns, columns)
        In [-1, 1], symmetric; nan for a constant column and for fewer than three common units.
    """
    found = _moments(np.asarray(values, dtype=np.float64), in_place=in_place)
    known = (found.squares > 0) & (found.count >= FEWEST)
    inverse = np.divide(1, np.sqrt(found.squares), out=np.full(found.squares.shape, np.nan), where=known)
    matrix = found.product
    matrix *= inverse
    matrix *= inverse.T
    return np.clip(matrix, -1, 1, out=matrix)


def rank_correlation_matrix(values: FloatArray) -> FloatArray:
    r"""Return Spearman's correlation of every two columns: Pearson's of their midranks.

    A column is ranked among the units that have it, once for all its pairs; where gaps differ from
    column to column, this is near to ranking each pair anew, and not the same.

    Parameters and values returned are those of `correlation_matrix`.
    """
    ranks = midranks(values)
    # Of a large index they are as much as its ranks, and nobody else's they need not stay.
    del values
    return correlation_matrix(ranks, in_place=True)


def covariance_matrix(values: FloatArray) -> FloatArray:
    r"""Return the covariance of every two columns over the units that have both, by n - 1.

    Parameters
    ----------
    values : float array, (units, columns)
        nan where missing.

    Returns
    -------
    float array, (columns, columns)
        nan for fewer than three common units.
    """
    found = _moments(np.asarray(values, dtype=np.float64), in_place=False)
    usable = found.count >= FEWEST
    matrix = np.divide(found.product, found.count - 1, out=np.full(found.product.shape, np.nan), where=usable)
    return matrix * np.outer(found.scale, found.scale)


def midranks(values: FloatArray) -> FloatArray:
    """Return the ascending rank of each value in its column; equal values share the mean of theirs.

    Parameters
    ----------
    values : float array, (units, columns)
        nan where missing, and there has no rank.

    Returns
    -------
    float array, (units, columns)
        From 1; nan where missing.
    """
    values = np.asarray(values, dtype=np.float64)
    found = np.empty(values.shape, order="F")
    # What is sorted, and where, is several times as large as what comes of it.
    width = max(1, RANKED_CELLS // max(1, len(values)))
    for start in range(0, values.shape[1], width):
        found[:, start : start + width] = _midranks(values[:, start : start + width])
    return found


def _midranks(values: FloatArray) -> FloatArray:
    rows = np.ascontiguousarray(values.T)
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    last = ordered.shape[1] - 1
    differs = ordered[:, 1:] != ordered[:, :-1]
    places = np.broadcast_to(np.arange(last + 1), rows.shape)
    starts = np.where(np.pad(differs, ((0, 0), (1, 0)), constant_values=True), places, 0)
    ends = np.where(np.pad(differs, ((0, 0), (0, 1)), constant_values=True), places, last)
    starts = np.maximum.accumulate(starts, axis=1)
    ends = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty_like(rows)
    np.put_along_axis(ranks, order, (starts + ends) / 2 + 1, axis=1)
    ranks[np.isnan(rows)] = np.nan
    return ranks.T


def correlation_flags(tree: Tree, matrix: FloatArray) -> IntArray:
    """Say what is remarkable about the correlations of an index's nodes.

    Of siblings: `bad` below -0.4, where raising one lowers the other; `weak` below 0.3; `redundant`
    above 0.92. Of a node and another parent at its own parent's level: `elsewhere` where the node
    goes with that one more than with its own.

    Parameters
    ----------
    matrix : float array, (nodes, nodes)
        Correlations in the order of the tree; a pair without one has no flag.

    Returns
    -------
    int array, (nodes, nodes)
        Positions in `FLAGS`, symmetric.

    References
    ----------
    W. Becker et al., COINr: An R package for developing composite indicators, Journal of Open Source
    Software 7 (2022), 4567, doi:10.21105/joss.04567; the limits are those of its ``plot_corr``.
    """
    flags = np.zeros(matrix.shape, dtype=np.int64)
    siblings = tree.parents[:, np.newaxis] == tree.parents
    np.fill_diagonal(siblings, False)
    flags[siblings & (matrix < WEAK)] = FLAGS.index("weak")
    flags[siblings & (matrix < BAD)] = FLAGS.index("bad")
    flags[siblings & (matrix > REDUNDANT)] = FLAGS.index("redundant")
    elsewhere = _is_elsewhere(tree, matrix)
    flags[elsewhere | elsewhere.T] = FLAGS.index("elsewhere")
    return flags


def is_constant(values: FloatArray) -> BoolArray:
    """Return which columns hold one value but for rounding, or none, (columns,)."""
    low = np.fmin.reduce(values, axis=0)
    high = np.fmax.reduce(values, axis=0)
    largest = np.maximum(np.abs(low), np.abs(high))
    varied: BoolArray = high - low > ROUNDING * largest
    return ~varied


def _is_elsewhere(tree: Tree, matrix: FloatArray) -> BoolArray:
    """Return where a node (row) goes more with another parent (column) than with its own."""
    below = np.flatnonzero(tree.parents != NO_PARENT)
    own = np.full(len(tree), np.nan)
    own[below] = matrix[below, tree.parents[below]]
    same_level = tree.depth[:, np.newaxis] - 1 == tree.depth
    others = same_level & ~tree.is_leaf & (tree.parents[:, np.newaxis] != np.arange(len(tree)))
    return others & (matrix > own[:, np.newaxis])


def _moments(values: FloatArray, *, in_place: bool) -> _Moments:
    means = _means(values)
    centred = np.subtract(values, means, out=values if in_place else None)
    scale = np.ones(values.shape[1])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        product = centred.T @ centred
    squares = np.diagonal(product)
    if not ((squares > SAFE[0]) & (squares < SAFE[1])).all():
        # Squares of large units must stay finite, and those of small ones above zero.
        largest = np.fmax.reduce(np.abs(centred), axis=0)
        scale = np.where(np.isfinite(largest) & (largest > ROUNDING * np.abs(means)), largest, 1.0)
        centred /= scale
        product = centred.T @ centred
    # Of values that are one but for rounding no deviation is left.
    limit = len(values) * (ROUNDING * means / scale) ** 2
    if np.isnan(product).any():
        return _gappy_moments(centred, scale, limit)
    squares = np.diagonal(product)
    squares = np.where(squares > limit, squares, 0.0)[:, np.newaxis]
    return _Moments(np.full((1, 1), float(len(values))), product, squares, scale)


def _gappy_moments(centred: FloatArray, scale: FloatArray, limit: FloatArray) -> _Moments:
    counted = (~np.isnan(centred)).astype(np.float64)
    # The deviations are nobody else's: what is made of them is made in their place.
    filled = np.nan_to_num(centred, copy=False, nan=0.0, posinf=np.inf, neginf=-np.inf)
    count, sums = counted.T @ counted, filled.T @ counted
    fewer = np.maximum(count, 1.0)
    product = filled.T @ filled - sums * sums.T / fewer
    powers = np.square(filled, out=filled).T @ counted
    squares = powers - sums**2 / fewer
    least = np.maximum(np.nan_to_num(limit)[:, np.newaxis], ROUNDING * powers)
    squares = np.where(squares > least, squares, 0.0)
    return _Moments(count, product, squares, scale)


def _means(values: FloatArray) -> FloatArray:
    """Return the mean of what each column has, (columns,); nan of nothing."""
    means = values.mean(axis=0)
    gappy = np.isnan(means)
    if gappy.any():
        part = values[:, gappy]
        present = ~np.isnan(part)
        counts = present.sum(axis=0)
        sums = np.where(present, part, 0.0).sum(axis=0)
        means[gappy] = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return means
