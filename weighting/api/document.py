"""/api/schema/: what the API answers, as OpenAPI."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from weighting.api.parameters import check_parameters


class SchemaDocument(SpectacularAPIView):
    """The document itself, as YAML or JSON."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_parameters(request, ["format", "lang"])
