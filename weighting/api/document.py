"""/api/schema/: what the API answers, as OpenAPI."""

from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from weighting.api.parameters import check_parameters


class KeptDocument(SchemaGenerator):
    """Makes the document once for a language: it says the same to everybody, and takes a while to make."""

    def get_schema(self, request: Request | None = None, public: bool = False) -> dict[str, Any]:
        return document_in(get_language())


@lru_cache(maxsize=4)
def document_in(_language: str | None) -> dict[str, Any]:
    """Return the document in the language that is active; nothing of a request is known to it."""
    document: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return document


class SchemaDocument(SpectacularAPIView):
    """The document itself, as YAML or JSON."""

    generator_class = KeptDocument

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_parameters(request, ["format", "lang"])
