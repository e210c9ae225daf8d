"""What the installation is doing, for Prometheus."""

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from upkeep.metrics import metrics_text
from weighting.permissions import ADMINISTRATORS, ANYONE, audience
from weighting.visitors import visitor_of

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@audience(ANYONE)
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What the installation is doing, for Prometheus with its token and for administrators."""
    if not _bears_token(request) and visitor_of(request).role not in ADMINISTRATORS:
        raise Http404
    return HttpResponse(metrics_text(), content_type=METRICS_TYPE)


def _bears_token(request: HttpRequest) -> bool:
    """Whether a request shows the token of the settings; without one, nobody does."""
    scheme, _space, shown = request.headers.get("Authorization", "").partition(" ")
    token = settings.METRICS_TOKEN
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(shown.encode(), token.encode())
