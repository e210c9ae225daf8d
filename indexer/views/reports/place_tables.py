"""Regions and further groups by rank, as the chapters of a report show them."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.selectors.levels import level_named
from indexer.selectors.places import PlaceRanking, city_weights_of, rank_places, usual_weight
from indexer.views.reports.material import Material
from indexer.views.reports.parts import PartTable
from indexer.views.run.places import places_chart, places_finding
from indexer.views.shared.place_rows import how_formed, place_rows
from weighting.drawing import Figure

# Of more places than fit two pages the page of places has all.
MOST = 60


def ranked_places(material: Material, level: str) -> PlaceRanking:
    """Rank the places of a level as their page does unless asked otherwise."""
    usable = city_weights_of(material.run)
    weight = usual_weight(material.run, usable)
    return rank_places(material.subject, level_named(material.cities, level), weight=weight, usable=usable)


def told_of_places(ranked: PlaceRanking) -> tuple[str, PartTable, Figure]:
    """Say who leads, and show the places as a table and as a figure."""
    ranked.subject.cities.load({first for first in ranked.firsts if first is not None})
    register, chart = ranked.subject.cities.register, places_chart(ranked)
    rows = [
        [
            row["place"].name,
            str(row["rank"]),
            str(row["count"]),
            row["cells"][0].text,
            row["first"].name if row["first"] else "–",
        ]
        for row in place_rows(ranked)[:MOST]
    ]
    head = [
        ranked.level.name,
        _("Rank"),
        capfirst(register.units),
        _("Score"),
        _("First %(unit)s") % {"unit": register.unit},
    ]
    words = {"level": ranked.level.name, "how": how_formed(ranked)}
    table = PartTable(_("%(level)s, %(how)s") % words, head, rows)
    # What weighs is the usual there too.
    query = urlencode({"level": ranked.level.code})
    address = reverse("indexer:run-picture", args=[ranked.subject.run.pk, "places", "svg"])
    said = chart["usermeta"]
    figure = Figure(said["title"], said["subtitle"], chart, rows=[], image_url=f"{address}?{query}")
    return _("%(finding)s.") % {"finding": places_finding(ranked)}, table, figure
