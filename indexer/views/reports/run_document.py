"""The report of a run as a document: to read, as PDF, and where its chapters are chosen and written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from indexer.forms.reports import OutlineForm, ParagraphForm
from indexer.models import Run
from indexer.selectors.reports import (
    Outline,
    has_no_report,
    outline_of,
    paragraph_of,
    paragraphs_of,
    reports_to_begin_with,
    words_in_report,
)
from indexer.services.reports import choose_chapters, take_over_report, write_paragraph
from indexer.views.reports.chapters.registry import CHAPTERS
from indexer.views.reports.document import OWN_NAMES, Document, language, write_document
from indexer.views.reports.material import Material
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import data_set_name, version_name
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import ANYONE, STAFF, audience
from weighting.requests import read_id
from weighting.views.answers import UNPROCESSABLE, answer_refusal
from weighting.views.files import document_answer
from weighting.visitors import account_of, visitor_of

CONFLICT = 409
MOST_OTHERS = 20


@audience(ANYONE)
@require_safe
def run_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the report of a run with the chapters chosen for it."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def run_document_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the same report as PDF, in the language of the page."""
    return pdf_of_report(finished_run(request, pk), visitor_of(request).account)


def pdf_of_report(run: Run, account: Account | None, chapters: Sequence[str] = ()) -> HttpResponse:
    """Return the PDF as an account may read it, with some chapters or those that were chosen."""
    return document_answer(report_of_run(run, account, chapters).as_data(), f"report-{run.pk}")


def report_of_run(run: Run, account: Account | None, chapters: Sequence[str] = ()) -> Document:
    """Write the report of a run in the active language, with some chapters or those that were chosen."""
    return write_document(
        Material(run, account),
        chapters or outline_of(run).chapters,
        words_in_report(run, language(), account),
        title=run.data_set.framework.name,
    )


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def run_document_chapters(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the chapters and their order; POST keeps the choice."""
    run, status = finished_run(request, pk), 200
    outline = outline_of(run)
    form = OutlineForm(chapters=outline.chapters, revision=outline.revision)
    if request.method == "POST":
        form = OutlineForm(request.POST, chapters=outline.chapters, revision=outline.revision)
        status = UNPROCESSABLE
        if form.is_valid():
            said = {"chapters": form.chosen, "revision": form.cleaned_data["revision"]}
            try:
                choose_chapters(run, actor=account_of(request), **said)
            except Refused as refusal:
                form, status = _knowing(form, outline), CONFLICT
                form.add_error(None, list(refusal.blockers))
            else:
                messages.success(request, _("The chapters are chosen."))
                return redirect("indexer:run-document", pk=run.pk)
    theirs = [str(CHAPTERS[code].title) for code in outline.chapters] if status == CONFLICT else []
    context = {
        **run_context(request, run, "run-report"),
        "form": form,
        "rows": _editor_rows(request, run, form),
        "theirs": theirs,
        "others": _others(run, account_of(request)),
        "title": _("The chapters of the report"),
        "cancel_url": reverse("indexer:run-document", args=[run.pk]),
    }
    return render(request, "indexer/reports/document_chapters.html", context, status=status)


@audience(STAFF)
@require_POST
def run_document_take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the report of a run with that of another."""
    run, account = finished_run(request, pk), account_of(request)
    other = reports_to_begin_with(run, account).filter(pk=read_id(request.POST.get("other", "")) or 0).first()
    back = reverse("indexer:run-document-chapters", args=[run.pk])
    try:
        if other is None:
            raise Refused(_("Choose a report to begin with."))
        take_over_report(run, other=other, actor=account)
    except Refused as refusal:
        return answer_refusal(request, refusal, back=back)
    messages.success(request, _("The chapters and words are taken over: read them against the new figures."))
    return redirect(back)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def chapter_words(request: HttpRequest, pk: int, section: str, back: str) -> HttpResponse:
    """Ask for one's own words in a chapter; POST keeps them, in the language of the page."""
    run = finished_run(request, pk)
    if section not in CHAPTERS:
        raise Http404
    kept = paragraph_of(run, section, language())
    text, revision = (kept.text, kept.revision) if kept else ("", 0)
    form, status, theirs = ParagraphForm(initial={"text": text, "revision": revision}), 200, ""
    back_url = reverse(f"indexer:{back}", args=[run.pk])
    if request.method == "POST":
        form, status = ParagraphForm(request.POST), UNPROCESSABLE
        if form.is_valid():
            said = {"section": section, "language": language(), **form.cleaned_data}
            try:
                write_paragraph(run, actor=account_of(request), **said)
            except Refused as refusal:
                # Sent again, these words replace the others knowingly.
                form = ParagraphForm({"text": said["text"], "revision": revision})
                form.add_error("text", list(refusal.blockers))
                status, theirs = CONFLICT, text
            else:
                messages.success(request, _("Your words are in the report."))
                return redirect(f"{back_url}#{section}")
    context = {
        "run": run,
        "form": form,
        "section": CHAPTERS[section].title,
        "theirs": theirs,
        "data_set_name": data_set_name(run.data_set),
        "cancel_url": back_url,
    }
    return render(request, "indexer/reports/chapter_words.html", context, status=status)


@dataclass(frozen=True)
class EditorRow:
    """A chapter in the editor: its fields, what would fill it, and what is written in it."""

    code: str
    use: Any
    place: Any
    lack: str
    own: str
    languages: str


def _editor_rows(request: HttpRequest, run: Run, form: OutlineForm) -> list[EditorRow]:
    material, written = Material(run, visitor_of(request).account), paragraphs_of(run)
    rows = []
    for code, use, place in form.rows():
        of_chapter = {one.language: one.text for one in written if one.section == code and one.text}
        own = of_chapter.get(language(), "")
        lack = CHAPTERS[code].lack(material)
        rows.append(
            EditorRow(code, use, place, lack, own, _(", ").join(OWN_NAMES[one] for one in of_chapter))
        )
    return rows


def _others(run: Run, account: Account) -> list[tuple[int, str]]:
    """Return the reports that an untouched one can begin with."""
    if not has_no_report(run):
        return []
    others = reports_to_begin_with(run, account)[:MOST_OTHERS]
    return [(one.pk, f"{data_set_name(one.data_set)} · {version_name(one)}") for one in others]


def _knowing(form: OutlineForm, outline: Outline) -> OutlineForm:
    """Return the same choice as of the state that is now kept: sent again, it replaces that knowingly."""
    sent = {**dict(form.data.items()), "revision": outline.revision}
    return OutlineForm(sent, chapters=outline.chapters, revision=outline.revision)


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    context = {
        **run_context(request, run, "run-report"),
        "document": report_of_run(run, visitor_of(request).account),
        "pdf_url": reverse("indexer:run-document-pdf", args=[run.pk]),
        "words_page": "indexer:run-document-words",
    }
    return render(request, "indexer/reports/run_document.html", context)
