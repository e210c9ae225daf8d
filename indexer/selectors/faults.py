"""Why data cannot be computed, in words: what is wrong, where, and the remedy."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from indexer.models import DataSet
from indexer.numeric.method.faults import DataFault
from weighting.models import Indicator
from weighting.numeric.aggregation import AggregationFault

# One reason why a job failed: its kind as a code, and what it concerns.
Failure = dict[str, Any]

# More names than these hide the remedy behind them.
MOST_NAMES = 10


def fault_texts(faults: Sequence[DataFault | AggregationFault], data_set: DataSet) -> list[str]:
    """Put each reason into words, with the indicators by name."""
    nodes = Indicator.objects.filter(framework=data_set.framework_id)
    names = {node.code: node.name for node in nodes}
    return [
        fault_text(
            fault.kind,
            codes=[names.get(code, code) for code in fault.codes],
            units=units_with_values(fault) if isinstance(fault, DataFault) else (),
            number=getattr(fault, "number", 0),
        )
        for fault in faults
    ]


def units_with_values(fault: DataFault) -> Sequence[str]:
    """Return the units that a fault names, with their values where these are what is wrong."""
    if len(fault.values) != len(fault.units):
        return fault.units
    pairs = zip(fault.units, fault.values, strict=True)
    return [_("%(name)s: %(value)s") % {"name": unit, "value": f"{value:.6g}"} for unit, value in pairs]


def fault_text(
    kind: str, *, codes: Sequence[str] = (), units: Sequence[str] = (), number: float | str = 0
) -> str:
    """Put one reason into words; what has none of its own is an error in the program."""
    template = _data_templates() | _panel_templates()
    words = template.get(kind) or _(
        "Computing stopped because of an error in the program. Ask the operator to look at the worker's log."
    )
    places = f"{listed(codes)} ({listed(units)})" if units else listed(codes)
    return words % {"codes": listed(codes), "units": listed(units), "places": places, "number": number}


def listed(names: Sequence[str]) -> str:
    """Name the first and count the rest."""
    text = _(", ").join(names[:MOST_NAMES])
    if (rest := len(names) - MOST_NAMES) > 0:
        text += _(" and %(count)s more") % {"count": rest}
    return text


def _panel_templates() -> dict[str, str]:
    """Why scores of a panel give no weights, or none to draw."""
    return {
        "no_answer": _("Nobody scored %(codes)s: a panel without an answer gives it no weight."),
        "abstained": _(
            "%(number)s experts abstained on %(codes)s, which the sum of scores does not allow. Study a "
            "version formed by the normalised mean."
        ),
        "few_answers": _(
            "Too few experts answered %(codes)s to draw experts from. Use weight noise or Dirichlet weights."
        ),
        "one_answer": _(
            "Only one expert answered %(codes)s, who cannot be left out. Use the expert bootstrap."
        ),
        "one_expert": _("A single expert cannot be left out. Use weight noise."),
        "constant_output": _(
            "The outcome is the same for all weights drawn, so there is no variance to account for. Let the "
            "weights vary more, or study another outcome."
        ),
        "not_reported": _("The scores of the panel behind these weights are not reported."),
    }


def _data_templates() -> dict[str, str]:
    """Why data cannot be normalised or summed up."""
    return {
        "infinite": _("Some values are not finite: %(codes)s. Correct the data."),
        "no_value": _(
            "No unit has a value: %(codes)s. Fill the indicator in, or take it out of a copy of the "
            "framework."
        ),
        "missing": _("Values are missing: %(codes)s (%(units)s). Choose how missing values are treated."),
        "negative_value": _("Values below zero have no share: %(codes)s. Choose another normalisation."),
        "zero_reciprocal": _("Zero has no reciprocal: %(codes)s. Reflect such indicators instead."),
        "zero_total": _(
            "The total is zero, so there are no shares: %(codes)s. Choose another normalisation."
        ),
        "negative_total": _("The given total is not above zero: %(codes)s. Correct the totals."),
        "constant": _("All units have the same value: %(codes)s. Choose another normalisation."),
        "out_of_range": _(
            "The values are too large or too small to compute with: %(codes)s. Use another unit."
        ),
        "empty_unit": _("These units have no value at all: %(units)s. Leave them out of the data."),
        "denominator": _(
            "The denominator of %(codes)s is not above zero in %(units)s. Choose another one or correct it."
        ),
        "unknown_column": _("The data set has no such indicator or column: %(codes)s."),
        "not_positive": _(
            "This mean needs values above zero: %(places)s. State the smallest normalised value, "
            "a floor such as 0.01, or choose the arithmetic mean or another normalisation."
        ),
        "below_zero": _("This step takes no values below zero: %(places)s. Choose another one."),
        "no_transform": _(
            "The transform is not defined for %(codes)s in %(units)s. Correct the values or choose another "
            "one."
        ),
        "bound_no_transform": _(
            "The transform is not defined for a bound or target of %(codes)s. Correct them."
        ),
        "bounds_order": _(
            "The lower bound is not below the upper bound, or the data lie beyond it: %(codes)s. Correct the "
            "bounds."
        ),
        "target_outside": _(
            "The target has to be better than the worst value and not beyond the other bound: %(codes)s. "
            "Correct the target."
        ),
        "no_reference": _(
            "The reference unit is not there or has no value: %(codes)s. Name another one by its code."
        ),
        "reference_at_worst": _(
            "The reference unit has the worst value there is: %(codes)s. Name another one."
        ),
        "no_value_in_group": _(
            "No unit of the group has a value: %(codes)s (%(units)s). Choose another imputation."
        ),
        "no_earlier": _("No earlier edition has a value: %(codes)s (%(units)s). Choose another imputation."),
    }
