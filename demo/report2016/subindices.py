"""Sub-index values for all 351 cities: the linear programme of the method, near a smooth prior."""

from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import block_array, coo_array, eye_array, hstack, vstack

from demo.report2016 import leads
from demo.report2016.constraints import (
    Rows,
    cell_bounds,
    column_sums,
    join_rows,
    order_rows,
    province_rows,
    total_rows,
)
from demo.report2016.facts import SUBINDICES, Report
from demo.report2016.prior import smooth_prior

FloatArray = NDArray[np.float64]

# A convex, piecewise linear price of leaving the prior, in relative steps: near a quadratic one.
STEPS = (0.02, 0.03, 0.05, 0.1, 0.1, 0.2, 0.2, 0.3, 0.5, 1.0, 2.0)
SLOPES = (1.0, 2.5, 4.5, 8.0, 13.0, 20.0, 30.0, 45.0, 70.0, 120.0, 300.0)
# How often cities that the report does not name as dark horses may be held back anew.
ROUNDS = 12
# The price of a unit by which a city misses its place, and what counts as none.
BREACH = 1e5
NO_MISFIT = 1e-8


@dataclass(frozen=True)
class Answer:
    """Values, by how much they break the elastic rows, and which of these pull at it."""

    values: FloatArray
    misfit: float
    torn: NDArray[np.bool_]


def reconstruct_subindices(report: Report, rng: np.random.Generator) -> FloatArray:
    """Values (cities, sub-indices) that meet every published figure, order and sum.

    Which of the other cities are above one with a given rank is first as the prior has it. Where that
    does not fit, the programme pays for it, and its answer gives the next order. A city that the rule
    of the dark horses would name, and the report does not, is held back.
    """
    prior, named = smooth_prior(report, rng), leads.printed_leads(report)
    rankings = leads.rankings_of(report, prior)
    firm = join_rows([order_rows(report), total_rows(report), province_rows(report)])
    start = by = np.clip(leads.move_to_ranks(prior, rankings, report), *cell_bounds(report))
    for _ in range(ROUNDS):
        pairs = _pairs(report, rankings, by)
        rows = [leads.rank_rows(*parts, len(start)) for parts in zip(rankings, pairs, strict=True)]
        answer = _solve(start, firm, join_rows(rows), report)
        others = leads.unnamed_leaders(answer.values, named)
        if answer.misfit < NO_MISFIT and not others:
            return answer.values
        for city, ranks in others.items():
            leads.hold_back(rankings, city, ranks, report)
        torn = list(compress(pairs[-1], answer.torn[-len(pairs[-1]) :]))
        by = answer.values * leads.nudges(rankings, torn, len(start))[:, np.newaxis]
    raise RuntimeError(f"a misfit of {answer.misfit} is left, and the rule names {len(others)} cities more")


def _pairs(report: Report, rankings: list[leads.Ranking], by: FloatArray) -> list[leads.Pairs]:
    hidden = np.isnan(report.cells)
    return [
        leads.rank_pairs(ranking, ranking.order(by), hidden @ ranking.weights == 0) for ranking in rankings
    ]


def _solve(start: FloatArray, firm: Rows, elastic: Rows, report: Report) -> Answer:
    """Leave the start as little as possible: v = start + rises - falls, each step at its own price.

    The elastic rows may be broken at a price far above any of these.
    """
    lower, upper = cell_bounds(report)
    size, slack = start.size, len(elastic.limits)
    widths = np.outer(STEPS, start.ravel()).ravel()
    price = np.outer(SLOPES, 1 / start.ravel()).ravel()
    one, still = eye_array(size), coo_array((len(firm.limits) + slack, 2 * widths.size))
    moves = [-one] * len(STEPS) + [one] * len(STEPS)
    columns = hstack([eye_array(len(SUBINDICES))] * len(start))
    give = vstack([coo_array((len(firm.limits), slack)), -eye_array(slack)])
    found = linprog(
        np.concatenate([np.zeros(size), price, price, np.full(slack, BREACH)]),
        A_ub=hstack([vstack([firm.rows, elastic.rows]), still, give], format="csr"),
        b_ub=np.concatenate([firm.limits, elastic.limits]),
        A_eq=block_array(
            [[one, hstack(moves), None], [columns, None, coo_array((len(SUBINDICES), slack))]], format="csr"
        ),
        b_eq=np.concatenate([start.ravel(), column_sums(report)]),
        bounds=np.column_stack(
            [
                np.concatenate([lower.ravel(), np.zeros(2 * widths.size + slack)]),
                np.concatenate([upper.ravel(), widths, widths, np.full(slack, np.inf)]),
            ]
        ),
        method="highs",
    )
    if not found.success:
        raise RuntimeError(f"the programme has no solution: {found.message}")
    return Answer(
        values=np.asarray(found.x[:size]).reshape(start.shape),
        misfit=float(found.x[-slack:].sum()),
        torn=-found.ineqlin.marginals[-slack:] > BREACH / 20,
    )
