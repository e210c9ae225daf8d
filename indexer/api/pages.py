"""Pages of rows that no query gives: they were computed, or cut out of an array. And refusals."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import Pages

# Units that an answer about all of them holds, when no fewer are asked for: a second of work.
MOST_UNITS = 10_000
PAGE_OF_UNITS = [
    OpenApiParameter("limit", int, description=f"At most so many units; {MOST_UNITS} when not given."),
    OpenApiParameter("offset", int, description="How many to pass over."),
]
Row = TypeVar("Row")


class UnitPages(Pages):
    """All units at once, unless they are very many."""

    default_limit = max_limit = MOST_UNITS


def asked_units(request: Request, units: Sequence[Row]) -> Sequence[Row]:
    """Return the page of ``?limit=`` and ``?offset=`` of an answer about all units."""
    pages = UnitPages()
    offset = pages.get_offset(request)
    return units[offset : offset + pages.get_limit(request)]


def answer_page(
    request: Request,
    rows: Sequence[Row],
    write: Callable[[Row], Any],
    foresee: Callable[[Iterable[Row]], None] = lambda _rows: None,
    *,
    serializer: type[serializers.Serializer] | None = None,
) -> Response:
    """Answer with the page of ``?limit=`` and ``?offset=``; only its own rows are foreseen and written.

    What is written goes through one ``serializer`` for all rows, which would make its fields anew for each.
    """
    pages = Pages()
    chosen: Any = pages.paginate_queryset(rows, request)  # type: ignore[arg-type]
    foresee(chosen or ())
    written = [write(row) for row in chosen or ()]
    return pages.get_paginated_response(serializer(written, many=True).data if serializer else written)


def page_of(row: type[serializers.Serializer], **beside: serializers.BaseSerializer) -> Any:
    """Return the serializer of a page of such rows, and of what stands beside them."""
    fields = {
        "count": serializers.IntegerField(),
        "next": serializers.CharField(allow_null=True),
        "previous": serializers.CharField(allow_null=True),
        "results": row(many=True),
        **beside,
    }
    return type(row.__name__.replace("Serializer", "PageSerializer"), (serializers.Serializer,), fields)
