"""A unit of a published index: its profile on one page, and up to four of them side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.answers import answer_published
from indexer.models import IndexEdition, Run
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.published import released_editions
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.selectors.unit_history import history_of
from indexer.selectors.unit_profiles import (
    LeafTable,
    UnitProfile,
    find_positions,
    is_group,
    nearest_of,
    read_units,
    region_of,
    unit_key,
)
from indexer.views.public.addresses import Shelf, absolute, edition_or_404
from indexer.views.public.counting import count_visit, visits_of
from indexer.views.public.pages import in_language, named_by, strangers_page
from indexer.views.public.parts import sureness_of
from indexer.views.public.reuse import shared_picture
from indexer.views.public.unit_words import (
    between_names,
    history_rows,
    profile_context,
    side_by_side_context,
)
from weighting.numeric.arrays import IntArray
from weighting.permissions import ANYONE, audience

MOST_SIDE_BY_SIDE = 4
REGION, NEAREST, OWN = "region", "nearest", "own"


@dataclass(frozen=True)
class Peers:
    """Whom a unit is compared with: which choice it is, their positions, and what was typed in vain."""

    choice: str
    positions: IntArray
    choices: Sequence[str]
    typed: str
    unknown: Sequence[str]


@audience(ANYONE)
@require_safe
def unit_page(request: HttpRequest, name: str, code: str, number: int | None = None) -> HttpResponse:
    """Show a unit among its peers, for one sheet of paper."""
    edition, shelf = edition_or_404(name, number), Shelf(name, number)
    count_visit(request, edition)
    return _answer(request, edition, lambda: _page(request, edition, shelf, code))


@audience(ANYONE)
@require_safe
def units_page(request: HttpRequest, name: str, number: int | None = None) -> HttpResponse:
    """Show the units that the address names side by side, and ask for others."""
    edition, shelf = edition_or_404(name, number), Shelf(name, number)
    count_visit(request, edition)
    return _answer(request, edition, lambda: _side_by_side(request, edition, shelf))


def load_table(edition: IndexEdition) -> LeafTable:
    """Load all of an edition that its units' profiles are made of."""
    run = runs_with_nodes_visible_to(None).filter(pk=edition.run_id).first()
    if run is None:
        raise Http404
    edition.run = run
    return LeafTable(node_scores_of(run))


def choose_peers(table: LeafTable, position: int, asked: str = "", typed: str = "") -> Peers:
    """Return the peers that are asked for; else the region, or the nearest where that is no group."""
    scores = table.scores
    region = region_of(scores, position)
    choices = [REGION, NEAREST, OWN] if is_group(scores, region) else [NEAREST, OWN]
    choice = asked if asked in choices else choices[0]
    unknown: list[str] = []
    positions = region if choice == REGION else nearest_of(scores, position)
    if choice == OWN:
        found, unknown = read_units(typed, scores.cities, scores.run)
        positions = np.array([other for other in found if other != position], dtype=np.int64)
    return Peers(choice, positions, choices, typed, unknown)


def _answer(request: HttpRequest, edition: IndexEdition, make: Callable[[], HttpResponse]) -> HttpResponse:
    seen = visits_of(edition)
    return in_language(request, lambda: answer_published(request, named_by(edition), make, seen=seen))


def _page(request: HttpRequest, edition: IndexEdition, shelf: Shelf, code: str) -> HttpResponse:
    table = load_table(edition)
    positions = find_positions(edition.run, [code])
    if not positions:
        raise Http404
    typed = request.GET.get("own", "")
    peers = choose_peers(table, positions[0], request.GET.get("peers", ""), typed)
    profile = UnitProfile(table, positions[0], peers.positions)
    context = unit_context(edition, shelf, profile, peers) | strangers_page(request)
    return render(request, "indexer/public/unit.html", context)


def unit_context(edition: IndexEdition, shelf: Shelf, profile: UnitProfile, peers: Peers) -> dict[str, Any]:
    """Return all that the page of a unit shows."""
    editions = released_editions().filter(index=edition.index_id).order_by("-number")
    history = history_of(list(editions), edition.run, profile.city)
    return {
        "index": edition.index,
        "edition": edition,
        "index_url": shelf.index,
        "own_url": shelf.unit(profile.city),
        "beside_url": shelf.side_by_side(profile.city),
        "address": absolute(Shelf(edition.index.slug, edition.number).unit(profile.city)),
        "history": history_rows(history, profile),
        "peers": peers,
        "widest_place": _widest_place(profile),
        "shared_picture": absolute(
            reverse("indexer:run-city-picture", args=[edition.run_id, profile.city.pk, "png"])
        ),
        **profile_context(edition, profile, sureness_of(edition.run), history),
        "peer_names": _peer_names(profile, peers),
    }


def _peer_names(profile: UnitProfile, peers: Peers) -> str:
    """Say whom a unit is compared with."""
    cities = profile.table.scores.cities
    if peers.choice == REGION:
        return _("the other %(count)s of %(region)s") % {
            "count": len(peers.positions),
            "region": _widest_place(profile),
        }
    cities.load(peers.positions.tolist())
    return between_names().join(cities[place].name for place in peers.positions.tolist())


def _widest_place(profile: UnitProfile) -> str:
    """Name the place whose units are the first peers that are offered."""
    places = profile.table.scores.cities.places_of(profile.city)
    return places[-1] if places else profile.city.province.region.name


def _side_by_side(request: HttpRequest, edition: IndexEdition, shelf: Shelf) -> HttpResponse:
    table = load_table(edition)
    run: Run = edition.run
    asked = list(dict.fromkeys(filter(None, request.GET.get("units", "").split("."))))[:MOST_SIDE_BY_SIDE]
    found = find_positions(run, asked)
    # An address that was handed on may name what another edition has.
    missing = [key for key in asked if not find_positions(run, [key])] if len(found) < len(asked) else []
    further, unknown = read_units(request.GET.get("further", ""), table.scores.cities, run)
    positions = list(dict.fromkeys([*found, *further]))[:MOST_SIDE_BY_SIDE]
    profiles = [UnitProfile(table, position, np.array([], dtype=np.int64)) for position in positions]
    cities = [profile.city for profile in profiles]
    if further and not unknown and not missing:
        # The address that is handed on holds the units alone.
        return redirect(shelf.side_by_side(*cities))
    context = {
        "index": edition.index,
        "edition": edition,
        "index_url": shelf.index,
        "units_url": shelf.url("units"),
        "unknown": [*missing, *unknown],
        "shared_picture": shared_picture(edition),
        "is_full": len(positions) == MOST_SIDE_BY_SIDE,
        "asked": ".".join(map(unit_key, cities)),
        "address": absolute(Shelf(edition.index.slug, edition.number).side_by_side(*cities)),
        **side_by_side_context(edition, table, profiles, shelf, sureness_of(run)),
        **strangers_page(request),
    }
    return render(request, "indexer/public/units.html", context)
