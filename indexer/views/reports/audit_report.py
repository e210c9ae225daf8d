"""The written report of an audit: as a page, as PDF, and with an analyst's own words."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from indexer.forms.report_paragraphs import ParagraphForm
from indexer.models import Run
from indexer.selectors.coherence import coherence_of
from indexer.selectors.report_paragraphs import paragraph_of, paragraphs_of
from indexer.services.report_paragraphs import write_paragraph
from indexer.views.reports.audit_sections import AuditReport, Part, section_names
from indexer.views.shared.coherence_words import headline
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.words import provenance_of
from indexer.words import data_set_name, version_name
from weighting.exceptions import Refused
from weighting.permissions import ANYONE, STAFF, audience
from weighting.views.answers import UNPROCESSABLE
from weighting.views.files import document_answer
from weighting.visitors import account_of, visitor_of

CONFLICT = 409


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
    title, parts = _written(request, run)
    document = {
        "lang": "zh" if _language().startswith("zh") else "en",
        "title": title,
        "subtitle": _subtitle(run),
        "eyebrow": data_set_name(run.data_set),
        "source": f"{data_set_name(run.data_set)} · {version_name(run)}",
        "parts": [_as_data(part) for part in parts.values()],
        "origin_title": _("How this was computed"),
        "origin": [{"label": label, "value": str(value)} for label, value in provenance_of(run)],
    }
    return document_answer(document, f"audit-{run.pk}")


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def audit_paragraph(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """Ask for one's own words in a section; POST keeps them, in the language of the page."""
    run, names = finished_run(request, pk), section_names()
    if section not in names:
        raise Http404
    kept = paragraph_of(run, section, _language())
    text, revision = (kept.text, kept.revision) if kept else ("", 0)
    form, status, theirs = ParagraphForm(initial={"text": text, "revision": revision}), 200, ""
    if request.method == "POST":
        form, status = ParagraphForm(request.POST), UNPROCESSABLE
        if form.is_valid():
            said = {"section": section, "language": _language(), **form.cleaned_data}
            try:
                write_paragraph(run, actor=account_of(request), **said)
            except Refused as refusal:
                # Sent again, these words replace the others knowingly.
                form = ParagraphForm({"text": said["text"], "revision": revision})
                form.add_error("text", list(refusal.blockers))
                status, theirs = CONFLICT, text
            else:
                messages.success(request, _("Your words are in the report."))
                return redirect(f"{reverse('indexer:run-audit-report', args=[run.pk])}#{section}")
    context = {
        "run": run,
        "form": form,
        "section": names[section],
        "theirs": theirs,
        "data_set_name": data_set_name(run.data_set),
        "cancel_url": reverse("indexer:run-audit-report", args=[run.pk]),
    }
    return render(request, "indexer/reports/audit_paragraph.html", context, status=status)


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    title, parts = _written(request, run)
    context = {
        **run_context(request, run, "run-report"),
        "title": title,
        "subtitle": _subtitle(run),
        "parts": parts,
        "has_figures": any(part.figures for part in parts.values()),
        "pdf_url": reverse("indexer:run-audit-pdf", args=[run.pk]),
    }
    return render(request, "indexer/reports/audit_report.html", context)


def _written(request: HttpRequest, run: Run) -> tuple[str, dict[str, Part]]:
    """Return the headline and the sections, with what analysts wrote into them."""
    report = AuditReport(coherence_of(run), visitor_of(request).account)
    own = paragraphs_of(run, _language())
    parts = {
        name: replace(part, own=_paragraphs(own[name].text) if name in own else [])
        for name, part in report.parts.items()
    }
    return headline(report.top), parts


def _paragraphs(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n\n")
    return [" ".join(line.split("\n")).strip() for line in lines if line.strip()]


def _as_data(part: Part) -> dict[str, Any]:
    return {
        "title": part.title,
        "sentences": list(part.sentences),
        "findings": [
            {"text": found.text, "advice": found.advice, "grave": found.is_grave} for found in part.findings
        ],
        "tables": [
            {
                "caption": table.caption,
                "head": list(table.head),
                "rows": [list(row) for row in table.rows],
                "widths": table.widths,
            }
            for table in part.tables
        ],
        "pictures": [{"spec": figure.spec, "alt": figure.title} for figure in part.figures if figure.spec],
        "own": part.own,
    }


def _subtitle(run: Run) -> str:
    return _("Report of the audit under %(version)s") % {"version": version_name(run)}


def _language() -> str:
    return get_language() or "en"
