"""Leaf values whose shares average back to the sub-index values under the demo panel's weights.

In one sub-index, with omega_j = global weight of leaf j / weight of the sub-index, the cells
m_cj = omega_j t_cj must have row sums v_c (the sub-index values) and column sums omega_j sum(v) (each
column of shares sums to what the cities have of the national total). Seeded noise is fitted to those
margins (Deming & Stephan 1940, doi:10.1214/aoms/1177731829), the raw values are rounded to whole units,
and one column of large numbers per sub-index takes up what the rounding left.
"""

import numpy as np

from demo.report2016.facts import SUBINDICES
from demo.report2016.magnitudes import NATIONAL_TOTALS
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree

ABSORBERS = {
    "infra": "infra.market.wechat_messages",
    "industry": "industry.services.pay_amount",
    "innovation": "innovation.apps",
}
FITS = 400
# A sum of shares below this leaves something to places outside the cities.
WHOLE = 0.999


def leaf_values(
    tree: Tree, global_: FloatArray, subindices: FloatArray, rng: np.random.Generator
) -> tuple[dict[str, IntArray], dict[str, int]]:
    """Whole raw values by leaf code, and the national totals where the cities do not have all of it."""
    columns: dict[str, IntArray] = {}
    carried: dict[str, int] = {}
    for code, absorber in ABSORBERS.items():
        codes, omega = subindex_leaves(tree, global_, code)
        rows = subindices[:, SUBINDICES.index(code)] / 100
        goal = omega * rows.sum()
        shares = _fit_margins(_noise(codes, rows, rng) * np.outer(rows, omega), rows, goal) / omega
        totals = {leaf: round(NATIONAL_TOTALS[leaf] * rng.uniform(0.9, 1.1)) for leaf in codes}
        raw = {
            leaf: _round_to_share(share, totals[leaf]) for leaf, share in zip(codes, shares.T, strict=True)
        }
        columns |= raw | {
            absorber: _absorb(raw, totals, absorber, dict(zip(codes, omega, strict=True)), rows)
        }
        carried |= totals if rows.sum() < WHOLE else {}
    return columns, carried


def subindex_leaves(tree: Tree, global_: FloatArray, code: str) -> tuple[list[str], FloatArray]:
    """The leaves of one sub-index and their weights within it."""
    below = np.flatnonzero(tree.descendant_leaves[tree.index[code]])
    return [tree.leaf_codes[leaf] for leaf in below], global_[tree.leaves][below] / global_[tree.index[code]]


def _noise(codes: list[str], rows: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Cities differ by level-1 indicator, by family of leaves (wechat, qq, jd ...) and by leaf.

    Cloud and bandwidth are bought in fewer places than messages are sent, so that group is steeper.
    """
    parts = [[code.rpartition(".")[0] for code in codes], [code.split("_")[0] for code in codes], codes]
    noise = np.zeros((len(rows), len(codes)))
    for names, scatter in zip(parts, (0.12, 0.12, 0.18), strict=True):
        kinds = {name: rng.normal(0, scatter, len(rows)) for name in dict.fromkeys(names)}
        noise += np.column_stack([kinds[name] for name in names])
    steepness = np.array([0.25 if code.startswith("infra.tech") else 0.0 for code in codes])
    steepness = steepness + rng.normal(0, 0.06, len(codes))
    return np.exp(noise + np.outer(np.log(rows / rows.mean()), steepness))


def _fit_margins(cells: FloatArray, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """Scale rows and columns in turn until both sums hold; rows last, as they carry the scores."""
    for _ in range(FITS):
        cells = cells * (columns / cells.sum(axis=0))
        cells = cells * (rows / cells.sum(axis=1))[:, np.newaxis]
    return cells


def _round_to_share(share: FloatArray, total: int) -> IntArray:
    """Whole numbers that sum to the shares' part of the total, by largest remainders; none is nothing."""
    goal = round(float(share.sum()) * total)
    exact = share / share.sum() * goal
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: goal - int(whole.sum())]] += 1
    empty = whole == 0
    whole[empty] = 1
    whole[np.argmax(whole)] -= int(empty.sum())
    return whole


def _absorb(
    raw: dict[str, IntArray],
    totals: dict[str, int],
    absorber: str,
    omega: dict[str, float],
    rows: FloatArray,
) -> IntArray:
    """The absorbing leaf takes what the rounded others leave of every sub-index value."""
    others = sum(raw[code] / totals[code] * omega[code] for code in omega if code != absorber)
    share = (rows - others) / omega[absorber]
    if share.min() <= 0:
        raise ValueError(f"{absorber} cannot take up the rounding: a share would be {share.min()}")
    return _round_to_share(share, totals[absorber])
