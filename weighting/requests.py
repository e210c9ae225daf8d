"""What a request carries beyond Django's own: marks of the middleware, what htmx asks for, a language."""

from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from weighting.models import AccessLink
    from weighting.visitors import Visitor

# The element that every page with a table keeps its part in.
PART = "results"
# What `asks_for_part` reads: an answer that may be kept names them in its Vary.
PART_HEADERS = ("HX-Request", "HX-Target", "HX-History-Restore-Request")


class MarkedRequest(HttpRequest):
    """A request as the middleware hands it on."""

    htmx: "HtmxDetails"
    visitor: "Visitor"
    # The live link that waits to be confirmed: absent until somebody asks.
    pending: "AccessLink | None"
    # What `weighting.kept` has of the same address, for the view that finds whether it still holds.
    kept: object


def marked(request: HttpRequest) -> MarkedRequest:
    """Return the request by its full type: every one that reaches a view went through the middleware."""
    return cast(MarkedRequest, request)


def client_address(request: HttpRequest) -> str:
    """Return the address of who asks: the one that the outermost of the counted proxies heard.

    Each proxy appends the address it heard; what stands before those is the visitor's own invention.
    """
    nearest = _one_address(request.META.get("REMOTE_ADDR", ""))
    heard = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if 0 < settings.PROXIES <= len(heard):
        return _one_address(heard[-settings.PROXIES]) or nearest
    return nearest


def _one_address(text: str) -> str:
    """Return an address as it is written everywhere; one of the older kind never as one of the newer.

    A server that listens for both kinds hears all of the older as one network of the newer.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def read_id(text: str) -> int | None:
    """Return the id or the place that a text names, if any."""
    # Longer numbers name nothing, and some databases refuse them loudly.
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def asks_for_part(request: HttpRequest) -> bool:
    """Whether only the part of a page is asked for that htmx puts in the place of the one in view.

    The one rule for it. Whoever puts another element in place, or goes back to a page that the
    browser no longer has, is given the whole page.
    """
    htmx = marked(request).htmx
    return bool(htmx) and htmx.target == PART and not htmx.history_restore_request


def remember_language(response: HttpResponse, language: str) -> None:
    """Have the browser ask for a language from now on."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
