"""The units of a run on a map, as a page and as a file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.enums import RunStatus
from indexer.forms.map_choice import MapChoice
from indexer.models import Run
from indexer.selectors.borders import borders_of_run, has_borders
from indexer.selectors.cities import PROVINCE
from indexer.selectors.map_cells import CrowdedMap, crowded_map_of, is_crowded
from indexer.selectors.map_points import (
    MapPoint,
    MapView,
    Placement,
    map_of,
    placement_of,
    points_along,
)
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.preparations import changes_by_city
from indexer.selectors.run_search import OfferedRuns, offer_runs
from indexer.selectors.runs import runs_visible_to, runs_with_nodes_visible_to
from indexer.views.run.map_areas import areas_context
from indexer.views.shared.coloured import coloured_groups
from indexer.views.shared.exports import changed_heading, place_cells, place_headings, run_facts
from indexer.views.shared.narrowed import narrowed_facts, narrowed_note
from indexer.views.shared.run_names import method_names
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.ties import and_more
from indexer.views.shared.unranked import unranked_rows
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import Spec
from weighting.exports import Heading
from weighting.numeric.arrays import IntArray
from weighting.permissions import ANYONE, audience
from weighting.views.files import SPEC, asked_format, save_links, table_answer
from weighting.views.numbers import signed
from weighting.visitors import visitor_of

DIGITS = 4
# More names than this are folded away.
FEW_NAMES = 20
# Of more units than are drawn one by one so many are listed; the file holds all.
LISTED = 100


@audience(ANYONE)
@require_safe
def run_map(request: HttpRequest, pk: int) -> HttpResponse:
    """Show scores as dots, or the shifts of ranks against another run."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def map_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the points as a file; units without coordinates come last."""
    run = finished_run(request, pk)
    form, subject, other = _asked(request, run)
    headings = [
        *place_headings(subject.cities),
        Heading("latitude", _("latitude")),
        Heading("longitude", _("longitude")),
        Heading("score", f"{subject.name} ({score_unit(run.method)})"),
        Heading("rank", _("Rank")),
    ]
    if other:
        headings.append(Heading("shift", _("Places gained")))
    headings.append(changed_heading(subject.name))
    runs = [run, other.run] if other else [run]
    rows = _file_rows(subject, other, placement_of(subject, form.positions()))
    facts = [*run_facts(*runs), *narrowed_facts(form)]
    return table_answer(asked_format(request), f"map-{run.pk}", headings, rows, facts)


def map_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the map for a picture; None where no unit has coordinates."""
    form, subject, other = _asked(request, run)
    return _shown(form, subject, other).get("chart")


def map_chart(run: Run) -> Spec | None:
    """Return the map of all units as anybody sees it first; None where nothing tells where they lie."""
    subject = node_scores_of(run)
    return _shown(_choice({}, subject, OfferedRuns([], 0, "")), subject, None).get("chart")


def _asked(request: HttpRequest, run: Run) -> tuple[MapChoice, NodeScores, NodeScores | None]:
    """Return the choice, the run with the node in view, and the run to compare with."""
    subject = node_scores_of(run)
    form = _form(request, subject)
    return form, subject.on(form.chosen), _other(request, form)


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    form, subject, other = _asked(request, run)
    export = reverse("indexer:run-map-export", args=[run.pk])
    picture, spec = (reverse("indexer:run-picture", args=[run.pk, "map", kind]) for kind in ("svg", SPEC))
    among = form.positions()
    chosen = {"node": form.code, "against": other.run.pk if other else "", "level": form.level}
    chosen["drawn"] = form.cleaned_data.get("drawn", "")
    query = urlencode({**{key: value for key, value in chosen.items() if value}, **form.places_asked})
    context = {
        **run_context(request, run, "run-map"),
        "form": form,
        "subject": subject,
        "register": subject.cities.register,
        "shown_levels": subject.cities.shown_levels,
        "against": version_name(other.run) if other else "",
        "image_url": f"{picture}?{query}" if query else picture,
        # Borders are half of what such a page would weigh: its words stand first.
        "spec_url": f"{spec}?{query}" if query else spec,
        "saves": save_links(f"{export}?{query}" if query else export),
        "few_names": FEW_NAMES,
        "title": _("No %(unit)s has coordinates") % {"unit": subject.cities.register.unit},
        "absent_count": int(np.isnan(subject.scores[among]).sum()),
        "narrowed": narrowed_note(form, subject.cities.register),
        "unranked": unranked_rows(subject),
        **_shown(form, subject, other),
    }
    return render(request, "indexer/run/map.html", context)


def _shown(form: MapChoice, subject: NodeScores, other: NodeScores | None) -> dict[str, Any]:
    """Draw each unit as an area or a dot, and those of a large run by cell.

    Without a chart where none has borders or a place.
    """
    among = form.positions()
    borders = borders_of_run(subject.run) if form.classes else None
    if borders:
        return areas_context(subject, borders, form.classes, _source(subject, other), among=among)
    if is_crowded(among):
        return _crowd(subject, other, among)
    view = map_of(subject, other, among=among)
    named = {"view": view, "unplaced": view.unplaced, "unplaced_count": len(view.unplaced)}
    return named | (_drawing(subject, view, other, form.level) if view.points else {})


def _crowd(subject: NodeScores, other: NodeScores | None, among: IntArray) -> dict[str, Any]:
    crowd, cities = crowded_map_of(subject, other, among=among), subject.cities
    first, unplaced = crowd.placed[:LISTED].tolist(), crowd.unplaced[:LISTED].tolist()
    cities.load({*first, *unplaced, *crowd.cells.firsts.tolist()})
    named = {
        "unplaced": [cities[place] for place in unplaced],
        "unplaced_count": len(crowd.unplaced),
        "unplaced_rest": max(0, len(crowd.unplaced) - LISTED),
    }
    if not first:
        return named
    rows = [_crowd_row(subject, crowd, place) for place in first]
    return named | {
        **_crowd_figure(subject, crowd, other),
        "rows": rows,
        "more": len(crowd.placed) - len(rows),
        "has_counts": any(row["changed"] for row in rows),
        "is_crowded": True,
    }


def _crowd_figure(subject: NodeScores, crowd: CrowdedMap, other: NodeScores | None) -> dict[str, Any]:
    cells, cities, register = crowd.cells, subject.cities, subject.cities.register
    unit = _("places") if other else score_unit(subject.run.method)
    words = {"units": register.units, "count": len(crowd.placed), "city": cities[int(crowd.placed[0])].name}
    if crowd.shifts is None:
        title = _("%(name)s of %(count)s %(units)s on the map; first: %(city)s") % {
            **words,
            "name": subject.name,
        }
        subtitle = _("area of the dots: %(units)s near each other; colour: mean of %(name)s, %(unit)s") % {
            **words,
            "name": subject.name,
            "unit": unit,
        }
    else:
        moved = int((crowd.shifts[crowd.placed] != 0).sum())
        title = _("%(moved)s of %(count)s %(units)s change rank") % {**words, "moved": moved}
        subtitle = _("area of the dots: %(units)s near each other; colour: mean of the places gained") % words
    dots = [
        charts.MapCell(cities[first].name, latitude, longitude, count, value)
        for first, latitude, longitude, count, value in zip(
            *(column.tolist() for column in (cells.firsts, cells.latitudes, cells.longitudes)),
            *(column.tolist() for column in (cells.counts, cells.values)),
            strict=True,
        )
    ]
    source = _source(subject, other)
    spec = charts.cell_map(
        dots, unit, units_word=register.units, title=title, subtitle=subtitle, source=source
    )
    return {"title": title, "chart": spec}


def _crowd_row(subject: NodeScores, crowd: CrowdedMap, place: int) -> dict[str, Any]:
    return {
        "city": subject.cities[place],
        "rank": int(subject.ranks[place]),
        "shift": 0 if crowd.shifts is None else int(crowd.shifts[place]),
        "score": signed(float(subject.scores[place]) * subject.scale, DIGITS, plus=False),
        "changed": int(subject.changed_values[place]),
    }


def _form(request: HttpRequest, subject: NodeScores) -> MapChoice:
    runs = runs_visible_to(visitor_of(request).account).filter(
        data_set=subject.run.data_set_id, status=RunStatus.DONE
    )
    others = runs.exclude(pk=subject.run.pk).order_by("weight_version__number", "pk")
    offered = offer_runs(others, request.GET.get("find", ""), request.GET.getlist("against"))
    return _choice(request.GET, subject, offered)


def _choice(asked: Mapping[str, Any], subject: NodeScores, offered: OfferedRuns) -> MapChoice:
    return MapChoice(
        asked,
        nodes=subject.nodes,
        cities=subject.cities,
        offered=offered,
        names=_run_names(offered.rows, subject.run),
        has_borders=has_borders(subject.run),
    )


def _run_names(runs: Sequence[Run], base: Run) -> list[str]:
    """Name other runs of the data set: each by its version, and its method where that is another one."""
    others = [run for run in runs if run.method_id != base.method_id]
    methods = dict(zip([run.pk for run in others], method_names(others), strict=True))
    bracketed = _("%(name)s (%(code)s)")
    return [
        bracketed % {"name": version_name(run), "code": methods[run.pk]}
        if run.pk in methods
        else version_name(run)
        for run in runs
    ]


def _other(request: HttpRequest, form: MapChoice) -> NodeScores | None:
    """Load the run to compare with, with the same node in view."""
    if form.other is None:
        return None
    run = runs_with_nodes_visible_to(visitor_of(request).account).filter(pk=form.other).first()
    if run is None:
        raise Http404
    return node_scores_of(run, form.code)


def _drawing(subject: NodeScores, view: MapView, other: NodeScores | None, level: str) -> dict[str, Any]:
    run, register = subject.run, subject.cities.register
    place_word = register.province_word if PROVINCE in subject.cities.shown_levels else ""
    groups, names = coloured_groups(subject.cities, level, [point.position for point in view.points])
    looks: dict[str, Any] = {"unit_word": register.unit, "place_word": place_word, "groups": groups}
    dots = [_dot(point, name, subject.scale) for point, name in zip(view.points, names, strict=True)]
    source = _source(subject, other)
    if other:
        title = _shift_finding(subject, view)
        subtitle = _("places gained or lost: area and direction of the marks; names: who moves furthest")
        spec = charts.shift_map(dots, **looks, title=title, subtitle=subtitle, source=source)
    else:
        unit = score_unit(run.method)
        title = _score_finding(subject, view)
        subtitle = _("area of the dots: %(name)s, %(unit)s") % {"name": subject.name, "unit": unit}
        spec = charts.score_map(dots, unit, **looks, title=title, subtitle=subtitle, source=source)
    changed = changes_by_city(run, subject.record, subject.node)
    rows = [_row(point, subject.scale) | {"changes": changed.get(point.city.pk, ())} for point in view.points]
    counted = any(point.changed for point in view.points)
    return {"title": title, "chart": spec, "rows": rows, "has_changes": bool(changed), "has_counts": counted}


def _source(subject: NodeScores, other: NodeScores | None) -> str:
    versions = [version_name(run.run) for run in (subject, other) if run]
    return " · ".join([data_set_name(subject.run.data_set), *versions])


def _score_finding(subject: NodeScores, view: MapView) -> str:
    sharing = sum(point.rank == view.points[0].rank for point in view.points)
    return _("%(name)s of %(count)s %(units)s on the map; first: %(city)s") % {
        "units": subject.cities.register.units,
        "city": and_more(view.points[0].city.name, sharing - 1),
        "name": subject.name,
        "count": len(view.points),
    }


def _shift_finding(subject: NodeScores, view: MapView) -> str:
    register = subject.cities.register
    moved = [point for point in view.points if point.shift]
    if not moved:
        return _("No %(unit)s changes its rank") % {"unit": register.unit}
    farthest = max(moved, key=lambda point: abs(point.shift or 0))
    places = int(farthest.shift or 0)
    return ngettext(
        "%(moved)s of %(count)s %(units)s change rank, %(city)s furthest: %(places)s place",
        "%(moved)s of %(count)s %(units)s change rank, %(city)s furthest: %(places)s places",
        abs(places),
    ) % {
        "units": register.units,
        "moved": len(moved),
        "count": len(view.points),
        "city": and_more(farthest.city.name, sum(point.shift == places for point in moved) - 1),
        "places": signed(float(places), 0),
    }


def _dot(point: MapPoint, group: str, scale: float) -> charts.MapDot:
    city = point.city
    return charts.MapDot(
        name=city.name,
        province=city.province.name,
        latitude=float(city.latitude or 0),
        longitude=float(city.longitude or 0),
        rank=point.rank,
        score=point.score * scale,
        shift=point.shift or 0,
        group=group,
    )


def _row(point: MapPoint, scale: float) -> dict[str, Any]:
    return {
        "city": point.city,
        "rank": point.rank,
        "shift": point.shift or 0,
        "score": signed(point.score * scale, DIGITS, plus=False),
        "changed": point.changed,
    }


def _file_rows(subject: NodeScores, other: NodeScores | None, found: Placement) -> Iterator[list[object]]:
    cities, scale = subject.cities, subject.scale
    for point in points_along(subject, other, found.placed.tolist()):
        city = point.city
        where: list[object] = [city.latitude, city.longitude]
        cells = [*place_cells(cities, city), *where, point.score * scale, point.rank]
        yield [*cells, *([point.shift] if other else []), point.changed]
    for city in cities.along(found.unplaced.tolist()):
        yield [*place_cells(cities, city), "", "", "", "", *([""] if other else []), ""]
