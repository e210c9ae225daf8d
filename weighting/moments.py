"""Moments as people of a round read them: in the round's own time zone, which is always named."""

import math
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Far more than any round needs, and far from where adding to a date, or telling it in another zone, ends.
FURTHEST = timedelta(days=36_525)
PARTS_OF_THE_WORLD = {
    "Asia": gettext_lazy("Asia"),
    "Europe": gettext_lazy("Europe"),
    "Africa": gettext_lazy("Africa"),
    "America": gettext_lazy("America"),
    "Australia": gettext_lazy("Australia"),
    "Pacific": gettext_lazy("Pacific"),
    "Indian": gettext_lazy("Indian Ocean"),
    "Atlantic": gettext_lazy("Atlantic"),
    "Arctic": gettext_lazy("Arctic"),
    "Antarctica": gettext_lazy("Antarctica"),
}
# How long an answer takes an expert, for what is told beforehand.
SECONDS_PER_ITEM = 15


def minutes_for(items: int) -> int:
    """Return about how many minutes an expert needs for so many items."""
    return math.ceil(items * SECONDS_PER_ITEM / 60)


@cache
def time_zones() -> list[str]:
    """Return the time zones that are named for a place, and UTC; found by walking many files."""
    places = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}
    return ["UTC", *sorted(places)]


def time_zone_choices(first: str) -> list[tuple[str, Any]]:
    """Return one time zone and UTC, then the others under their parts of the world, by their places."""
    chosen = dict.fromkeys([first, "UTC"])
    parts: dict[str, list[tuple[str, str]]] = {str(label): [] for label in PARTS_OF_THE_WORLD.values()}
    for zone in time_zones():
        part, _slash, place = zone.partition("/")
        if zone not in chosen:
            # A second name that begins with a country, as in US/Eastern, keeps it.
            label = PARTS_OF_THE_WORLD.get(part, PARTS_OF_THE_WORLD["America"])
            parts[str(label)].append((zone, _zone_name(place if part in PARTS_OF_THE_WORLD else zone)))
    return [(zone, _zone_name(zone)) for zone in chosen] + list(parts.items())


def _zone_name(zone: str) -> str:
    return zone.replace("_", " ")


def is_time_zone(name: str) -> bool:
    """Tell whether deadlines can be given in a time zone."""
    return name in time_zones()


def zone_text(zone: str, moment: datetime) -> str:
    """Return the name of a time zone with its offset at the moment."""
    offset = moment.astimezone(ZoneInfo(zone)).strftime("%z")
    return f"{_zone_name(zone)}, UTC{offset[:3]}:{offset[3:5]}"


def moment_text(moment: datetime, zone: str) -> str:
    """Return a date and time in the zone, which is named, in the language of the page."""
    local = date_format(moment.astimezone(ZoneInfo(zone)), _("j M Y, H:i"))
    return f"{local} ({zone_text(zone, moment)})"


def distance_problem(moment: datetime) -> str:
    """Say that a deadline is so far off that it must be a slip of the keys; '' if it is not."""
    if moment <= timezone.now() + FURTHEST:
        return ""
    return _(
        "%(deadline)s lies more than a hundred years ahead. Check the year and choose an earlier time."
    ) % {"deadline": f"{moment:%Y-%m-%d %H:%M}"}
