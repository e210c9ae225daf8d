"""The map of a run whose units have borders: areas, shaded by classes of their scores."""

import itertools
from typing import Any

from django.utils.translation import gettext as _

from indexer import charts
from indexer.models import City, RegisterBorders
from indexer.numeric.classes import QUANTILE, class_bounds, classes_of
from indexer.selectors.node_scores import NodeScores
from indexer.words import score_unit
from weighting.numeric.arrays import IntArray
from weighting.views.numbers import signed

DIGITS = 4


def areas_context(
    subject: NodeScores, borders: RegisterBorders, kind: str, source: str, *, among: IntArray
) -> dict[str, Any]:
    """Return what the page shows of units with borders, by rank; {} where none of them has a score."""
    cities, wanted = subject.cities, among.tolist()
    shown = set(subject.present) & set(wanted)
    drawn = {place for place in wanted if str(cities.ids[place]) in borders.shapes}
    cities.load(drawn | shown)
    scored = sorted(drawn & shown, key=lambda place: (subject.ranks[place], cities.ids[place]))
    placed = [*scored, *sorted(drawn - shown)]
    unplaced = [cities[place] for place in sorted(shown - drawn)]
    named = {"unplaced": unplaced, "unplaced_count": len(unplaced), "is_areas": True}
    if not scored:
        return named
    values = subject.scores[scored] * subject.scale
    bounds = class_bounds(values, kind)
    of_place = dict(zip(scored, classes_of(values, bounds).tolist(), strict=True))
    areas = [_area(subject, borders, place, of_place.get(place)) for place in placed]
    chart = _chart(subject, areas, bounds, kind, source, count=len(scored), first=subject.cities[scored[0]])
    rows = [_row(subject, place) for place in scored]
    return named | {
        "title": chart["usermeta"]["title"],
        "chart": chart,
        "rows": rows,
        "has_counts": any(row["changed"] for row in rows),
        "borders_source": borders.source,
    }


def _area(subject: NodeScores, borders: RegisterBorders, place: int, of_class: int | None) -> charts.MapArea:
    city = subject.cities[place]
    score = float(subject.scores[place] * subject.scale)
    return charts.MapArea(city.name, int(subject.ranks[place]), score, of_class, borders.shapes[str(city.pk)])


def _chart(
    subject: NodeScores, areas: list[charts.MapArea], bounds: Any, kind: str, source: str, *,
    count: int, first: City,
) -> Any:  # fmt: skip
    unit = score_unit(subject.run.method)
    register = subject.cities.register
    words = {"city": first.name, "name": subject.name, "count": count, "units": register.units, "unit": unit}
    title = _("%(name)s of %(count)s %(units)s on the map; first: %(city)s") % words
    if kind == QUANTILE:
        subtitle = _("shade: %(name)s, %(unit)s; as many %(units)s in each class") % words
    else:
        subtitle = _("shade: %(name)s, %(unit)s; classes of equal width") % words
    return charts.border_map(
        areas, _labels(bounds), unit, unit_word=register.unit, title=title, subtitle=subtitle, source=source
    )


def _labels(bounds: Any) -> list[str]:
    """Name classes by their bounds, with as many digits as tell these apart, and one more."""
    for digits in range(DIGITS + 1):
        said = [signed(float(bound), digits, plus=False) for bound in bounds]
        if len(set(said)) == len(said):
            said = [signed(float(bound), digits + 1, plus=False) for bound in bounds]
            break
    return [f"{low} – {high}" for low, high in itertools.pairwise(said)] or said


def _row(subject: NodeScores, place: int) -> dict[str, Any]:
    return {
        "city": subject.cities[place],
        "rank": int(subject.ranks[place]),
        "shift": 0,
        "score": signed(float(subject.scores[place]) * subject.scale, DIGITS, plus=False),
        "changed": int(subject.changed_values[place]),
    }
