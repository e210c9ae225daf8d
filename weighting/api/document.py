"""/api/schema/: what the API answers, as OpenAPI."""

from functools import cached_property, lru_cache
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from weighting.api.parameters import check_parameters


class Document(dict[str, Any]):
    """What the API answers, in one language."""

    @cached_property
    def as_yaml(self) -> bytes:
        """The document as YAML: to write it takes many times what any other page takes."""
        written: bytes = OpenApiYamlRenderer().render(dict(self))
        return written


class KeptDocument(SchemaGenerator):
    """Makes the document once for a language: it says the same to everybody, and takes a while to make."""

    def get_schema(self, request: Request | None = None, public: bool = False) -> dict[str, Any]:
        return document_in(get_language())


@lru_cache(maxsize=4)
def document_in(_language: str | None) -> Document:
    """Return the document in the language that is active; nothing of a request is known to it."""
    return Document(SchemaGenerator().get_schema(public=True))


class KeptYaml(OpenApiYamlRenderer):
    """Hands the document out as it was written first; what is wrong with a request is written each time."""

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        if isinstance(data, Document):
            return data.as_yaml
        written: bytes = super().render(data, accepted_media_type, renderer_context)
        return written


class KeptPlainYaml(KeptYaml):
    media_type = OpenApiYamlRenderer2.media_type


class SchemaDocument(SpectacularAPIView):
    """The document itself, as YAML or JSON."""

    generator_class = KeptDocument
    renderer_classes = [KeptYaml, KeptPlainYaml, OpenApiJsonRenderer, OpenApiJsonRenderer2]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_parameters(request, ["format", "lang"])
