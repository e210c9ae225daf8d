"""What every resource of the API shares: paged, filtered, ordered, and seen through selectors.

What is asked for wrongly is answered with 400 and the name of the parameter; a parameter that is
not known is one of those, because a misspelt filter would otherwise return too many rows.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django import forms
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from weighting.api.errors import Refusal, Unprocessable
from weighting.api.parameters import check_body, check_parameters
from weighting.models import Account
from weighting.permissions import ANYONE, InAudience, audience
from weighting.visitors import visitor_of

MAX_ROWS = 1000
# The largest number that both databases hold.
LARGEST = 2**63 - 1
PAGING = ("limit", "offset")
PAGE = [OpenApiParameter(name, int) for name in PAGING]
JSON = JSONParser.media_type
WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
Handler = TypeVar("Handler", bound=Callable[..., Any])


def described(*parameters: OpenApiParameter, **said: Any) -> Callable[[Handler], Handler]:
    """Describe a method of an `Answer`; it takes the parameters and the body described, nothing else."""

    def declare(method: Handler) -> Handler:
        method.parameters = {parameter.name: parameter.type for parameter in parameters}  # type: ignore[attr-defined]
        method.body = _body_of(said.get("request"))  # type: ignore[attr-defined]
        described_method: Handler = extend_schema(parameters=list(parameters), **said)(method)
        return described_method

    return declare


class Answer(APIView):
    """What every address shares that is not a list of rows.

    ``roles`` are those who may ask; ``refused_as`` is how it tells what a service refuses.
    """

    permission_classes = [InAudience]
    roles = ANYONE
    refused_as: type[Refusal] = Unprocessable

    @classmethod
    def declared(cls) -> Callable[..., Any]:
        return audience(cls.roles)(cls.as_view())

    @property
    def account(self) -> Account | None:
        """The account that asks; experts and strangers have none and see what is published."""
        return visitor_of(self.request).account

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        handler = getattr(self, str(request.method).lower(), None)
        # What is no method of the address is refused for that.
        known = getattr(handler, "parameters", None)
        if known is not None:
            check_parameters(request, known, filled=[name for name in known if known[name] in (int, float)])
            body = handler.body  # type: ignore[union-attr]
            # Where none is taken, an empty form is no body: programs send it without meaning one.
            if request.method in WITH_BODY and (body or request.content_type == JSON):
                check_body(request, body)


class Pages(LimitOffsetPagination):
    """``?limit=`` (at most 1000, 100 when not given) and ``?offset=``."""

    max_limit: int = MAX_ROWS

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        bounds = {"limit": (1, self.max_limit), "offset": (0, LARGEST)}
        for parameter in parameters:
            least, most = bounds[parameter["name"]]
            parameter["schema"] |= {"minimum": least, "maximum": most}
        return parameters

    def get_limit(self, request: Request) -> int:
        default = self.default_limit or self.max_limit
        return read_whole_number(request, "limit", least=1, most=self.max_limit, default=default)

    def get_offset(self, request: Request) -> int:
        return read_whole_number(request, "offset", least=0, most=LARGEST, default=0)


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": LARGEST})
class IdFilter(filters.NumberFilter):
    """An id: a number, not a choice among objects, which would tell a hidden id from an unknown one."""

    field_class = forms.IntegerField

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name=field_name, min_value=0, max_value=LARGEST)


class Ordering(OrderingFilter):
    """``?ordering=`` by one or several fields, falling with a minus; equal rows in the order of their ids."""

    ordering_description = "Fields, joined by commas; a minus before one lets it fall."

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Say which fields there are."""
        (parameter,) = super().get_schema_operation_parameters(view)
        fields = "|".join(view.ordering_fields)  # type: ignore[attr-defined]
        return [parameter | {"schema": {"type": "string", "pattern": f"^-?({fields})(,-?({fields}))*$"}}]

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> Sequence[str] | None:
        asked = request.query_params.get(self.ordering_param)
        if asked is None:
            return None
        known = [name for name, _label in self.get_valid_fields(queryset, view)]
        fields = [field.strip() for field in asked.split(",")]
        wrong = [field for field in fields if field.removeprefix("-") not in known]
        if wrong:
            message = _("Cannot order by “%(field)s”. Known: %(known)s.")
            said = [message % {"field": field, "known": _(", ").join(known)} for field in wrong]
            raise ValidationError({self.ordering_param: said})
        return [*fields, "pk"]


class Resource(ReadOnlyModelViewSet):
    """A list and its entries; a subclass gives the rows that the visitor may see."""

    permission_classes = [InAudience]
    pagination_class = Pages
    filter_backends = [filters.DjangoFilterBackend, Ordering]
    ordering_fields: Sequence[str] = ["id"]
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

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        """Of what the database orders the ids first: all columns of all rows would be carried along."""
        if not isinstance(queryset, QuerySet):
            return super().paginate_queryset(queryset) or []
        page = super().paginate_queryset(queryset.values_list("pk", flat=True)) or []
        rows = queryset.order_by().in_bulk(page)
        return [rows[pk] for pk in page if pk in rows]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action == "list":
            own = getattr(self, "filterset_class", None)
            found = own.base_filters if own else {}
            filled = [name for name in found if not isinstance(found[name], filters.CharFilter)]
            check_parameters(request, [*PAGING, Ordering.ordering_param, *found], filled=filled)
        elif self.action == "retrieve":
            check_parameters(request, [])


def _body_of(request: Any) -> type[Serializer] | None:
    """Return the one serializer of a body, whatever the media type."""
    body: type[Serializer] | None = next(iter(request.values())) if isinstance(request, dict) else request
    return body


def read_whole_number(request: Request, name: str, *, least: int, most: int, default: int) -> int:
    """Return the number that a parameter of the address names, or refuse it with its bounds."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and least <= int(text) <= most):
        message = _("Give a whole number from %(least)s to %(most)s instead of “%(value)s”.")
        raise ValidationError({name: [message % {"least": least, "most": most, "value": text}]})
    return int(text)


class UnknownAddress(APIView):
    """Answers for every address under the API that is none, in JSON."""

    permission_classes = [InAudience]

    @extend_schema(exclude=True)
    def get(self, request: Request, address: str) -> Response:
        raise Http404

    # What is sent to no address is not found either, rather than not allowed.
    post = put = patch = delete = get
