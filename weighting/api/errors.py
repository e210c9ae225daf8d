"""Refusals of the API in one form, whoever refuses: `detail`, or what is wrong with each parameter."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from weighting.exceptions import Refused
from weighting.readers import FileProblems

API = "/api/"
BAD_REQUEST = 400
PLACE = ("file", "row", "column", "value", "message", "key")


class Unprocessable(APIException):
    """The request is well formed and cannot be done; ``blockers`` lists every reason."""

    status_code = 422

    def __init__(self, refusal: Refused) -> None:
        super().__init__({"blockers": list(refusal.blockers)})


class WrongFile(APIException):
    """The file cannot be read; ``problems`` lists every reason with its place, and what settles it."""

    status_code = 422

    def __init__(self, found: FileProblems, **reading: Any) -> None:
        super().__init__()
        problems: Any = [{name: getattr(problem, name) for name in PLACE} for problem in found.problems]
        self.detail = {"problems": problems, **reading}


def answer_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer as the framework does, with one list of complaints for each name however deep it lies.

    What a service refuses because somebody else was quicker is refused in the same form.
    """
    if isinstance(error, Refused):
        error = Unprocessable(error)
    answer = exception_handler(error, context)
    if answer is not None and answer.status_code == BAD_REQUEST:
        answer.data = _by_name(answer.data)
    return answer


def answer_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: in JSON under the API, where no view of its own could, and else as a page."""
    if request.path.startswith(API):
        return JsonResponse({"detail": _("Not found.")}, status=404)
    return page_not_found(request, exception if isinstance(exception, Http404) else Http404())


def _by_name(said: Any, name: str = "") -> dict[str, list[str]]:
    inner: list[tuple[Any, Any]]
    if isinstance(said, dict):
        inner = list(said.items())
    elif isinstance(said, list) and any(isinstance(part, (dict, list)) for part in said):
        inner = [(place, part) for place, part in enumerate(said) if part]
    else:
        return {name or "detail": [str(text) for text in said] if isinstance(said, list) else [str(said)]}
    found: dict[str, list[str]] = {}
    for key, part in inner:
        found |= _by_name(part, f"{name}.{key}" if name else str(key))
    return found
