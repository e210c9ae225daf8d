"""Everything of a finished run to take along, as one file."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.answers import answer_file
from indexer.models import Run
from indexer.packages.archive import is_large, package_of, state_of, workbook_of_run
from indexer.selectors.published import may_take_all
from indexer.views.shared.run_pages import finished_run
from weighting.exports import XLSX
from weighting.permissions import ANYONE, audience
from weighting.views.files import SaveLink, made_answer
from weighting.visitors import visitor_of

KINDS: dict[str, tuple[str, Callable[[Run], bytes]]] = {
    "zip": ("application/zip", package_of),
    "xlsx": (XLSX, workbook_of_run),
}


@audience(ANYONE)
@require_safe
def run_package(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with all tables of a run and what they were made from; ``?format=xlsx`` for a workbook."""
    run = finished_run(request, pk)
    format = request.GET.get("format", "zip")
    if format not in KINDS or not may_take_all(visitor_of(request).account, run):
        raise Http404
    if is_large(run):
        command = f"manage.py export_package {run.pk} --out package.{format}"
        said = _("This ranking is too large to pack while you wait. Ask whoever runs the server for: %s")
        return HttpResponse(said % command, status=413, content_type="text/plain; charset=utf-8")
    # What is said of an index may be reworded, and a study may come, while the run stays as it is.
    state = state_of(run)
    return answer_file(request, run, lambda: _file(run, format, state), state)


def package_links(request: HttpRequest, run: Run) -> list[SaveLink]:
    """Return the links that save everything of a run; none for whoever may not have it."""
    if not may_take_all(visitor_of(request).account, run):
        return []
    address = reverse("indexer:run-package", args=[run.pk])
    return [SaveLink("ZIP", address), SaveLink("XLSX", f"{address}?format=xlsx")]


def _file(run: Run, format: str, state: str) -> HttpResponse:
    content_type, make = KINDS[format]
    return made_answer(state.encode(), lambda: make(run), f"package-{run.pk}.{format}", content_type)
