"""The index of a run computed by another method than its own, for studies; nothing of it is stored."""

from dataclasses import replace
from typing import Any

from indexer.models import IndexMethod
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.index import Index
from indexer.selectors.data_sets import normalised_values
from indexer.selectors.plans import plan_of
from indexer.studies.base import Base


def changed_method(method: IndexMethod, **changes: Any) -> IndexMethod:
    """Return a method with some of its columns changed; it is not stored."""
    kept = {
        field.attname: getattr(method, field.attname)
        for field in method._meta.concrete_fields
        if field.attname not in ("id", "sha256")
    }
    return IndexMethod(**{**kept, **changes})


def index_by(base: Base, method: IndexMethod) -> Index:
    """Return the index of a run by another method, with the ranks of the run to compare with.

    Raises `NormalisationError` or `CompositeError` where the data cannot be computed so.
    """
    values = base.of_ranked(normalised_values(base.data_set, method, base.structure))
    steps = plan_of(method).node_steps(base.tree).for_all
    index = Index(base.tree, values, base.index.local, method.aggregation, steps=steps)
    # Scoring once tells what cannot be scored at all.
    _ = index.nominal_scores
    return replace(index, reference=base.index.nominal_ranks)


def composite_fault(error: CompositeError, base: Base) -> dict[str, Any]:
    """Name the indicators and units of which no scores can be formed."""
    return {
        "kind": error.kind,
        "codes": [base.tree.leaf_codes[leaf] for leaf in error.leaves]
        + [base.tree.codes[node] for node in error.nodes],
        "units": [base.city_ids[city] for city in error.cities],
    }
