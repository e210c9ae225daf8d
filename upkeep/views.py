"""Pages for those who keep the installation running."""

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from upkeep.doctor.examination import examine, worst_of
from upkeep.doctor.finding import Level
from upkeep.metrics import metrics_text
from weighting.permissions import ADMINISTRATORS, ANYONE, audience
from weighting.visitors import visitor_of

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@audience(ADMINISTRATORS)
@require_safe
def examination(request: HttpRequest) -> HttpResponse:
    """What is wrong with the installation, and what to do."""
    parts = examine()
    words = {Level.FINE: _("Fine"), Level.LOOK: _("Look at this"), Level.WRONG: _("Wrong")}
    rows = [(part.name, finding, words[finding.level]) for part in parts for finding in part.findings]
    rows.sort(key=lambda row: list(reversed(Level)).index(row[1].level))
    return render(request, "upkeep/examination.html", {"rows": rows, "worst": worst_of(parts).name})


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
