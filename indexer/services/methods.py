"""Methods: chosen whole, checked, kept once; runs by another one; the default of a framework."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.enums import Aggregation, Missing, Negative, Normalisation, Outliers
from indexer.method_cells import Cells, MethodCells, cells_of, fault_words
from indexer.models import DataSeries, DataSet, FrameworkMethod, IndexMethod, Run
from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.entries import Entries
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.normalisations import NORMALISATIONS
from indexer.numeric.method.plan import SCALE, WHOLE, LeafStep, NodeStep, index_faults
from indexer.numeric.method.treatment import OUTLIER_ACTIONS
from indexer.selectors.data_sets import structure_of
from indexer.selectors.faults import fault_texts
from indexer.selectors.method_faults import data_faults, table_faults
from indexer.selectors.methods import edition_before
from indexer.selectors.plans import plan_of
from indexer.services.queueing import write_runs
from weighting.exceptions import Refused
from weighting.manifest import canonical_json, hash_bytes
from weighting.models import Account, Framework, Indicator, WeightVersion
from weighting.numeric.tree import Tree
from weighting.services.audit import record_act
from weighting.services.locks import still_there

SCHEMA = "quanheng/method/1"
# What stands in a hash for choices that were called otherwise when the first methods were hashed.
HASHED_AS = {"missing": {"raw_zero": "zero", "zero": "worst"}}


@dataclass(frozen=True)
class MethodChoice:
    """All choices of docs/method.md 3 and 4; the optional steps are off unless they are named."""

    normalisation: str = Normalisation.SHARE
    negative: str = Negative.REFLECT
    missing: str = Missing.REFUSE
    aggregation: str = Aggregation.ARITHMETIC
    outliers: str = Outliers.KEEP
    skewness_limit: float = 2.0
    kurtosis_limit: float = 3.5
    winsorised_most: int = 5
    denominators: Mapping[str, str] = field(default_factory=dict)
    coverage: float = 0.0
    floor: float | None = None
    leaves: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    nodes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scale: float = SCALE
    digits: int | None = None
    bounds: Mapping[str, Any] = field(default_factory=dict)


# Methods are older than these choices: a hash speaks of them where they are not the default.
YOUNGER = ("coverage", "floor", "leaves", "nodes", "scale", "digits", "bounds")


def use_method(**choices: Any) -> IndexMethod:
    """Return the row of a method, made on its first use; choices are those of `MethodChoice`.

    Raises `Refused` with every reason why no data could be computed by it.
    """
    choice = MethodChoice(**choices)
    if blockers := method_blockers(choice):
        raise Refused(*blockers)
    typed = cells_of(choice.leaves, choice.nodes)[0]
    settled = asdict(_settle(replace(choice, leaves=typed.leaves, nodes=typed.nodes)))
    method, _created = IndexMethod.objects.get_or_create(sha256=_hash(settled), defaults=settled)
    return method


def choice_of(method: IndexMethod) -> MethodChoice:
    """Return the choices that a method stands for."""
    return MethodChoice(**{name: getattr(method, name) for name in MethodChoice.__dataclass_fields__})


def choice_left_open(framework: Framework, series: DataSeries | None) -> MethodChoice:
    """Return the choices that hold where nobody makes them: the framework's, else the edition before's.

    Years of one series that are computed in different ways could not be compared. A framework whose file says
    some cells and nothing of the index has them in the place of that edition's.
    """
    default = FrameworkMethod.objects.filter(framework=framework).select_related("method").first()
    before = edition_before(series) if series and not (default and default.is_whole) else None
    if before is None:
        chosen = choice_of(default.method) if default else MethodChoice()
    else:
        chosen = choice_of(before.method)
    return _with_cells(chosen, _stated(default)) if default else chosen


def choice_as_stated(method: IndexMethod, framework_id: int) -> MethodChoice:
    """Return the choices of a method together with cells of the framework that say what it does anyway.

    A method leaves such cells out, and would lose them where the index as a whole is chosen otherwise.
    """
    default = FrameworkMethod.objects.filter(framework=framework_id).first()
    if default is None:
        return choice_of(method)
    said, plan = _stated(default), plan_of(method)
    return _with_cells(
        choice_of(method),
        MethodCells(
            _cells_that_hold(said.leaves, plan.leaf_step),
            _cells_that_hold(said.nodes, plan.node_step),
        ),
    )


def _stated(default: FrameworkMethod) -> MethodCells:
    return MethodCells(**default.cells)


def _cells_that_hold(
    said: Mapping[str, Cells], step_of: Callable[[str], LeafStep | NodeStep]
) -> dict[str, dict[str, Any]]:
    return {
        code: {column: value for column, value in cells.items() if getattr(step_of(code), column) == value}
        for code, cells in said.items()
    }


def _with_cells(choice: MethodChoice, said: MethodCells) -> MethodChoice:
    return replace(
        choice, leaves=_with_rows(choice.leaves, said.leaves), nodes=_with_rows(choice.nodes, said.nodes)
    )


def _with_rows(rows: Mapping[str, Mapping[str, Any]], said: Mapping[str, Cells]) -> dict[str, Any]:
    return {code: {**rows.get(code, {}), **said.get(code, {})} for code in {**rows, **said}}


def as_leaves_are(choice: MethodChoice, framework_id: int) -> MethodChoice:
    """Let the index normalise as most of its leaves do, where each of them says how it is normalised.

    What the index says then holds for no leaf, and words and formulas are told of the index. Data that come
    normalised are on a scale of their own, which nobody chose here.
    """
    leaves = Indicator.objects.filter(framework=framework_id, is_leaf=True).values_list("code", flat=True)
    said = Counter(
        choice.leaves.get(code, {}).get("normalisation", "") for code in leaves.order_by("position")
    )
    if "" in said or not said:
        return choice
    usual = said.most_common(1)[0][0]
    return choice if usual == Normalisation.NONE else replace(choice, normalisation=usual)


def choose_instead(own: MethodChoice, said: Mapping[str, Any]) -> MethodChoice:
    """Return choices with others in the place of some.

    Data that come normalised are shown as they came, and everything else as parts of 100, unless another
    scale was stated.
    """
    chosen = MethodChoice(**vars(own) | dict(said))
    if "scale" in said or own.scale != _usual_scale(own):
        return chosen
    return replace(chosen, scale=_usual_scale(chosen))


def _usual_scale(choice: MethodChoice) -> float:
    return 1.0 if choice.normalisation == Normalisation.NONE else SCALE


def method_blockers(choice: MethodChoice) -> list[str]:
    """Return why a method could not compute any data, in words; nothing where it may."""
    if blockers := unknown_choices(choice):
        return blockers
    faults = index_faults(plan_of(IndexMethod(**vars(choice))))
    own = [leaf for leaf, column in choice.denominators.items() if leaf == column]
    return [
        *_clashes(choice),
        *map(fault_words, faults),
        *(_("“%(code)s” cannot be divided by itself.") % {"code": leaf} for leaf in own),
    ]


def _clashes(choice: MethodChoice) -> Iterator[str]:
    """Yield which choices do not go together, in words."""
    normalisation, aggregation = NORMALISATIONS[choice.normalisation], AGGREGATIONS[choice.aggregation]
    # What the table or a floor says of the values is judged with it.
    is_plain = not (choice.leaves or choice.nodes or choice.floor)
    if aggregation.needs_above_zero and not normalisation.may_stay_above_zero and is_plain:
        yield _(
            "The geometric mean needs values above zero, which this normalisation does not give for "
            "all units. State a smallest normalised value, which the page “How each indicator is "
            "treated” of stored data takes, or choose the arithmetic mean or another normalisation."
        )
    changes = OUTLIER_ACTIONS[choice.outliers].changes or choice.denominators
    if changes and not normalisation.takes_prepared:
        yield _(
            "Values that are normalised already are used as they are. Keep the outliers and name no "
            "denominators, or choose another normalisation."
        )
    if normalisation.needs and not choice.leaves:
        yield _(
            "This normalisation needs a target or a reference unit for each indicator. State them, or "
            "choose another normalisation."
        )
    if not _has_limits(choice):
        yield _("The limits of skewness and kurtosis are numbers from 0, and at least one cell is drawn in.")


def _has_limits(choice: MethodChoice) -> bool:
    """Whether outliers can be told by the limits of a method, and any of them drawn in."""
    limits = (choice.skewness_limit, choice.kurtosis_limit)
    return all(math.isfinite(limit) and limit >= 0 for limit in limits) and choice.winsorised_most >= 1


def unknown_choices(choice: MethodChoice) -> list[str]:
    """Return the choices, and the cells of the table, that stand for nothing."""
    tables: dict[str, Entries[Any]] = {
        "normalisation": NORMALISATIONS,
        "missing": MISSING_POLICIES,
        "aggregation": AGGREGATIONS,
        "outliers": OUTLIER_ACTIONS,
    }
    problems = [
        _("There is no choice “%(value)s” of %(name)s.") % {"value": getattr(choice, name), "name": name}
        for name, table in tables.items()
        if not table.has(getattr(choice, name))
    ]
    return [*problems, *(fault.placed(fault.code) for fault in cells_of(choice.leaves, choice.nodes)[1])]


def data_blockers(data_set: DataSet, method: IndexMethod, wrong: Collection[str] = ()) -> list[str]:
    """Return why a data set cannot be computed by a method, in words; nothing where it can.

    The data are normalised to find out, so that nobody waits for a run that must fail. Rows of the table that
    are ``wrong`` already are passed over.
    """
    whole = DataSet.objects.get(pk=data_set.pk)
    structure = structure_of(whole.framework_id)
    cells = table_faults(method, structure, wrong) if method.is_table else []
    names = {node.code: node.name for node in Indicator.objects.filter(framework=whole.framework_id)}
    blockers = [fault.placed(names.get(fault.code, fault.code)) for fault in cells]
    faulty = {*wrong, *(fault.code for fault in cells)}
    return [*blockers, *fault_texts(data_faults(whole, method, structure, faulty), whole)]


def use_method_on(data_set: DataSet, choice: MethodChoice) -> IndexMethod:
    """Return the row of a method as `use_method` does.

    Raises `Refused` with what is wrong in the data, too, where the method is refused whatever they are.
    """
    try:
        return use_method(**vars(choice))
    except Refused as refusal:
        cells, faults = cells_of(choice.leaves, choice.nodes)
        if len(unknown_choices(choice)) > len(faults):
            raise
        sound = IndexMethod(**vars(replace(choice, leaves=cells.leaves, nodes=cells.nodes)))
        further = data_blockers(data_set, sound, {fault.code for fault in faults})
        raise Refused(*dict.fromkeys([*refusal.blockers, *further])) from refusal


@transaction.atomic
def request_runs(
    data_set: DataSet, *, versions: Sequence[WeightVersion], method: IndexMethod, actor: Account
) -> int:
    """Write a job for a data set under each frozen version by a method; return how many are new.

    Raises `Refused` with every reason why the data cannot be computed so.
    """
    blockers = [] if versions else [_("No frozen version was chosen.")]
    if blockers := [*blockers, *data_blockers(data_set, method)]:
        raise Refused(*blockers)
    before = Run.objects.filter(data_set=data_set, method=method).count()
    runs = [Run(data_set=data_set, weight_version=version, method=method) for version in versions]
    write_runs(runs)
    new = Run.objects.filter(data_set=data_set, method=method).count() - before
    record_act(actor, "compute", data_set, method=method.sha256, runs=new)
    return new


@transaction.atomic
def set_default_method(
    framework: Framework, *, choice: MethodChoice, actor: Account, is_whole: bool = True
) -> FrameworkMethod:
    """Let data sets of a framework be computed by a method unless they choose another.

    The cells of the choice are kept as they were said; unless it ``is_whole``, they are all that was said.
    """
    choice = as_leaves_are(choice, framework.pk)
    method = use_method(**vars(choice))
    still_there(Framework.objects.select_for_update(no_key=True), framework.pk)
    default, _created = FrameworkMethod.objects.update_or_create(
        framework=framework,
        defaults={"method": method, "cells": _cells_in(choice), "is_whole": is_whole},
    )
    record_act(actor, "set_method", framework, method=method.sha256)
    return default


def take_cells(framework: Framework, cells: MethodCells, *, actor: Account) -> bool:
    """Let the method of a framework have the cells of a file in the place of its own; tell if it changed.

    What was chosen of the index as a whole stays.
    """
    default = FrameworkMethod.objects.select_related("method").filter(framework=framework).first()
    own = choice_of(default.method) if default else MethodChoice()
    choice = as_leaves_are(replace(own, leaves=cells.leaves, nodes=cells.nodes), framework.pk)
    if default and (default.method, default.cells) == (use_method(**vars(choice)), _cells_in(choice)):
        return False
    set_default_method(framework, choice=choice, actor=actor, is_whole=bool(default and default.is_whole))
    return True


def _cells_in(choice: MethodChoice) -> dict[str, Any]:
    return {"leaves": choice.leaves, "nodes": choice.nodes}


def take_over_method(source: Framework, framework: Framework, tree: Tree, *, actor: Account) -> None:
    """Let a framework have the method of another, without what that says of nodes which this one has not."""
    default = FrameworkMethod.objects.select_related("method").filter(framework=source).first()
    if default is None:
        return
    choice = _with_cells(choice_of(default.method), _stated(default))
    leaves = {code for code, is_leaf in zip(tree.codes, tree.is_leaf, strict=True) if is_leaf}
    groups = {WHOLE, *tree.codes} - leaves
    kept = replace(
        choice,
        leaves=_only(choice.leaves, leaves),
        nodes=_only(choice.nodes, groups),
        denominators=_only(choice.denominators, leaves),
    )
    if not method_blockers(kept):
        set_default_method(framework, choice=kept, actor=actor, is_whole=default.is_whole)


def _only(said: Mapping[str, Any], codes: Collection[str]) -> dict[str, Any]:
    return {code: cells for code, cells in said.items() if code in codes}


def _settle(choice: MethodChoice) -> MethodChoice:
    """Give choices that go unused their default, so that one method has one row."""
    plain, plan = MethodChoice(), plan_of(IndexMethod(**vars(choice)))
    action = OUTLIER_ACTIONS[choice.outliers]
    return replace(
        choice,
        skewness_limit=float(choice.skewness_limit) if action.changes else plain.skewness_limit,
        kurtosis_limit=float(choice.kurtosis_limit) if action.changes else plain.kurtosis_limit,
        winsorised_most=choice.winsorised_most if action.draws_in else plain.winsorised_most,
        denominators=dict(sorted(choice.denominators.items())),
        coverage=float(choice.coverage),
        scale=float(choice.scale),
        leaves=_said(choice.leaves, plan.leaf),
        nodes=_said(choice.nodes, plan.node),
        bounds=dict(choice.bounds) if _has_bounds(choice) else {},
    )


def _has_bounds(choice: MethodChoice) -> bool:
    """Whether the leaves still have the bounds that were taken over several years."""
    taken = choice.bounds.get("leaves", {})
    stated = choice.leaves
    return bool(taken) and all(cells.items() <= stated.get(code, {}).items() for code, cells in taken.items())


def _said(rows: Mapping[str, Mapping[str, Any]], otherwise: LeafStep | NodeStep) -> dict[str, dict[str, Any]]:
    """Return the cells that say something else than the index does, in an order of their own."""
    said = {
        code: {
            column: value for column, value in sorted(cells.items()) if value != getattr(otherwise, column)
        }
        for code, cells in sorted(rows.items())
    }
    return {code: cells for code, cells in said.items() if cells}


def _hash(settled: dict[str, Any]) -> str:
    """Return what stands for a method in every provenance: its choices in canonical JSON."""
    plain = {name: str(value) if isinstance(value, str) else value for name, value in settled.items()}
    default = asdict(MethodChoice())
    for name in YOUNGER:
        if plain[name] == default[name]:
            del plain[name]
    for name, renamed in HASHED_AS.items():
        plain[name] = renamed.get(plain[name], plain[name])
    return hash_bytes(canonical_json({"schema": SCHEMA, **plain}))
