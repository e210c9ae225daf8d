"""Why data cannot be computed, in words: what is wrong, where, and the remedy."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from indexer.models import DataSet
from indexer.numeric.normalisation import DataFault
from weighting.models import Indicator

# More names than these hide the remedy behind them.
MOST_NAMES = 10


def fault_texts(faults: Sequence[DataFault], data_set: DataSet) -> list[str]:
    """Put each reason into words, with the indicators by name."""
    leaves = Indicator.objects.filter(framework=data_set.framework_id, is_leaf=True)
    names = {leaf.code: leaf.name for leaf in leaves}
    return [
        fault_text(fault.kind, codes=[names.get(code, code) for code in fault.codes], units=fault.units)
        for fault in faults
    ]


def fault_text(kind: str, *, codes: Sequence[str] = (), units: Sequence[str] = ()) -> str:
    """Put one reason into words."""
    return _template(kind) % {"codes": listed(codes), "units": listed(units)}


def listed(names: Sequence[str]) -> str:
    """Name the first and count the rest."""
    text = _(", ").join(names[:MOST_NAMES])
    if (rest := len(names) - MOST_NAMES) > 0:
        text += _(" and %(count)s more") % {"count": rest}
    return text


def _template(kind: str) -> str:
    templates = {
        "infinite": _("Some values are not finite: %(codes)s. Correct the data."),
        "no_value": _("No city has a value: %(codes)s. Fill the indicator in or leave it out."),
        "missing": _("Values are missing: %(codes)s (%(units)s). Choose how missing values are treated."),
        "negative_value": _("Values below zero have no share: %(codes)s. Choose another normalisation."),
        "zero_reciprocal": _("Zero has no reciprocal: %(codes)s. Reflect such indicators instead."),
        "zero_total": _(
            "The total is zero, so there are no shares: %(codes)s. Choose another normalisation."
        ),
        "negative_total": _("The given total is not above zero: %(codes)s. Correct the totals."),
        "constant": _("All cities have the same value: %(codes)s. Choose another normalisation."),
        "out_of_range": _(
            "The values are too large or too small to compute with: %(codes)s. Use another unit."
        ),
        "empty_unit": _("These cities have no value at all: %(units)s. Leave them out of the data."),
        "denominator": _(
            "The denominator of %(codes)s is not above zero in %(units)s. Choose another one or correct it."
        ),
        "unknown_column": _("The data set has no such indicator or column: %(codes)s."),
        "not_positive": _(
            "The geometric mean needs values above zero: %(codes)s. Choose the arithmetic mean or another "
            "normalisation."
        ),
    }
    return templates[kind]
