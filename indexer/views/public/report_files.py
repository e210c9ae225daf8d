"""A written report in files: the page with its pictures and styles beside it, and the PDF."""

from collections.abc import Iterator

from django.template.loader import render_to_string

from indexer.views.public.copy_links import ASSETS, CopyLinks, read_asset
from indexer.views.reports.document import Document, language
from weighting.drawing import draw, picture_source
from weighting.views.files import document_pdf

PAGE, PDF = "report.html", "report.pdf"


def report_files(document: Document) -> Iterator[tuple[str, bytes]]:
    """Yield every file by its path, in the active language.

    Raises `NoRoom`, `TookTooLong` or `Broke` where a picture or the PDF could not be made.
    """
    figures = [figure for part in document.parts.values() for figure in part.figures]
    pictures = {figure.image_url: f"figures/{at}.svg" for at, figure in enumerate(figures, 1)}
    for figure in figures:
        if figure.spec:
            yield pictures[figure.image_url], draw(picture_source(figure.spec, language()), "svg")
    links = CopyLinks(pictures)
    page = render_to_string("indexer/reports/document_file.html", {"document": document})
    yield PAGE, links.rewrite(page, PAGE).encode()
    for name in sorted(links.assets):
        yield ASSETS + name, read_asset(name)
    yield PDF, document_pdf(document.as_data())
