"""Units by rank, as the chapters of a report show them."""

from collections.abc import Iterator

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.views.reports.material import Material
from indexer.views.reports.parts import PartTable
from indexer.views.shared.unranked import unranked_rows
from indexer.words import ranks_between, score_unit
from weighting.models import Indicator
from weighting.views.numbers import signed

DIGITS = 4
# More columns of scores no sheet of paper holds.
MOST_SCORES = 6


def ranking_table(material: Material, caption: str, most: int) -> PartTable:
    """Return the first units: rank, where it lies in nine draws of ten, and scores."""
    columns = _score_columns(material)
    head = [capfirst(material.cities.register.unit), _("Rank")]
    head += [_("Nine draws of ten")] if material.intervals else []
    head += [node.name if node else _("Composite score") for node in columns]
    words = {"caption": caption, "unit": score_unit(material.run.method)}
    return PartTable(_("%(caption)s, %(unit)s") % words, head, list(_rows(material, columns, most)))


def first_units_caption(material: Material, most: int) -> str:
    """Name a table of the first units."""
    words = {"count": min(most, len(material.cities)), "units": material.units}
    return _("The first %(count)s %(units)s") % words


def no_scores(material: Material) -> str:
    """Say that nothing is ranked; '' where something is."""
    if material.subject.present:
        return ""
    finding = _("No %(unit)s has a score here") % {"unit": material.cities.register.unit}
    return _("%(finding)s.") % {"finding": finding}


def unranked_table(material: Material) -> list[PartTable]:
    """Return the units that have too few values for a score, with the reasons; none where all have one."""
    rows = [[city.name, reason] for city, reason in unranked_rows(material.subject)]
    head = [capfirst(material.cities.register.unit), _("Reason")]
    return [PartTable(_("Without a rank"), head, rows)] if rows else []


def _score_columns(material: Material) -> list[Indicator | None]:
    few = len(material.sub_indices) < MOST_SCORES
    return [None, *(material.sub_indices if few else [])]


def _rows(material: Material, columns: list[Indicator | None], most: int) -> Iterator[list[str]]:
    subject, cities, intervals = material.subject, material.cities, material.intervals
    digits, chosen = material.run.method.digits_or(DIGITS), material.ranking.order[:most]
    cities.load(set(chosen))
    scores = [subject.scores_on(node) for node in columns]
    for place in chosen:
        row = [cities[place].name, str(int(subject.ranks[place]) or "–")]
        if intervals:
            row.append(ranks_between(intervals.q05[place], intervals.q95[place]))
        yield [*row, *(signed(float(of[place]) * subject.scale, digits, plus=False) for of in scores)]
