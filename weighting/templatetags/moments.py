"""Moments in tables and lists: short, and never without the zone that their hour is counted in."""

from datetime import datetime

from django import template
from django.utils.timezone import localtime

register = template.Library()


@register.filter
def moment(time: datetime | None) -> str:
    """Write a time as ``2026-11-30 10:10 (UTC+08:00)``, in the site's zone; a dash for none."""
    if time is None:
        return "–"
    here = localtime(time)
    offset = f"{here:%z}"
    return f"{here:%Y-%m-%d %H:%M} (UTC{offset[:3]}:{offset[3:]})"
