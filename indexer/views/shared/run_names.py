"""How runs that stand side by side are told from each other."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from indexer.method_words import Names, method_words
from indexer.models import Run
from indexer.selectors.methods import names_in_methods
from indexer.words import data_set_name, version_name

# As many labels as fit beside each other; more are told by their number.
FEW = 6


def run_names(runs: Sequence[Run], names: Names | None = None) -> list[str]:
    """Name each by its version, and by data set and method where these differ.

    ``names`` are those of the nodes by code; they are looked up without them.
    """
    tell_data = len({run.data_set_id for run in runs}) > 1
    tell_method = len({run.method_id for run in runs}) > 1
    methods = method_names(runs, names) if tell_method else []
    found = []
    for at, run in enumerate(runs):
        parts = [version_name(run)]
        if tell_data:
            parts.append(data_set_name(run.data_set))
        if tell_method:
            parts.append(methods[at])
        found.append(" · ".join(parts))
    return found


def method_names(runs: Sequence[Run], names: Names | None = None) -> list[str]:
    """Say the method of each; what goes its own way is called by its name."""
    if names is not None:
        return [method_words(run.method, names) for run in runs]
    of_framework = names_in_methods(runs)
    return [method_words(run.method, of_framework.get(run.data_set.framework_id, {})) for run in runs]


def short_names(runs: Sequence[Run]) -> list[str]:
    """Label each for an axis by what tells them apart: version, data or method; many by number."""
    numbers = [str(number) for number in range(1, len(runs) + 1)]
    if len(runs) > FEW:
        return numbers
    labels = [run.weight_version.label for run in runs]
    if len(set(labels)) == len(labels):
        return labels
    data_sets = [data_set_name(run.data_set) for run in runs]
    if len(set(data_sets)) == len(data_sets):
        return data_sets
    if len({run.method_id for run in runs}) == len(runs):
        return method_names(runs)
    return [f"{number} {label}" for number, label in zip(numbers, labels, strict=True)]


def source_of(runs: Sequence[Run]) -> str:
    """Say at the foot of a figure which data and versions it shows."""
    data_sets = list(dict.fromkeys(data_set_name(run.data_set) for run in runs))
    if len(runs) > FEW:
        return " · ".join([*data_sets, _("%(count)s versions") % {"count": len(runs)}])
    return " · ".join([*data_sets, *short_names(runs)])
