"""How pages, figures, files and studies name versions, data sets, methods and units of scores."""

from collections import Counter
from datetime import datetime

from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from indexer.models import DataSet, IndexMethod, Run
from indexer.numeric.gaps import MISSING_POLICIES
from indexer.numeric.normalisations import NORMALISATIONS
from indexer.numeric.treatment import OUTLIER_ACTIONS
from weighting.moments import zone_text

# A score of 1 is shown as 100 of these.
UNIT_WORDS = {
    "total": gettext_lazy("% of the national total"),
    "prepared_total": gettext_lazy("% of the total of the prepared values"),
    "points": gettext_lazy("points of 100"),
    "standard_deviation": gettext_lazy("hundredths of a standard deviation"),
    "data_unit": gettext_lazy("hundredths of the data’s unit"),
}


def version_name(run: Run) -> str:
    """Name a frozen version by number and label."""
    version = run.weight_version
    return _("version %(number)s, %(label)s") % {"number": version.number, "label": version.label}


def moment(time: datetime | None) -> str:
    """Write a time the same way in both languages, with the reader's time zone, or the site's."""
    if time is None:
        return "–"
    return f"{localtime(time):%Y-%m-%d %H:%M} ({zone_text(get_current_timezone_name(), time)})"


def data_set_name(data_set: DataSet) -> str:
    """Name a data set, its year unless the name says it already, and its edition from the second on."""
    name = data_set.name
    if str(data_set.year) not in name:
        name = _("%(name)s (%(year)s)") % {"name": name, "year": data_set.year}
    if data_set.edition == 1:
        return name
    return _("%(name)s, edition %(edition)s") % {"name": name, "edition": data_set.edition}


def method_words(method: IndexMethod) -> str:
    """Say how raw values became scores; what the default leaves unused is not named."""
    parts = [method.get_normalisation_display()]
    if NORMALISATIONS[method.normalisation].takes_turn:
        parts.append(method.get_negative_display())
    if MISSING_POLICIES[method.missing].takes_missing:
        parts.append(_("missing values: %(policy)s") % {"policy": method.get_missing_display()})
    parts += _optional_steps(method)
    parts.append(method.get_aggregation_display())
    return _("; ").join(str(part) for part in parts)


def _optional_steps(method: IndexMethod) -> list[str]:
    """Name the steps that are off by default, with all that decides what they do."""
    parts = []
    if method.denominators:
        for column, count in sorted(Counter(method.denominators.values()).items()):
            words = ngettext(
                "%(count)d indicator per %(column)s", "%(count)d indicators per %(column)s", count
            )
            parts.append(words % {"count": count, "column": column})
    action = OUTLIER_ACTIONS[method.outliers]
    if action.changes:
        limits = _("skewness over %(skewness)s and kurtosis over %(kurtosis)s") % {
            "skewness": f"{method.skewness_limit:g}",
            "kurtosis": f"{method.kurtosis_limit:g}",
        }
        said = {"action": method.get_outliers_display(), "limits": limits, "most": method.winsorised_most}
        if action.draws_in:
            parts.append(_("outliers: %(action)s (%(limits)s, at most %(most)s cells each)") % said)
        else:
            parts.append(_("outliers: %(action)s (%(limits)s)") % said)
    return parts


def score_unit(method: IndexMethod) -> str:
    """Name the unit that scores are shown in."""
    entry = NORMALISATIONS[method.normalisation]
    return str(UNIT_WORDS[entry.prepared_unit if method.is_prepared else entry.unit])
