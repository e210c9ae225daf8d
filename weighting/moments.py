"""Moments as people of a round read them: in the round's own time zone, which is always named."""

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

# Far more than any round needs, and far from where adding to a date, or telling it in another zone, ends.
FURTHEST = timedelta(days=36_525)


@cache
def time_zones() -> list[str]:
    """Return the time zones that are named for a place, and UTC; found by walking many files."""
    places = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}
    return ["UTC", *sorted(places)]


def is_time_zone(name: str) -> bool:
    """Tell whether deadlines can be given in a time zone."""
    return name in time_zones()


def zone_text(zone: str, moment: datetime) -> str:
    """Return the name of a time zone with its offset at the moment."""
    offset = moment.astimezone(ZoneInfo(zone)).strftime("%z")
    return f"{zone.replace('_', ' ')}, UTC{offset[:3]}:{offset[3:5]}"


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
