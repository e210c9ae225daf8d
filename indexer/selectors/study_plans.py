"""From a study's parameters to what its workers count: the same plan for whoever asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from indexer.enums import StudyKind
from indexer.models import DataSet, IndexMethod, Run
from indexer.numeric.composite import CompositeError
from indexer.numeric.normalisation import DataFault, NormalisationError
from indexer.numeric.plans import (
    DroppedPlan,
    GivenVersions,
    LeftOutPlan,
    Plan,
    RankPlan,
    SobolPlan,
    Versions,
)
from indexer.numeric.uncertainty import Index, SeededDraws
from indexer.selectors.data_sets import (
    Structure,
    normalise_raw_data,
    normalised_values,
    raw_data_of,
    structure_of,
    unpack_values,
)
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.constrained import constrain_weights
from weighting.numeric.draws import (
    ExpertBootstrap,
    WeightDraws,
    WeightNoise,
    any_weights,
    dirichlet_around,
    leave_one_expert_out,
)
from weighting.numeric.tree import NO_PARENT, Tree, global_weights
from weighting.selectors.panel_scores import panel_scores_of
from weighting.selectors.versions import local_weights_of

WEIGHTS_AS_THEY_ARE = "none"
EVERY_WEIGHT = "any"


@dataclass(frozen=True)
class Variant:
    """One way of computing the index; ``problem`` says why it is left out, if it is.

    It is "geometric" for values that are not above zero, "no_gaps" for a policy about missing
    values that the data make the same as the first, or "normalisation", whose ``faults`` say
    what it complained of.
    """

    normalisation: str
    missing: str
    aggregation: str
    problem: str = ""
    faults: tuple[DataFault, ...] = ()


@dataclass(frozen=True, eq=False)
class Base:
    """A finished run with everything that its studies start from."""

    run: Run
    data_set: DataSet
    structure: Structure
    index: Index

    @property
    def tree(self) -> Tree:
        return self.structure.tree

    @property
    def has_gaps(self) -> bool:
        return bool(np.isnan(unpack_values(self.data_set)).any())


def base_of(run: Run) -> Base:
    """Load what the studies of a run start from."""
    data_set = DataSet.objects.get(pk=run.data_set_id)
    structure = structure_of(data_set.framework_id)
    index = Index(
        tree=structure.tree,
        normalised=normalised_values(data_set, run.method, structure),
        local=local_weights_of(run.weight_version_id),
        aggregation=run.method.aggregation,  # type: ignore[arg-type]
    )
    return Base(run, data_set, structure, index)


def plan_of(
    base: Base, kind: str, parameters: Mapping[str, Any], *, draws: int = 1, seed: int | None = 0
) -> Plan:
    """Return the plan of a study; raises `ValueError` or `Refused` where it cannot be counted."""
    index = base.index
    match kind:
        case StudyKind.JACKKNIFE:
            return RankPlan([index], GivenVersions(jackknife_weights(base)))
        case StudyKind.LEFT_OUT:
            return LeftOutPlan(index, nodes_to_leave_out(base.tree, parameters["nodes"]))
        case StudyKind.DROPPED:
            return _dropped_plan(base)
        case StudyKind.VARIANTS:
            versions = _versions(base, parameters["weights"], parameters, draws, seed)
            return RankPlan(variant_indices(base, parameters)[0], versions)
        case StudyKind.SOBOL:
            source = _source(base, parameters["weights"], parameters)
            city = parameters.get("city")
            place = None if city is None else base.data_set.city_ids.index(city)
            of_score = parameters["output"] == "score"
            return SobolPlan(index, _seeded(source, draws, seed), city=place, of_score=of_score)
        case StudyKind.SMAA:
            source = constrain_weights(base.tree, _bounds(parameters), parameters["order"])
            return RankPlan([index], _seeded(source, draws, seed), with_central=True)
    return RankPlan([index], _seeded(_source(base, kind, parameters), draws, seed))


def jackknife_weights(base: Base) -> FloatArray:
    """Return the weights without each expert in turn, (nodes, experts), in no expert's order."""
    panel = panel_scores_of(base.run.weight_version)
    return leave_one_expert_out(base.tree, panel.scores, panel.rule, panel.asked)


def nodes_to_leave_out(tree: Tree, which: str) -> IntArray:
    """Return the leaves, or the branches, without which something would remain."""
    inner = np.setdiff1d(np.arange(len(tree)), tree.leaves)
    chosen = tree.leaves if which == "leaves" else inner
    alone = {int(group[0]) for group in tree.groups if len(group) == 1}
    return np.array([node for node in chosen if not _is_all(tree, int(node), alone)], dtype=np.int64)


def variant_indices(base: Base, parameters: Mapping[str, Any]) -> tuple[list[Index], list[Variant]]:
    """Return the index of each combination that can be computed, and all combinations."""
    indices, variants = [], []
    policies = parameters["missing"] if base.has_gaps else parameters["missing"][:1]
    for normalisation, missing, aggregation in product(
        parameters["normalisations"], parameters["missing"], parameters["aggregations"]
    ):
        variant = Variant(normalisation, missing, aggregation, "no_gaps")
        if missing in policies:
            variant, made = _variant_index(base, replace(variant, problem=""))
            indices += [made] if made else []
        variants.append(variant)
    return indices, variants


def _variant_index(base: Base, variant: Variant) -> tuple[Variant, Index | None]:
    """Return the index of a combination, or the combination with what keeps it from being one."""
    method = _changed(base.run.method, variant.normalisation, variant.missing, variant.aggregation)
    try:
        values = normalised_values(base.data_set, method, base.structure)
        index = Index(base.tree, values, base.index.local, method.aggregation)  # type: ignore[arg-type]
        # Scoring once tells what cannot be scored at all.
        _ = index.nominal_scores
    except NormalisationError as error:
        return replace(variant, problem="normalisation", faults=error.faults), None
    except CompositeError:
        return replace(variant, problem="geometric"), None
    return variant, replace(index, reference=base.index.nominal_ranks)


def _changed(method: IndexMethod, normalisation: str, missing: str, aggregation: str) -> IndexMethod:
    """Return the run's method with another normalisation, policy or aggregation; it is not stored."""
    kept = {
        field.attname: getattr(method, field.attname)
        for field in method._meta.concrete_fields
        if field.attname not in ("id", "sha256")
    }
    return IndexMethod(
        **{**kept, "normalisation": normalisation, "missing": missing, "aggregation": aggregation}
    )


def _versions(
    base: Base, weights: str, parameters: Mapping[str, Any], draws: int, seed: int | None
) -> Versions:
    if weights == WEIGHTS_AS_THEY_ARE:
        return GivenVersions(base.index.local[:, np.newaxis])
    return _seeded(_source(base, weights, parameters), draws, seed)


def _source(base: Base, weights: str, parameters: Mapping[str, Any]) -> WeightDraws:
    tree, local = base.tree, base.index.local
    match weights:
        case StudyKind.BOOTSTRAP:
            panel = panel_scores_of(base.run.weight_version)
            return ExpertBootstrap(tree, panel.scores, panel.rule, panel.asked)
        case StudyKind.NOISE:
            return WeightNoise(tree, local, parameters["nu"])
        case StudyKind.DIRICHLET:
            return dirichlet_around(tree, local, parameters["kappa"])
        case _ if weights == EVERY_WEIGHT:
            return any_weights(tree)
    raise ValueError(f"unknown weights {weights!r}")


def _seeded(source: WeightDraws, draws: int, seed: int | None) -> SeededDraws:
    if seed is None:
        raise ValueError("a study by draws has a seed")
    return SeededDraws(source, draws, seed)


def _bounds(parameters: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {code: (low, high) for code, (low, high) in parameters["bounds"].items()}


def _dropped_plan(base: Base) -> DroppedPlan:
    method = base.run.method
    return DroppedPlan(
        len(base.data_set.city_ids),
        global_weights(base.tree, base.index.local)[base.tree.leaves],
        _rows_normaliser(base),
        aggregation=method.aggregation,  # type: ignore[arg-type]
        tree=base.tree if np.isnan(base.index.normalised).any() else None,
    )


def _rows_normaliser(base: Base) -> Callable[[IntArray], FloatArray]:
    """Return what normalises some of the cities as if there were no others, without a query."""
    raw, method = raw_data_of(base.data_set, base.structure), base.run.method
    # Names for messages that nobody reads: the whole data set has been normalised.
    named = replace(raw, units=[""] * len(raw.values))
    return lambda rows: normalise_raw_data(named.of_rows(rows), method).values


def _is_all(tree: Tree, node: int, alone: set[int]) -> bool:
    """Tell whether a node is the whole index: an only child all the way up."""
    while node in alone:
        parent = int(tree.parents[node])
        if parent == NO_PARENT:
            return True
        node = parent
    return False
