"""What programs read of a published index: citations, a description for search engines, the site's map."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.answers import answer_published
from indexer.citations import CITATIONS, citation_of
from indexer.forms.published import LICENCES
from indexer.models import IndexEdition, Run
from indexer.packages.archive import is_large
from indexer.selectors.published import CURRENT_FIRST, find_edition, listed_editions
from indexer.selectors.reports import editions_with_report, report_of_edition
from indexer.views.public.addresses import Shelf, absolute
from weighting.exports import XLSX
from weighting.permissions import ANYONE, audience

# What could end a script element, or a line of one.
ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@audience(ANYONE)
@require_safe
def public_citation(request: HttpRequest, name: str, number: int, format: str) -> HttpResponse:
    """Answer with the citation of an edition as a file of a reference manager."""
    edition, kind = find_edition(name, number), CITATIONS.get(format)
    if edition is None or kind is None:
        raise Http404
    citation = citation_of(edition)
    filename = kind.name if "%" not in kind.name else kind.name % citation.key
    text = kind.write(citation)
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    answer = HttpResponse(text, content_type=kind.content_type, headers=headers)
    return answer_published(request, [text], lambda: answer)


@audience(ANYONE)
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the pages of all published indices, each in every language."""
    editions = list(listed_editions().order_by("index_id", *CURRENT_FIRST))
    reports = editions_with_report(editions)
    named = [f"{edition.pk} {edition.released_at} {reports.get(edition.pk, '')}" for edition in editions]
    return answer_published(request, named, lambda: _sitemap(request, editions, reports))


@audience(ANYONE)
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Lead search engines to the sitemap, and away from what answers every question anew."""
    closed = [f"Disallow: {path}" for path in (reverse("indexer:comparison"), "/api/")]
    lines = ["User-agent: *", *closed, f"Sitemap: {absolute(reverse('indexer:public-sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def _sitemap(
    request: HttpRequest, editions: list[IndexEdition], reports: dict[int, datetime]
) -> HttpResponse:
    pages: dict[str, str] = {absolute(reverse("home")): ""}
    seen: set[str] = set()
    for edition in editions:
        slug, day = edition.index.slug, f"{edition.released_at:%Y-%m-%d}"
        # The newest of the last year comes first, and is what stands under the name alone.
        shelves = [Shelf(slug), Shelf(slug, edition.number)][slug in seen :]
        seen.add(slug)
        pages |= {absolute(shelf.index): day for shelf in shelves}
        if given := reports.get(edition.pk):
            pages |= {absolute(shelf.url("report")): f"{given:%Y-%m-%d}" for shelf in shelves}
    context = {"pages": pages.items(), "languages": settings.LANGUAGES}
    return render(request, "indexer/public/sitemap.xml", context, content_type="application/xml")


def dataset_json(edition: IndexEdition, run: Run) -> SafeString:
    """Describe an edition for search engines (schema.org/Dataset), in the element that they look for."""
    index, citation = edition.index, citation_of(edition)
    said: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": index.name,
        "description": index.description,
        "url": citation.address,
        "version": str(edition.number),
        "datePublished": f"{citation.day:%Y-%m-%d}",
        "temporalCoverage": str(run.data_set.year),
        "isAccessibleForFree": True,
        "license": LICENCES[index.licence][1] if index.licence in LICENCES else index.licence,
        "identifier": f"https://doi.org/{index.doi}" if index.doi else citation.address,
        "creator": [
            *({"@type": "Person", "name": name} for name in citation.persons),
            *({"@type": "Organization", "name": name} for name in citation.institutions),
        ],
        "publisher": {"@type": "Organization", "name": index.publisher} if index.publisher else None,
        "citation": citation.text,
        "distribution": [
            {"@type": "DataDownload", "name": name, "encodingFormat": kind, "contentUrl": absolute(path)}
            for name, kind, path in _distributions(edition, run)
        ],
    }
    text = json.dumps({key: value for key, value in said.items() if value}, ensure_ascii=False)
    # Data, which no browser runs: the policy of scripts has nothing to say about it.
    element = f'<script type="application/ld+json">{text.translate(ESCAPES)}</script>'
    return mark_safe(element)  # noqa: S308  (what could end the element is escaped)


def _distributions(edition: IndexEdition, run: Run) -> Iterator[tuple[str, str, str]]:
    """Yield name, media type and path of every file that an edition is given away as."""
    package = reverse("indexer:run-package", args=[run.pk])
    # Larger ones are made by whoever runs the server, and have no address.
    if not is_large(run):
        yield _("Everything (ZIP)"), "application/zip", package
        yield _("Everything (workbook)"), XLSX, f"{package}?format=xlsx"
    yield _("Ranking (CSV)"), "text/csv", f"{reverse('indexer:run-export', args=[run.pk])}?format=csv"
    yield _("Ranking (JSON)"), "application/json", reverse("indexer:api-ranking", args=[run.pk])
    if edition.pk and report_of_edition(edition):
        yield (
            _("Report (PDF)"),
            "application/pdf",
            Shelf(edition.index.slug, edition.number).url("report-pdf"),
        )
