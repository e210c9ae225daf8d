"""Answers that are saved: tables and pictures."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils.http import urlencode
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from weighting.confined import Broke, TookTooLong
from weighting.desk import desk, made_once
from weighting.drawing import LOOKS, PICTURES, Spec, draw, picture_source
from weighting.exports import (
    FORMATS,
    Fact,
    Heading,
    NotInstalled,
    Table,
    as_written,
    is_installed,
    table_bytes,
)
from weighting.turnstiles import NoRoom
from weighting.typesetting import document_source, typeset

# Of these many cells and more, a workbook takes long enough to make that it waits its turn.
LARGE_TABLE = 2_000
SECONDS_TO_WAIT = 3
SPEC = "json"
# A file of more rows is sent piece by piece: its first bytes come at once, and no memory holds it whole.
MOST_AT_ONCE = 5_000


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
    *,
    at_once: int | None = None,
) -> HttpResponse:
    """Return a table to save as ``name`` and the ending of its format; 404 for an unknown format.

    One of more rows than ``at_once`` is sent while they are made; these are fewer where a row takes long.
    """
    if format not in FORMATS:
        raise Http404
    coming = iter(rows)
    most = MOST_AT_ONCE if at_once is None else at_once
    first = list(islice(coming, most + 1))
    if len(first) > most and not FORMATS[format].comes_whole:
        streamed: Any = streamed_answer(format, name, columns, chain(first, coming), provenance)
        return streamed
    try:
        content = _table_content(format, Table(columns, [*first, *coming], provenance))
    except NotInstalled:
        said = _("This installation writes no Parquet: install requirements-parquet.txt, or save as CSV.")
        return HttpResponse(said, status=501, content_type="text/plain; charset=utf-8")
    except NoRoom:
        return _full()
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    return HttpResponse(content, content_type=FORMATS[format].content_type, headers=headers)


def streamed_answer(
    format: str,
    name: str,
    columns: Sequence[Heading],
    rows: Iterable[Sequence[object]],
    provenance: Sequence[Fact] = (),
) -> StreamingHttpResponse:
    """Return a long table whose rows are read while it is sent: it needs no memory for all of them."""
    kind = FORMATS[format]
    pieces = _in_language(kind.pieces(columns, rows, provenance), get_language())
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    return StreamingHttpResponse(pieces, content_type=kind.content_type, headers=headers)


def _in_language(pieces: Iterator[bytes], language: str | None) -> Iterator[bytes]:
    """Make each piece in the language of the request, which is over by then."""
    while True:
        with override(language):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def made_answer(parts: bytes, make: Callable[[], bytes], name: str, content_type: str) -> HttpResponse:
    """Return a large file to save as ``name``, made once for all that it depends on."""
    try:
        content = made_once(parts, make, "file", name)
    except NoRoom:
        return _full()
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _table_content(format: str, table: Table) -> bytes:
    """Write a table; a large one in a slow format waits its turn, and that of a finished run is kept."""
    if not FORMATS[format].is_slow or len(table.rows) * len(table.columns) < LARGE_TABLE:
        return table_bytes(format, table)
    if any(fact.name == "data_sha256" for fact in table.provenance):
        return made_once(as_written(table), lambda: table_bytes(format, table), "table", format)
    with desk.turn():
        return table_bytes(format, table)


def picture_answer(request: HttpRequest, spec: Spec | None, format: str) -> HttpResponse:
    """Return a figure as a picture that stands alone; 404 for no figure or an unknown format.

    As ``json`` it is what the picture is drawn from, which a page draws once it stands. Of an SVG a page may
    ask by ``?look=`` for one of `LOOKS`.
    """
    if spec is None or format not in (SPEC, *PICTURES):
        raise Http404
    if format == SPEC:
        return JsonResponse(spec)
    asked = request.GET.get("look", "")
    look = asked if format == "svg" and asked in LOOKS else ""
    source = picture_source(spec, get_language() or "en", look)
    try:
        content = made_once(source, lambda: draw(source, format), "picture", format)
    except NoRoom:
        return _full()
    except (TookTooLong, Broke):
        said = _("This picture could not be drawn within the limits. The table holds the same numbers.")
        return HttpResponse(said, status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(content, content_type=PICTURES[format])


def document_answer(document: dict[str, Any], name: str) -> HttpResponse:
    """Return a document to save as PDF; it and its pictures are made outside this process, once, and kept."""
    try:
        content = document_pdf(document)
    except NoRoom:
        return _full()
    except (TookTooLong, Broke):
        said = _("This document could not be set within the limits. The page holds the same words.")
        return HttpResponse(said, status=503, content_type="text/plain; charset=utf-8")
    return _saved(content, f"{name}.pdf", "application/pdf")


def archive_answer(make: Callable[[], bytes], name: str) -> HttpResponse:
    """Return a ZIP of files, among them pictures and documents that are made outside this process."""
    try:
        content = make()
    except NoRoom:
        return _full()
    except (TookTooLong, Broke):
        said = _("This document could not be set within the limits. The page holds the same words.")
        return HttpResponse(said, status=503, content_type="text/plain; charset=utf-8")
    return _saved(content, f"{name}.zip", "application/zip")


def archive_in_pieces(pieces: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """Return a ZIP that is made while it is sent."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
    spoken = _in_language(pieces, get_language())
    return StreamingHttpResponse(spoken, content_type="application/zip", headers=headers)


def document_pdf(document: dict[str, Any]) -> bytes:
    """Set a document as PDF; raises `NoRoom`, `TookTooLong` or `Broke` where that is not done."""
    source = document_source({**document, "parts": [_drawn(part) for part in document["parts"]]})
    return made_once(source, lambda: typeset(source), "document")


def _drawn(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a document with its pictures as SVG, in the language of the page."""
    lang = get_language() or "en"
    drawn = [
        {"svg": drawn_picture(picture["spec"], lang).decode(), "alt": picture["alt"]}
        for picture in part["pictures"]
    ]
    return {**part, "pictures": drawn}


def drawn_picture(spec: Spec, lang: str) -> bytes:
    """Draw a figure as SVG; raises `NoRoom`, `TookTooLong` or `Broke` where that is not done."""
    source = picture_source(spec, lang)
    return made_once(source, partial(draw, source, "svg"), "picture", "svg")


def _saved(content: bytes, filename: str, content_type: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _full() -> HttpResponse:
    """Ask for patience; a browser asks again by itself."""
    said = _("Many pictures and files are being made just now. This one is asked for again in a moment.")
    seconds = str(SECONDS_TO_WAIT)
    headers = {"Retry-After": seconds, "Refresh": seconds}
    return HttpResponse(said, status=503, content_type="text/plain; charset=utf-8", headers=headers)


def save_links(url: str) -> list[SaveLink]:
    """Return the links that save the table at ``url``, one for every format there is."""
    join = "&" if "?" in url else "?"
    return [
        SaveLink(kind.label, f"{url}{join}{urlencode({'format': format})}")
        for format, kind in FORMATS.items()
        if is_installed(format)
    ]
