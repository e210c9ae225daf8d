"""Pages of rows that no query gives: they were computed, or cut out of an array. And refusals."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.forms import Form
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import Pages

Row = TypeVar("Row")


def answer_page(request: Request, rows: Sequence[Row], write: Callable[[Row], Any]) -> Response:
    """Answer with the page of ``?limit=`` and ``?offset=``; only its own rows are written."""
    pages = Pages()
    chosen: Any = pages.paginate_queryset(rows, request)  # type: ignore[arg-type]
    return pages.get_paginated_response([write(row) for row in chosen or ()])


def page_of(row: type[serializers.Serializer]) -> Any:
    """Return the serializer of a page of such rows."""
    fields = {
        "count": serializers.IntegerField(),
        "next": serializers.CharField(allow_null=True),
        "previous": serializers.CharField(allow_null=True),
        "results": row(many=True),
    }
    return type(row.__name__.replace("Serializer", "PageSerializer"), (serializers.Serializer,), fields)


def problems_of(form: Form) -> dict[str, list[str]]:
    """Return what is wrong with the values of a form, by parameter."""
    return {name: [str(error) for error in errors] for name, errors in form.errors.items()}
