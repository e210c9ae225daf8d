"""How pages, figures, files and studies name versions, data sets, methods and units of scores."""

import math
from datetime import datetime

from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.models import DataSet, IndexMethod, Run
from indexer.numeric.method.plan import SCALE
from indexer.selectors.plans import leaf_unit_of, score_unit_of
from weighting.enums import VersionStatus
from weighting.models import Indicator, WeightVersion
from weighting.moments import zone_text

# A score of 1 is shown as 100 of these; on a scale of 1 and on any other they are called otherwise.
UNIT_WORDS = {
    "total": gettext_lazy("% of the total"),
    "prepared_total": gettext_lazy("% of the total of the prepared values"),
    "turned_total": gettext_lazy("% of the total once turned around"),
    "points": gettext_lazy("points of 100"),
    "standard_deviation": gettext_lazy("hundredths of a standard deviation"),
    "data_unit": gettext_lazy("hundredths of the data’s unit"),
}
UNITS = {
    "total": gettext_lazy("parts of the total"),
    "prepared_total": gettext_lazy("parts of the total of the prepared values"),
    "turned_total": gettext_lazy("parts of the total once turned around"),
    "points": gettext_lazy("points from 0 to 1"),
    "standard_deviation": gettext_lazy("standard deviations"),
    "data_unit": gettext_lazy("units of the data"),
}
UNITS_TIMES = {
    "total": gettext_lazy("parts in %(scale)s of the total"),
    "prepared_total": gettext_lazy("parts in %(scale)s of the total of the prepared values"),
    "turned_total": gettext_lazy("parts in %(scale)s of the total once turned around"),
    "points": gettext_lazy("points of %(scale)s"),
    "standard_deviation": gettext_lazy("parts in %(scale)s of a standard deviation"),
    "data_unit": gettext_lazy("parts in %(scale)s of the data’s unit"),
}


def retired_words(version: WeightVersion) -> str:
    """Return what whoever reads a ranking by a retired version is told; '' of any other."""
    if version.status != VersionStatus.RETIRED:
        return ""
    return _("The weights of this ranking are retired: it stays as it is, and is not for new work.")


def version_name(run: Run) -> str:
    """Name a frozen version by number and label."""
    version = run.weight_version
    return _("version %(number)s, %(label)s") % {"number": version.number, "label": version.label}


def moment(time: datetime | None) -> str:
    """Write a time the same way in both languages, with the reader's time zone, or the site's."""
    if time is None:
        return "–"
    return f"{localtime(time):%Y-%m-%d %H:%M} ({zone_text(get_current_timezone_name(), time)})"


def register_lines(data_set: DataSet) -> list[str]:
    """Name the register and the edition of it that the data are of, and say what became of it since."""
    register = data_set.series.register
    words = _("%(register)s, edition %(own)s")
    if register.edition > data_set.register_edition:
        words = _("%(register)s, as in its edition %(own)s; edition %(now)s corrects some units")
    said = words % {"register": register.name, "own": data_set.register_edition, "now": register.edition}
    return [said, *filter(None, [completed_since(data_set, register.completed_at)])]


def completed_since(data_set: DataSet, completed_at: datetime | None) -> str:
    """Say that its register was filled in after the data were stored; '' where it was not."""
    if completed_at is None or completed_at <= data_set.created_at:
        return ""
    words = _(
        "Names, codes or coordinates that some units lacked were filled in later, last on %(date)s: what is "
        "shown has them, and no score or rank rests on them."
    )
    return words % {"date": f"{localtime(completed_at):%Y-%m-%d}"}


def ranks_between(low: float, high: float) -> str:
    """Write an interval of ranks; quantiles may fall between two, and it is then rather too wide."""
    first, last = math.floor(low), math.ceil(high)
    return str(first) if first == last else f"{first}–{last}"


def data_set_name(data_set: DataSet) -> str:
    """Name a data set, its year unless the name says it already, and its edition from the second on."""
    name = data_set.name
    if str(data_set.year) not in name:
        name = _("%(name)s (%(year)s)") % {"name": name, "year": data_set.year}
    if data_set.edition == 1:
        return name
    return _("%(name)s, edition %(edition)s") % {"name": name, "edition": data_set.edition}


def score_unit(method: IndexMethod, node: Indicator | None = None) -> str:
    """Name the unit that scores are shown in, of the index and its nodes or of one leaf."""
    unit = leaf_unit_of(method, node) if node and node.is_leaf else score_unit_of(method)
    if method.scale == SCALE:
        return str(UNIT_WORDS[unit])
    return str(UNITS[unit] if method.scale == 1 else UNITS_TIMES[unit]) % {"scale": f"{method.scale:g}"}
