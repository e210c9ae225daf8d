"""Leaf values whose shares average back to the sub-index values under the demo panel's weights.

In one sub-index, with omega_j = global weight of leaf j / weight of the sub-index, the cells
m_cj = omega_j t_cj must have row sums v_c (the sub-index values) and column sums omega_j (each
column of shares sums to 1). Seeded noise is fitted to those margins (Deming & Stephan 1940,
doi:10.1214/aoms/1177731829), the raw values are rounded to whole units, and one column
of large numbers per sub-index takes up what the rounding left.
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


def leaf_values(
    tree: Tree, global_: FloatArray, subindices: FloatArray, rng: np.random.Generator
) -> dict[str, IntArray]:
    """Whole raw values by leaf code, for the three sub-indices whose totals are column sums."""
    columns: dict[str, IntArray] = {}
    for code, absorber in ABSORBERS.items():
        codes, omega = subindex_leaves(tree, global_, code)
        rows = subindices[:, SUBINDICES.index(code)] / 100
        shares = _fit_margins(_noise(codes, rows, rng) * np.outer(rows, omega), rows, omega) / omega
        raw = {
            leaf: _round_to_sum(share, round(NATIONAL_TOTALS[leaf] * rng.uniform(0.9, 1.1)))
            for leaf, share in zip(codes, shares.T, strict=True)
        }
        columns |= raw | {absorber: _absorb(raw, absorber, codes, omega, rows)}
    return columns


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


def _round_to_sum(share: FloatArray, total: int) -> IntArray:
    """Whole numbers with the given sum, by largest remainders; no city is left with nothing."""
    exact = share / share.sum() * total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    empty = whole == 0
    whole[empty] = 1
    whole[np.argmax(whole)] -= int(empty.sum())
    return whole


def _absorb(
    raw: dict[str, IntArray], absorber: str, codes: list[str], omega: FloatArray, rows: FloatArray
) -> IntArray:
    """The absorbing leaf takes what the rounded others leave of every sub-index value."""
    others = sum(
        raw[code] / raw[code].sum() * w for code, w in zip(codes, omega, strict=True) if code != absorber
    )
    share = (rows - others) / omega[codes.index(absorber)]
    if share.min() <= 0:
        raise ValueError(f"{absorber} cannot take up the rounding: a share would be {share.min()}")
    return _round_to_sum(share, int(raw[absorber].sum()))
