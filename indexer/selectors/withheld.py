"""Which figures are kept from a reader, since whoever gave the values does not let them be given away."""

from collections.abc import Sequence

import numpy as np

from indexer.models import IndicatorTerms, Run
from weighting.numeric.tree import Tree


def withheld_codes(*runs: Run) -> frozenset[str]:
    """Return the indicators that may not be given away, by any index that publishes the runs' data.

    What is withheld of one year is given away of none.
    """
    terms = IndicatorTerms.objects.filter(
        index__editions__run__data_set__in={run.data_set_id for run in runs}, is_withheld=True
    )
    return frozenset(terms.values_list("code", flat=True))


def codes_kept_back(runs: Sequence[Run]) -> frozenset[str]:
    """Return the indicators whose values are kept from whom the runs were loaded for."""
    asked = [run for run in runs if run.keeps_back]
    return withheld_codes(*asked) if asked else frozenset()


def nodes_telling(tree: Tree, codes: frozenset[str]) -> frozenset[int]:
    """Return the nodes whose scores are the values of one of these indicators: it, and what is it alone."""
    if not codes:
        return frozenset()
    below = tree.descendant_leaves
    kept = np.array([code in codes for code in tree.leaf_codes])
    return frozenset(np.flatnonzero((below.sum(axis=1) == 1) & below[:, kept].any(axis=1)).tolist())
