"""What a visitor is told while the database does not answer: try again, nothing was half done."""

import sys

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.defaults import server_error

# The database is away, starting, full or locked for longer than anybody waits.
OUTAGES = (OperationalError, InterfaceError)
# The class of PostgreSQL's own failures, such as a log that it cannot write.
OWN_FAILURE = "XX"
RETRY_AFTER_SECONDS = 5


@never_cache
def answer_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 when the database failed, and 500 for every other error; ask the database nothing."""
    if not _is_outage(sys.exc_info()[1]):
        return server_error(request)
    response = _say_so(request)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _is_outage(error: BaseException | None) -> bool:
    if isinstance(error, InternalError):
        return str(getattr(error.__cause__, "sqlstate", "")).startswith(OWN_FAILURE)
    return isinstance(error, OUTAGES)


def _say_so(request: HttpRequest) -> HttpResponse:
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        detail = _("The database does not answer at the moment: nothing was stored. Please try again.")
        return JsonResponse({"state": "unavailable", "detail": detail}, status=503)
    return HttpResponse(render_to_string("503.html"), status=503)
