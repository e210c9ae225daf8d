"""What stands in every line of a table of units, which may have thousands of them.

A template that is included takes twenty times as long as a call, and each line had a dozen. Marks and shifts
are drawn by their templates, once in each language.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from typing import Any

from django.template import Library
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from indexer.models import City
from indexer.selectors.cities import PROVINCE, REGION
from indexer.views.shared.tables import Cell
from weighting.lettering import set_apart

register = Library()

BAR = (
    '<span class="cell-bar"><svg class="bar" aria-hidden="true" focusable="false">'
    '<rect width="%.2f%%" height="100%%"/></svg><span class="num">%s</span></span>'
)
CHANGE_BAR = (
    '<span class="cell-bar"><svg class="bar" aria-hidden="true" focusable="false">'
    '<rect class="%s" x="%.2f%%" width="%.2f%%" height="100%%"/>'
    '<line class="bar-axis" x1="50%%" x2="50%%" y1="-20%%" y2="120%%"/></svg>'
    '<span class="num">%s</span></span>'
)
# So many addresses and shifts are kept.
KEPT = 5_000


@register.filter
def unit_name(city: City) -> SafeString:
    """Return a unit by its name, and by the code that its register has for it."""
    code = f' <small class="unit-code">{escape(city.code)}</small>' if city.code else ""
    return mark_safe(escape(set_apart(city.name)) + code)  # noqa: S308


@register.simple_tag
def unit_url(route: str, city: City, *before: int) -> SafeString:
    """Return the address of a page about a unit, whose number is the last in its route."""
    head, tail = _around(route, before, get_script_prefix())
    return mark_safe(f"{head}/{city.pk}/{tail}")  # noqa: S308


@lru_cache(KEPT)
def _around(route: str, before: tuple[int, ...], _prefix: str) -> tuple[str, str]:
    """Return the parts of an address before and after the number of its unit."""
    head, _number, tail = reverse(route, args=[*before, 0]).rpartition("/0/")
    return escape(head), escape(tail)


@register.filter
def place_cells(city: City, levels: Collection[str]) -> SafeString:
    """Return the cells of the places of a unit, province and region as far as the table shows them."""
    province = f'<td class="nowrap">{escape(city.province.name)}</td>' if PROVINCE in levels else ""
    region = f'<td class="nowrap">{escape(city.province.region.name)}</td>' if REGION in levels else ""
    return mark_safe(province + region)  # noqa: S308


@register.filter
def score_cell(cell: Cell) -> SafeString:
    """Return a score with its marks, and with a bar where it has one."""
    text = escape(cell.text)
    if cell.source or cell.changes:
        text += _marks(cell.source, cell.changes, get_language() or "")
    return mark_safe(text if cell.percent is None else BAR % (cell.percent, text))  # noqa: S308


@register.filter
def line_cells(line: Sequence[str], left: int) -> SafeString:
    """Return the cells of a line of a report's table: its head, words in the first ``left``, and numbers."""
    head, *cells = [escape(cell) if type(cell) is str else conditional_escape(cell) for cell in line]
    words = [f"<td>{cell}</td>" for cell in cells[: left - 1]]
    numbers = [f'<td class="num">{cell}</td>' for cell in cells[left - 1 :]]
    return mark_safe("".join([f'<th scope="row">{head}</th>', *words, *numbers]))  # noqa: S308


@register.filter
def change_bar(change: Mapping[str, Any]) -> SafeString:
    """Return a change with its bar around a middle axis, as `diverging` gives it."""
    kind = "bar-up" if change["up"] else "bar-down"
    bar = CHANGE_BAR % (kind, change["offset"], change["percent"], escape(change["text"]))
    return mark_safe(bar)  # noqa: S308


@register.filter
def heat_cells(cells: Sequence[Mapping[str, Any]]) -> SafeString:
    """Return cells shaded by their values, from 0 to 5, but where they are about one thing and itself."""
    return mark_safe("".join(map(_heat_cell, cells)))  # noqa: S308


def _heat_cell(cell: Mapping[str, Any]) -> str:
    text = escape(cell["text"])
    if cell["is_own"]:
        return f'<td class="num"><span class="muted">{text}</span></td>'
    return f'<td class="num heat-{cell["shade"]}">{text}</td>'


@cache
def _marks(source: str, changes: tuple[str, ...], _language: str) -> str:
    """Draw the marks of a figure; each is set off by the line break that its template begins with."""
    drawn = [render_to_string("components/_mark.html", {"value": source})] if source else []
    drawn += [render_to_string("components/_change_mark.html", {"value": change}) for change in changes]
    return "".join(drawn)


@register.filter
def rank_shift(places: int) -> SafeString:
    """Return by how many places a unit rises, or falls where they are below zero."""
    return _shift(int(places), get_language() or "")


@lru_cache(KEPT)
def _shift(places: int, _language: str) -> SafeString:
    return render_to_string("components/_shift.html", {"places": places})
