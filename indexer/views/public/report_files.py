"""A written report in files: the page with its pictures and styles beside it, and the PDF."""

import io
import zipfile
from collections.abc import Iterator, Sequence

from django.http import HttpResponse
from django.template.loader import render_to_string

from indexer.models import Run
from indexer.views.public.copy_links import ASSETS, CopyLinks, read_asset
from indexer.views.reports.document import Document, language
from indexer.views.reports.run_document import report_of_run
from weighting.models import Account
from weighting.views.files import archive_answer, document_pdf, drawn_picture

PAGE, PDF = "report.html", "report.pdf"


def report_files(document: Document) -> Iterator[tuple[str, bytes]]:
    """Yield every file by its path, in the active language.

    Raises `NoRoom`, `TookTooLong` or `Broke` where a picture or the PDF could not be made.
    """
    figures = [figure for part in document.parts.values() for figure in part.figures]
    pictures = {figure.image_url: f"figures/{at}.svg" for at, figure in enumerate(figures, 1)}
    for figure in figures:
        if figure.spec:
            yield pictures[figure.image_url], drawn_picture(figure.spec, language())
    links = CopyLinks(pictures)
    page = render_to_string("indexer/reports/document_file.html", {"document": document})
    yield PAGE, links.rewrite(page, PAGE).encode()
    for name in sorted(links.assets):
        yield ASSETS + name, read_asset(name)
    yield PDF, document_pdf(document.as_data())


def zip_of_report(run: Run, account: Account | None, chapters: Sequence[str]) -> HttpResponse:
    """Return the files of the report of a run as an account may read it."""
    return archive_answer(lambda: _zipped(report_of_run(run, account, chapters)), f"report-{run.pk}")


def _zipped(document: Document) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in report_files(document):
            # Of one moment, so that the same report gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
