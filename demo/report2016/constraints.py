"""What the report prints, as bounds and linear rows over values (cities, sub-indices) laid out row by row."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, kron, vstack

from demo.report2016.facts import IMPLIED, INDUSTRY, SUBINDICES, Report, printed_provinces

FloatArray = NDArray[np.float64]

# Half of the last printed digit is 0.00005. What is kept back pays for the rounding of raw values later.
CELL_BAND = 0.000035
TOTAL_BAND = 0.00004
PROVINCE_BAND = 0.00003
CELL_GAP = 0.000025
TOTAL_GAP = 0.00001
# Low enough for every published total, high enough for whole numbers of apps and projects.
FLOOR = 0.004
WHOLE = 100.0


@dataclass(frozen=True)
class Rows:
    """rows @ values <= limits."""

    rows: csr_array
    limits: FloatArray


def join_rows(parts: list[Rows]) -> Rows:
    return Rows(
        csr_array(vstack([part.rows for part in parts], format="csr")),
        np.concatenate([part.limits for part in parts]),
    )


def column_sums(report: Report) -> FloatArray:
    """100 twice, industry as the provinces have it, smart city what the published totals leave (96.35)."""
    weights, smart = np.array(IMPLIED), SUBINDICES.index("smartcity")
    sums = np.full(len(SUBINDICES), WHOLE)
    sums[INDUSTRY] = sum(open_provinces(report).values()) + np.nansum(report.cells[_closed(report), INDUSTRY])
    others = np.arange(len(SUBINDICES)) != smart
    sums[smart] = (report.totals.sum() - sums[others] @ weights[others]) / weights[smart]
    return sums


def open_provinces(report: Report) -> dict[str, float]:
    """What is printed for the industry of each province that has a city whose own is not printed.

    The other five cannot agree: their cities, all printed, fall short of them.
    """
    hidden = {report.provinces[city] for city in np.flatnonzero(np.isnan(report.cells[:, INDUSTRY]))}
    return {
        province: figure for province, figure in printed_provinces("industry").items() if province in hidden
    }


def _closed(report: Report) -> NDArray[np.bool_]:
    return ~np.isin(report.provinces, list(open_provinces(report)))


def cell_bounds(report: Report) -> tuple[FloatArray, FloatArray]:
    """Published cells stay inside their last digit, the others below the 100th published value."""
    cells = report.cells
    ceiling = np.nanmin(cells, axis=0) - CELL_BAND - CELL_GAP
    lower = np.where(np.isnan(cells), FLOOR, cells - CELL_BAND)
    upper = np.where(np.isnan(cells), ceiling, cells + CELL_BAND)
    return lower, upper


def order_rows(report: Report) -> Rows:
    """value of rank k+1 - value of rank k <= -CELL_GAP, in each of the four top-100 lists."""
    parts = []
    for column in range(len(SUBINDICES)):
        listed = np.flatnonzero(report.cell_rank[:, column])
        order = listed[np.argsort(report.cell_rank[listed, column])] * len(SUBINDICES) + column
        parts.append(difference_rows(order[1:], order[:-1], report.cell_rank.size))
    rows = csr_array(vstack(parts, format="csr"))
    return Rows(rows, np.full(rows.shape[0], -CELL_GAP))


def total_rows(report: Report) -> Rows:
    """Totals in their printed digit, and each below the one before it."""
    cities = len(report.totals)
    totals = kron(eye_array(cities), np.array([IMPLIED]), format="csr")
    places = np.arange(cities)
    falls = difference_rows(places[1:], places[:-1], cities) @ totals
    limits = [report.totals + TOTAL_BAND, TOTAL_BAND - report.totals, np.full(cities - 1, -TOTAL_GAP)]
    return Rows(csr_array(vstack([totals, -totals, falls], format="csr")), np.concatenate(limits))


def province_sums(report: Report, provinces: list[str], subindex: int) -> csr_array:
    """One row per province: the sum of a sub-index over its cities."""
    belongs = np.array(provinces)[:, np.newaxis] == np.array(report.provinces)
    cells = np.zeros((*belongs.shape, len(SUBINDICES)))
    cells[:, :, subindex] = belongs
    return csr_array(cells.reshape(len(provinces), -1))


def province_rows(report: Report) -> Rows:
    """The industry of the cities of each open province sums to its printed figure."""
    printed = open_provinces(report)
    sums, figures = province_sums(report, list(printed), INDUSTRY), np.array(list(printed.values()))
    limits = np.concatenate([figures + PROVINCE_BAND, PROVINCE_BAND - figures])
    return Rows(csr_array(vstack([sums, -sums], format="csr")), limits)


def difference_rows(less: NDArray[np.intp], more: NDArray[np.intp], size: int) -> csr_array:
    """Rows x[less] - x[more]."""
    rows = np.tile(np.arange(len(less)), 2)
    signs = np.repeat([1.0, -1.0], len(less))
    return csr_array((signs, (rows, np.concatenate([less, more]))), shape=(len(less), size))
