"""Answers that are saved: tables and pictures."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weighting.drawing import PICTURES, Spec, render
from weighting.exports import FORMATS, Fact, Heading, NotInstalled, Table, is_installed, table_bytes


class SaveLink(NamedTuple):
    """One kind of file to save, for components/_save_as.html."""

    label: str
    url: str


def asked_format(request: HttpRequest) -> str:
    """Return the kind of file that ``?format=`` asks for: CSV when it asks for none."""
    return request.GET.get("format", "csv")


def table_answer(
    format: str,
    name: str,
    columns: Sequence[Heading],
    rows: Iterable[Sequence[object]],
    provenance: Sequence[Fact] = (),
) -> HttpResponse:
    """Return a table to save as ``name`` and the ending of its format; 404 for an unknown format."""
    if format not in FORMATS:
        raise Http404
    try:
        content = table_bytes(format, Table(columns, rows, provenance))
    except NotInstalled:
        said = _("This installation writes no Parquet: install requirements-parquet.txt, or save as CSV.")
        return HttpResponse(said, status=501, content_type="text/plain; charset=utf-8")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    return HttpResponse(content, content_type=FORMATS[format].content_type, headers=headers)


def picture_answer(spec: Spec | None, format: str) -> HttpResponse:
    """Return a figure as a picture that stands alone; 404 for no figure or an unknown format."""
    if spec is None or format not in PICTURES:
        raise Http404
    content = render(spec, format, get_language() or "en")
    return HttpResponse(content, content_type=PICTURES[format])


def save_links(url: str) -> list[SaveLink]:
    """Return the links that save the table at ``url``, one for every format there is."""
    join = "&" if "?" in url else "?"
    return [
        SaveLink(kind.label, f"{url}{join}{urlencode({'format': format})}")
        for format, kind in FORMATS.items()
        if is_installed(format)
    ]
