"""The written report of an audit: as a page, and as PDF."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.models import Run
from indexer.selectors.reports import words_in_report
from indexer.views.reports.chapters.registry import AUDIT
from indexer.views.reports.document import Document, language, write_parts
from indexer.views.reports.material import Material
from indexer.views.shared.coherence_words import headline
from indexer.views.shared.facts_lack import answer_lack_of_run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import data_set_name, version_name
from weighting.permissions import ANYONE, audience
from weighting.views.files import document_answer
from weighting.visitors import visitor_of


@audience(ANYONE)
@require_safe
def audit_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Write about whether the index of a run holds together, in the order of an audit."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def audit_report_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the same report as PDF, in the language of the page."""
    run = finished_run(request, pk)
    if lacking := answer_lack_of_run_facts(request, run, "run-report"):
        return lacking
    return document_answer(_document(request, run).as_data(), f"audit-{run.pk}")


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    if lacking := answer_lack_of_run_facts(request, run, "run-report"):
        return lacking
    document = _document(request, run)
    context = {
        **run_context(request, run, "run-report"),
        "title": document.title,
        "subtitle": document.subtitle,
        "parts": document.parts,
        "has_figures": any(part.figures for part in document.parts.values()),
        "pdf_url": reverse("indexer:run-audit-pdf", args=[run.pk]),
    }
    return render(request, "indexer/reports/audit_report.html", context)


def _document(request: HttpRequest, run: Run) -> Document:
    account = visitor_of(request).account
    material, words = Material(run, account), words_in_report(run, language(), account)
    return Document(
        run,
        title=headline(material.top),
        subtitle=_("Report of the audit under %(version)s") % {"version": version_name(run)},
        eyebrow=data_set_name(run.data_set),
        parts=write_parts(material, AUDIT, words, with_lacks=True),
    )
