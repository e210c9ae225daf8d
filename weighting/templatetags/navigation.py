"""The pages of a visitor's role, which stand at the head of every page, twice: for wide and narrow screens.

They depend on little, and are written once for all of it: they took a third of what a small page takes.
"""

from functools import lru_cache

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weighting.enums import Role
from weighting.permissions import ADMINISTRATORS, MANAGERS, STAFF

register = template.Library()

STRANGERS = frozenset({Role.ANONYMOUS})
BOTH = STAFF | STRANGERS
# The name of each page's route, what it is called, and to whom it is offered.
PAGES = (
    ("home", _("Published indices"), STRANGERS),
    ("indexer:comparison", _("Comparison"), BOTH),
    ("indexer:run-list", _("Rankings"), BOTH),
    ("indexer:study-list", _("Studies"), BOTH),
    ("indexer:data-set-list", _("Data sets"), BOTH),
    ("weighting:version-list", _("Weight versions"), BOTH),
    ("weighting:round-list", _("Rounds"), MANAGERS),
    ("weighting:panel-list", _("Panels"), MANAGERS),
    ("weighting:framework-list", _("Frameworks"), BOTH),
    ("indexer:publishing-list", _("Publishing"), MANAGERS),
    ("weighting:people", _("People"), ADMINISTRATORS),
)


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> SafeString:
    """Return the navigation of who looks at the page; an expert, or who opens an invitation, has none."""
    visitor, request = context.get("visitor"), context.get("request")
    if visitor is None or visitor.role not in BOTH or (visitor.is_stranger and context.get("expert")):
        return SafeString()
    addresses = _addresses(get_script_prefix())
    current, mark = _current(addresses, request.path if request else "")
    return _written(get_language(), visitor.role, addresses, current, mark)


@lru_cache(maxsize=8)
def _addresses(_prefix: str) -> tuple[str, ...]:
    """Return the address of each page, which stands below where the product does."""
    return tuple(reverse(name) for name, _label, _roles in PAGES)


def _current(addresses: tuple[str, ...], path: str) -> tuple[str, str]:
    """Return the address whose link is marked, and as what: the page itself, or one that it leads to."""
    found = max((href for href in addresses if path.startswith(href)), key=len, default="")
    if path == found:
        return found, "page"
    # Below the first page is everything.
    return ("", "") if found == addresses[0] else (found, "true")


# Two languages, four roles, and a page on which each item is the current one.
@lru_cache(maxsize=256)
def _written(
    _language: str | None, role: Role, addresses: tuple[str, ...], current: str, mark: str
) -> SafeString:
    items = [
        {"href": href, "label": label, "mark": mark if href == current else ""}
        for (_name, label, roles), href in zip(PAGES, addresses, strict=True)
        if role in roles
    ]
    return render_to_string("components/_nav.html", {"items": items})
