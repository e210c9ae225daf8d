"""Refusals of the API in one form, whoever refuses: `detail`, or what is wrong with each parameter."""

from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from weighting.exceptions import Refused
from weighting.readers import FileProblems

API = "/api/"
BAD_REQUEST = 400
PLACE = ("file", "row", "column", "value", "message", "key")


class Refusal(APIException):
    """What a service refuses; ``blockers`` lists every reason."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__({"blockers": list(refusal.blockers)})


class Unprocessable(Refusal):
    """The request is well formed and cannot be done."""

    status_code = 422


class Conflict(Refusal):
    """The request is well formed and cannot be done as things stand."""

    status_code = 409


class WrongFile(APIException):
    """The file cannot be read; ``problems`` lists every reason with its place, and what settles it."""

    status_code = 422

    def __init__(self, found: FileProblems, **reading: Any) -> None:
        super().__init__()
        problems: Any = [{name: getattr(problem, name) for name in PLACE} for problem in found.problems]
        self.detail = {"problems": problems, **reading}


def check_form(form: BaseForm) -> None:
    """Raise with what is wrong with the values of a form, by parameter."""
    if not form.is_valid():
        raise ValidationError(wrong_in(form))


def wrong_in(form: BaseForm) -> dict[str, list[str]]:
    """Return what is wrong with the values of a form, by parameter."""
    return {name: [str(text) for text in texts] for name, texts in form.errors.items()}


def answer_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer as the framework does, with one list of complaints for each name however deep it lies.

    What a service refuses, be it because somebody else was quicker, is told as its address tells refusals
    (``refused_as`` of `Answer`).
    """
    if isinstance(error, FileProblems):
        error = WrongFile(error)
    elif isinstance(error, Refused):
        error = getattr(context.get("view"), "refused_as", Unprocessable)(error)
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
