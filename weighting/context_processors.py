"""What every template may know."""

from typing import Any

from django.http import HttpRequest

from weighting.visitors import visitor_of


def visitor(request: HttpRequest) -> dict[str, Any]:
    """Who is looking at the page."""
    return {"visitor": visitor_of(request)}
