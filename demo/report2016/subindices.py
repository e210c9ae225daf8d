"""Sub-index values for all 351 cities: the linear programme of the method, near a smooth prior."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, eye_array, hstack, kron, vstack

from demo.report2016.facts import IMPLIED, Report

FloatArray = NDArray[np.float64]

# Half of the last printed digit is 0.00005. What is kept back pays for the rounding of raw values later.
CELL_BAND = 0.000035
TOTAL_BAND = 0.00004
CELL_GAP = 0.000025
TOTAL_GAP = 0.00001
# How far hidden cells scatter about the row and column effects of the prior, on the logit scale.
SCATTER = 0.3
# Small cities are given more of their total from smart-city services, which start from a common minimum.
SMART_TILT = 1.2
# Low enough for every published total, high enough for whole numbers of apps and projects.
FLOOR = 0.004
FITS = 60
# A convex, piecewise linear price of leaving the prior, in relative steps: near a quadratic one.
STEPS = (0.02, 0.03, 0.05, 0.1, 0.1, 0.2, 0.2, 0.3, 0.5, 1.0, 2.0)
SLOPES = (1.0, 2.5, 4.5, 8.0, 13.0, 20.0, 30.0, 45.0, 70.0, 120.0, 300.0)


def reconstruct_subindices(report: Report, rng: np.random.Generator) -> FloatArray:
    """Values (cities, sub-indices) that meet every published figure, order and sum."""
    sums = column_sums(report)
    prior = smooth_prior(report, sums, rng)
    lower, upper = cell_bounds(report)
    return _solve(prior, lower, upper, sums, report)


def column_sums(report: Report) -> FloatArray:
    """100 three times; the smart-city sum is what the published totals leave (about 83.8)."""
    weights = np.array(IMPLIED)
    smart = (report.totals.sum() - 100.0 * weights[:3].sum()) / weights[3]
    return np.array([100.0, 100.0, 100.0, smart])


def cell_bounds(report: Report) -> tuple[FloatArray, FloatArray]:
    """Published cells stay inside their last digit, the others below the 100th published value."""
    cells = report.cells
    ceiling = np.nanmin(cells, axis=0) - CELL_BAND - CELL_GAP
    lower = np.where(np.isnan(cells), FLOOR, cells - CELL_BAND)
    upper = np.where(np.isnan(cells), ceiling, cells + CELL_BAND)
    return lower, upper


def smooth_prior(report: Report, sums: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Hidden cells = floor + room * logistic(scatter + row effect + column effect), fitted to both margins.

    The two effects are found in turn by bisection: rows are what a published total leaves for its
    hidden cells, columns are what the published cells leave of the national sum.
    """
    cells, weights = report.cells, np.array(IMPLIED)
    hidden = np.isnan(cells)
    room = cell_bounds(report)[1] - FLOOR
    known = np.where(hidden, FLOOR, cells)
    row_rest = report.totals - known @ weights
    column_rest = sums - known.sum(axis=0)
    scatter = rng.normal(0, SCATTER, cells.shape)
    scatter[:, 3] -= SMART_TILT * np.log(report.totals)
    logit = np.where(hidden, scatter, -np.inf)
    for _ in range(FITS):
        logit = logit + _find_shift(logit, room * weights, row_rest, axis=1)
        logit = logit + _find_shift(logit, room, column_rest, axis=0)
    jitter = rng.uniform(-0.6, 0.6, cells.shape) * CELL_BAND
    return np.where(hidden, FLOOR + room / (1 + np.exp(-logit)), cells + jitter)


def _find_shift(logit: FloatArray, room: FloatArray, rest: FloatArray, axis: int) -> FloatArray:
    """The shift per row or column with which the hidden cells sum to what is left for them."""
    rest = np.expand_dims(rest, axis)
    low, high = np.full_like(rest, -12.0), np.full_like(rest, 12.0)
    for _ in range(50):
        middle = (low + high) / 2
        below = (room / (1 + np.exp(-logit - middle))).sum(axis=axis, keepdims=True) < rest
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(np.isfinite(logit).any(axis=axis, keepdims=True), middle, 0.0)


def _solve(
    prior: FloatArray, lower: FloatArray, upper: FloatArray, sums: FloatArray, report: Report
) -> FloatArray:
    """Leave the prior as little as possible: v = prior + rises - falls, each step at its own price."""
    start, size = prior.ravel(), prior.size
    widths = np.outer(STEPS, start).ravel()
    price = np.outer(SLOPES, 1 / start).ravel()
    one = eye_array(size)
    order, order_limits = order_rows(report)
    totals, total_limits = total_rows(report)
    rows = vstack([order, totals])
    moves = [-one] * len(STEPS) + [one] * len(STEPS)
    column_rows = hstack([eye_array(4)] * len(prior))
    found = linprog(
        np.concatenate([np.zeros(size), price, price]),
        A_ub=hstack([rows, coo_array((rows.shape[0], 2 * widths.size))], format="csr"),
        b_ub=np.concatenate([order_limits, total_limits]),
        A_eq=vstack(
            [hstack([one, *moves]), hstack([column_rows, coo_array((4, 2 * widths.size))])], format="csr"
        ),
        b_eq=np.concatenate([start, sums]),
        bounds=np.column_stack(
            [
                np.concatenate([lower.ravel(), np.zeros(2 * widths.size)]),
                np.concatenate([upper.ravel(), widths, widths]),
            ]
        ),
        method="highs",
    )
    if not found.success:
        raise RuntimeError(f"the programme has no solution: {found.message}")
    return np.asarray(found.x[:size]).reshape(prior.shape)


def order_rows(report: Report) -> tuple[csr_array, FloatArray]:
    """value of rank k+1 - value of rank k <= -CELL_GAP, in each of the four top-100 lists."""
    rows = []
    for column in range(len(IMPLIED)):
        listed = np.flatnonzero(report.cell_rank[:, column])
        order = listed[np.argsort(report.cell_rank[listed, column])] * len(IMPLIED) + column
        rows.append(_differences(order, report.cell_rank.size))
    stacked = vstack(rows, format="csr")
    return stacked, np.full(stacked.shape[0], -CELL_GAP)


def total_rows(report: Report) -> tuple[csr_array, FloatArray]:
    """Totals in their printed digit, and each below the one before it."""
    cities = len(report.totals)
    totals = kron(eye_array(cities), np.array([IMPLIED]), format="csr")
    falls = _differences(np.arange(cities), cities) @ totals
    limits = [report.totals + TOTAL_BAND, TOTAL_BAND - report.totals, np.full(cities - 1, -TOTAL_GAP)]
    return vstack([totals, -totals, falls], format="csr"), np.concatenate(limits)


def _differences(order: NDArray[np.intp], size: int) -> csr_array:
    """Rows x[order[k + 1]] - x[order[k]]."""
    count = len(order) - 1
    rows = np.tile(np.arange(count), 2)
    columns = np.concatenate([order[1:], order[:-1]])
    signs = np.repeat([1.0, -1.0], count)
    return csr_array((signs, (rows, columns)), shape=(count, size))
