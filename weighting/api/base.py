"""What every resource of the API shares: read only, paged, filtered, and seen through selectors."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from weighting.models import Account
from weighting.permissions import ANYONE, InAudience, audience
from weighting.visitors import visitor_of

MAX_ROWS = 1000


class Pages(LimitOffsetPagination):
    """``?limit=`` (at most 1000, 100 when not given) and ``?offset=``."""

    max_limit = MAX_ROWS


class Resource(ReadOnlyModelViewSet):
    """A list and its entries; a subclass gives the rows that the visitor may see."""

    permission_classes = [InAudience]
    pagination_class = Pages
    filter_backends = [filters.DjangoFilterBackend]
    http_method_names = ["get", "head", "options"]

    @classmethod
    def list_view(cls) -> Callable[..., Any]:
        return audience(ANYONE)(cls.as_view({"get": "list"}))

    @classmethod
    def detail_view(cls) -> Callable[..., Any]:
        return audience(ANYONE)(cls.as_view({"get": "retrieve"}))

    @property
    def account(self) -> Account | None:
        """The account that asks; experts and strangers have none and see what is published."""
        return visitor_of(self.request).account


class UnknownAddress(APIView):
    """Answers for every address under the API that is none, in JSON."""

    permission_classes = [InAudience]

    @extend_schema(exclude=True)
    def get(self, request: Request, address: str) -> Response:
        raise Http404
