"""Lists that may be long, a page at a time."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

PAGE_SIZE = 100


def page_of(request: HttpRequest, rows: Any) -> Page:
    """Return the page of some rows that is asked for; the first for none, the last for one beyond it."""
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
