"""How runs that stand side by side are told from each other."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from indexer.method_words import method_words
from indexer.models import Run
from indexer.words import data_set_name, version_name

# As many labels as fit beside each other; more are told by their number.
FEW = 6


def run_names(runs: Sequence[Run]) -> list[str]:
    """Name each by its version, and by data set and method where these differ."""
    tell_data = len({run.data_set_id for run in runs}) > 1
    tell_method = len({run.method_id for run in runs}) > 1
    names = []
    for run in runs:
        parts = [version_name(run)]
        if tell_data:
            parts.append(data_set_name(run.data_set))
        if tell_method:
            parts.append(method_words(run.method))
        names.append(" · ".join(parts))
    return names


def short_names(runs: Sequence[Run]) -> list[str]:
    """Label each for an axis by what tells them apart: version, data or method; many by number."""
    numbers = [str(number) for number in range(1, len(runs) + 1)]
    if len(runs) > FEW:
        return numbers
    labels = [run.weight_version.label for run in runs]
    data_sets = [data_set_name(run.data_set) for run in runs]
    methods = [method_words(run.method) for run in runs]
    for names in (labels, data_sets, methods):
        if len(set(names)) == len(names):
            return names
    return [f"{number} {label}" for number, label in zip(numbers, labels, strict=True)]


def source_of(runs: Sequence[Run]) -> str:
    """Say at the foot of a figure which data and versions it shows."""
    data_sets = list(dict.fromkeys(data_set_name(run.data_set) for run in runs))
    if len(runs) > FEW:
        return " · ".join([*data_sets, _("%(count)s versions") % {"count": len(runs)}])
    return " · ".join([*data_sets, *short_names(runs)])
