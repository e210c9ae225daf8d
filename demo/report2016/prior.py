"""A smooth guess at the hidden cells, from what every margin leaves for them."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from demo.report2016.constraints import (
    CELL_BAND,
    FLOOR,
    cell_bounds,
    column_sums,
    open_provinces,
    province_sums,
)
from demo.report2016.facts import IMPLIED, INDUSTRY, SUBINDICES, Report

FloatArray = NDArray[np.float64]

# How far hidden cells scatter about the row and column effects of the prior, on the logit scale.
SCATTER = 0.3
# Small cities are given more of their total from smart-city services, which start from a common minimum.
SMART_TILT = 1.2
FITS = 60


def smooth_prior(report: Report, rng: np.random.Generator) -> FloatArray:
    """Hidden cells = floor + room * logistic(scatter + row effect + column effect), fitted to both margins.

    The two effects are found in turn by bisection: rows are what a published total leaves for its
    hidden cells, columns are what the published cells leave of the national sum and, in industry,
    of each province's figure.
    """
    cells, weights = report.cells, np.array(IMPLIED)
    hidden = np.isnan(cells)
    room = np.where(hidden, cell_bounds(report)[1] - FLOOR, 0.0).ravel()
    known = np.where(hidden, FLOOR, cells)
    rows = csr_array(np.kron(np.eye(len(cells)), weights))
    columns, column_sums_ = _columns(report)
    row_rest = report.totals - known @ weights
    column_rest = column_sums_ - columns @ known.ravel()
    scatter = rng.normal(0, SCATTER, cells.shape)
    scatter[:, SUBINDICES.index("smartcity")] -= SMART_TILT * np.log(report.totals)
    logit = scatter.ravel()
    for _ in range(FITS):
        logit = logit + _find_shift(logit, room, rows, row_rest)
        logit = logit + _find_shift(logit, room, columns, column_rest)
    jitter = rng.uniform(-0.6, 0.6, cells.shape) * CELL_BAND
    guess = FLOOR + (room / (1 + np.exp(-logit))).reshape(cells.shape)
    return np.where(hidden, guess, cells + jitter)


def _columns(report: Report) -> tuple[csr_array, FloatArray]:
    """Each sub-index as one group of cells, but industry by province, and what each group sums to."""
    provinces = open_provinces(report)
    others = [column for column in range(len(SUBINDICES)) if column != INDUSTRY]
    whole = np.kron(np.ones(len(report.cities)), np.eye(len(SUBINDICES))[others])
    industry = province_sums(report, list(provinces), INDUSTRY)
    sums = np.concatenate([column_sums(report)[others], list(provinces.values())])
    return csr_array(vstack([csr_array(whole), industry], format="csr")), sums


def _find_shift(logit: FloatArray, room: FloatArray, groups: csr_array, rest: FloatArray) -> FloatArray:
    """The shift per group, spread over its cells, with which its hidden cells sum to what is left."""
    members = (groups != 0).T.astype(np.float64)
    hidden = groups @ room > 0
    low, high = np.full_like(rest, -12.0), np.full_like(rest, 12.0)
    for _ in range(50):
        middle = (low + high) / 2
        below = groups @ (room / (1 + np.exp(-logit - members @ middle))) < rest
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(members @ np.where(hidden, middle, 0.0))
