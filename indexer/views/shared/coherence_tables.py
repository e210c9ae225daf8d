"""Tables that the audit of a run and that of a data set have in common."""

from typing import Any

import numpy as np
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from indexer.numeric.coherence.audit import Group
from indexer.numeric.coherence.correlations import FLAGS
from indexer.selectors.coherence import Audited, MemberView
from indexer.views.shared.coherence_words import percent, whole_name
from weighting.models import Indicator
from weighting.views.numbers import signed

# What one table shades at a time; the files hold all.
SHADED, SHADES = 30, 5


def heat_of(view: MemberView, above: Indicator | None) -> list[dict[str, Any]]:
    """Shade the correlations of the first members, and of what stands above, last."""
    names = [*(node.name for node in view.members), whole_name(view)]
    codes = [*(node.code for node in view.members), above.code if above else ""]
    return _heat(view, [*range(min(len(view.members), SHADED)), len(view.members)], names, codes)


def heat_of_members(view: MemberView) -> list[dict[str, Any]]:
    """Shade the correlations of the first members alone; no page holds two of them against each other."""
    names = [node.name for node in view.members]
    return _heat(view, list(range(min(len(names), SHADED))), names, [""] * len(names))


def _heat(view: MemberView, shown: list[int], names: list[str], codes: list[str]) -> list[dict[str, Any]]:
    members = view.group.members
    flags = np.zeros(view.pearson.shape, dtype=np.int64)
    flags[:-1, :-1] = view.coherence.scored.flags[np.ix_(members, members)]
    return [
        {
            "number": number if a < len(members) else "Σ",
            "name": names[a],
            "cells": [
                _heat_cell(view.pearson[a, b], FLAGS[flags[a, b]], is_own=a == b)
                | {"pair": urlencode({"a": codes[a], "b": codes[b]}) if codes[a] else ""}
                for b in shown
            ],
        }
        for number, a in enumerate(shown, start=1)
    ]


def _heat_cell(r: float, flag: str, *, is_own: bool) -> dict[str, Any]:
    shade = 0 if np.isnan(r) else min(SHADES, int(abs(r) * SHADES + 0.5))
    return {
        "text": "–" if is_own else signed(r, 2, plus=False),
        "shade": "" if is_own or not shade else f"heat-{'down-' if r < 0 else ''}{shade}",
        "flag": flag,
    }


def component_rows(group: Group) -> list[dict[str, str]]:
    """Name each component down to the last that is kept, and one more."""
    found = group.components
    rows = []
    for at, value in enumerate(found.eigenvalues[: found.kept + 1]):
        running = found.eigenvalues[: at + 1].sum() / len(found.eigenvalues)
        rows.append(
            {
                "number": str(at + 1),
                "eigenvalue": signed(value, 3, plus=False),
                "share": percent(value / len(found.eigenvalues)),
                "running": percent(running),
            }
        )
    return rows


def group_row(coherence: Audited, group: Group) -> dict[str, Any]:
    """Name a group, and say how it holds together."""
    node = coherence.nodes[group.parent] if group.parent >= 0 else None
    flags = coherence.scored.flags[np.ix_(group.members, group.members)]
    return {
        "node": node,
        "name": node.name if node else _("Composite score"),
        "depth": node.depth + 1 if node else 1,
        "members": len(group.members),
        "alpha": signed(group.consistency.alpha, 2, plus=False),
        "standardised": signed(group.consistency.standardised, 2, plus=False),
        "first_share": percent(group.components.first_share, 0),
        "kept": group.components.kept,
        "mean": signed(group.mean, 2, plus=False),
        "lowest": signed(group.lowest, 2, plus=False),
        "counts": [int(np.triu(flags == FLAGS.index(flag), 1).sum()) for flag in FLAGS[1:4]],
    }


def scarcest_indicators(coherence: Audited, most: int) -> list[dict[str, Any]]:
    """Name the indicators of which most units lack a value; none where all values are there."""
    available, leaves = coherence.scored.indicators.available, coherence.scored.tree.leaves
    return [
        {"node": coherence.nodes[int(leaves[at])], "available": percent(available[at])}
        for at in np.argsort(available, kind="stable")[:most].tolist()
        if available[at] < 1
    ]
