"""Methods: chosen whole, checked, kept once; runs by another one; the default of a framework."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import compress
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.enums import Aggregation, Missing, Negative, Normalisation, Outliers
from indexer.models import DataSet, FrameworkMethod, IndexMethod, Run
from indexer.numeric.aggregations import AGGREGATIONS
from indexer.numeric.faults import DataFault, NormalisationError
from indexer.numeric.normalisations import NORMALISATIONS
from indexer.numeric.treatment import OUTLIER_ACTIONS
from indexer.selectors.data_sets import normalise_data_set, structure_of
from indexer.selectors.faults import fault_texts
from indexer.services.queueing import write_runs
from weighting.exceptions import Refused
from weighting.manifest import canonical_json, hash_bytes
from weighting.models import Account, Framework, WeightVersion
from weighting.services.audit import record_act

SCHEMA = "quanheng/method/1"


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


def use_method(**choices: Any) -> IndexMethod:
    """Return the row of a method, made on its first use; choices are those of `MethodChoice`.

    Raises `Refused` with every reason why no data could be computed by it.
    """
    choice = MethodChoice(**choices)
    if blockers := method_blockers(choice):
        raise Refused(*blockers)
    settled = asdict(_settle(choice))
    method, _created = IndexMethod.objects.get_or_create(sha256=_hash(settled), defaults=settled)
    return method


def choice_of(method: IndexMethod) -> MethodChoice:
    """Return the choices that a method stands for."""
    return MethodChoice(**{name: getattr(method, name) for name in MethodChoice.__dataclass_fields__})


def method_blockers(choice: MethodChoice) -> list[str]:
    """Return why a method could not compute any data, in words; nothing where it may."""
    blockers = []
    normalisation, aggregation = NORMALISATIONS[choice.normalisation], AGGREGATIONS[choice.aggregation]
    if aggregation.needs_above_zero and not normalisation.may_stay_above_zero:
        blockers.append(
            _(
                "The geometric mean needs values above zero, which this normalisation does not give for "
                "all cities. Choose the arithmetic mean or another normalisation."
            )
        )
    changes = OUTLIER_ACTIONS[choice.outliers].changes or choice.denominators
    if changes and not normalisation.takes_prepared:
        blockers.append(
            _(
                "Values that are normalised already are used as they are. Keep the outliers and name no "
                "denominators, or choose another normalisation."
            )
        )
    limits = (choice.skewness_limit, choice.kurtosis_limit)
    if not all(math.isfinite(limit) and limit >= 0 for limit in limits) or choice.winsorised_most < 1:
        blockers.append(
            _("The limits of skewness and kurtosis are numbers from 0, and at least one cell is drawn in.")
        )
    for leaf, column in choice.denominators.items():
        if leaf == column:
            blockers.append(_("“%(code)s” cannot be divided by itself.") % {"code": leaf})
    return blockers


def data_blockers(data_set: DataSet, method: IndexMethod) -> list[str]:
    """Return why a data set cannot be computed by a method, in words; nothing where it can.

    The data are normalised to find out, so that nobody waits for a run that must fail.
    """
    whole = DataSet.objects.get(pk=data_set.pk)
    structure = structure_of(whole.framework_id)
    try:
        values = normalise_data_set(whole, method, structure).values
    except NormalisationError as error:
        return fault_texts(error.faults, whole)
    aggregation = AGGREGATIONS[method.aggregation]
    if aggregation.refusal and (refused := aggregation.refused(values)).any():
        codes = tuple(compress(structure.tree.leaf_codes, refused))
        return fault_texts([DataFault(aggregation.refusal, codes)], whole)
    return []


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
def set_default_method(framework: Framework, *, method: IndexMethod, actor: Account) -> FrameworkMethod:
    """Let data sets of a framework be computed by a method unless they choose another."""
    Framework.objects.select_for_update(no_key=True).get(pk=framework.pk)
    default, _created = FrameworkMethod.objects.update_or_create(
        framework=framework, defaults={"method": method}
    )
    record_act(actor, "set_method", framework, method=method.sha256)
    return default


def _settle(choice: MethodChoice) -> MethodChoice:
    """Give choices that go unused their default, so that one method has one row."""
    plain = MethodChoice()
    action = OUTLIER_ACTIONS[choice.outliers]
    return replace(
        choice,
        skewness_limit=float(choice.skewness_limit) if action.changes else plain.skewness_limit,
        kurtosis_limit=float(choice.kurtosis_limit) if action.changes else plain.kurtosis_limit,
        winsorised_most=choice.winsorised_most if action.draws_in else plain.winsorised_most,
        denominators=dict(sorted(choice.denominators.items())),
    )


def _hash(settled: dict[str, Any]) -> str:
    """Return what stands for a method in every provenance: its choices in canonical JSON."""
    plain = {name: str(value) if isinstance(value, str) else value for name, value in settled.items()}
    return hash_bytes(canonical_json({"schema": SCHEMA, **plain}))
