"""What programs read of a published index: citations, a description for search engines, the site's map."""

import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from indexer.answers import answer_published
from indexer.citations import CITATIONS, address_of_edition, citation_of
from indexer.forms.published import LICENCES
from indexer.models import IndexEdition, Run
from indexer.selectors.published import find_edition, released_editions
from indexer.views.public.addresses import absolute
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
    editions = list(released_editions().order_by("index_id", "-number"))
    named = [f"{edition.pk} {edition.released_at}" for edition in editions]
    return answer_published(request, named, lambda: _sitemap(request, editions))


@audience(ANYONE)
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Lead search engines to the sitemap, and away from what answers every question anew."""
    closed = [f"Disallow: {path}" for path in (reverse("indexer:comparison"), "/api/")]
    lines = ["User-agent: *", *closed, f"Sitemap: {absolute(reverse('indexer:public-sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def _sitemap(request: HttpRequest, editions: list[IndexEdition]) -> HttpResponse:
    root = settings.PUBLIC_URL.rstrip("/")
    pages: dict[str, str] = {root + reverse("home"): ""}
    for edition in editions:
        day = f"{edition.released_at:%Y-%m-%d}"
        # The newest comes first, and is what stands under the name alone.
        pages.setdefault(root + reverse("indexer:public-index", args=[edition.index.slug]), day)
        pages[address_of_edition(edition)] = day
    context = {"pages": pages.items(), "languages": settings.LANGUAGES}
    return render(request, "indexer/public/sitemap.xml", context, content_type="application/xml")


def dataset_json(edition: IndexEdition, run: Run) -> SafeString:
    """Describe an edition for search engines (schema.org/Dataset), in the element that they look for."""
    index, citation = edition.index, citation_of(edition)
    root = settings.PUBLIC_URL.rstrip("/")
    export = f"{root}{reverse('indexer:run-export', args=[run.pk])}?format=csv"
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
        "creator": [{"@type": "Organization", "name": name} for name in citation.authors],
        "publisher": {"@type": "Organization", "name": index.publisher} if index.publisher else None,
        "citation": citation.text,
        "distribution": [{"@type": "DataDownload", "encodingFormat": "text/csv", "contentUrl": export}],
    }
    text = json.dumps({key: value for key, value in said.items() if value}, ensure_ascii=False)
    # Data, which no browser runs: the policy of scripts has nothing to say about it.
    element = f'<script type="application/ld+json">{text.translate(ESCAPES)}</script>'
    return mark_safe(element)  # noqa: S308  (what could end the element is escaped)
