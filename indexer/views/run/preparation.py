"""What was done to the data behind a run, in words: filled in, carried, left out, treated for outliers."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from indexer.models import Run
from indexer.numeric.method.preparation import IMPUTED, LEFT_OUT
from indexer.selectors.preparations import CHANGES, CellRecord
from weighting.models import Indicator
from weighting.views.numbers import signed


def change_words(changes: Sequence[str]) -> str:
    """Say what was done to a cell, by the names of `CHANGES`; nothing where it is as it was given."""
    words = {
        "imputed": _("filled in"),
        "carried": _("last value of an earlier edition"),
        "left_out": _("missing, left out"),
        "winsorised": _("winsorised"),
        "logged": _("logarithm"),
    }
    return _("; ").join(words[name] for name in changes)


def preparation_context(
    record: CellRecord | None, run: Run, nodes: Sequence[Indicator]
) -> dict[str, Any] | None:
    """Return the section on what was done to the data; None where nothing was."""
    if record is None or not record.cells.any():
        return None
    names = {node.code: node.name for node in nodes}
    gaps = ((record.cells & (IMPUTED | LEFT_OUT)) > 0).sum(axis=0).tolist()
    counts = {name: int(((record.cells & bit) > 0).sum()) for name, bit in CHANGES.items()}
    return {
        "total": record.cells.size,
        "counts": counts,
        "policy": run.method.get_missing_display(),
        "gaps": [
            {"name": names[code], "count": count}
            for code, count in zip(run.data_set.leaf_codes, gaps, strict=True)
            if count
        ],
        "treated": [_treated_row(treatment, names) for treatment in record.treatments],
    }


def _treated_row(treatment: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    done = {"winsorised": _("winsorised"), "logged": _("logarithm")}[treatment["done"]]
    before, after = treatment["before"], treatment["after"]
    return {
        "name": names[treatment["code"]],
        "done": done,
        "cells": treatment["cells"],
        "figures": [
            signed(shape[figure], 2, plus=False)
            for figure in ("skewness", "kurtosis")
            for shape in (before, after)
        ],
        "is_within": treatment["is_within"],
    }
