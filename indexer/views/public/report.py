"""The report that a published edition carries: as strangers read it, as PDF, and where its owner gives it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from indexer.answers import answer_published
from indexer.models import EditionReport, IndexEdition, Run
from indexer.selectors.reports import outline_of, paragraphs_of, report_now, report_of_edition
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.selectors.series import series_visible_to
from indexer.selectors.studies import finished_studies_of
from indexer.services.reports import give_report, withdraw_report
from indexer.views.public.addresses import Shelf, edition_or_404
from indexer.views.public.counting import count_visit, visits_of
from indexer.views.public.pages import in_language, named_by, strangers_page
from indexer.views.public.publishing import detail_url, owned_index
from indexer.views.reports.chapters.registry import CHAPTERS
from indexer.views.reports.document import OWN_NAMES, Document, language, write_document
from indexer.views.reports.material import Material
from weighting.permissions import ANYONE, MANAGERS, audience
from weighting.reauthentication import grave
from weighting.views.files import document_answer
from weighting.visitors import account_of


@audience(ANYONE)
@require_safe
def edition_report(request: HttpRequest, name: str, number: int | None = None) -> HttpResponse:
    """Show the report of the newest edition, or of the one asked for, as strangers read it."""
    edition, report = _carried(name, number)
    count_visit(request, edition)

    def page() -> HttpResponse:
        shelf = Shelf(name, number)
        context = {
            "document": edition_document(edition, report),
            "index": edition.index,
            "edition": edition,
            "index_url": shelf.index,
            "pdf_url": shelf.url("report-pdf"),
            **strangers_page(request),
        }
        return render(request, "indexer/public/report.html", context)

    named = _named(edition, report)
    return in_language(request, lambda: answer_published(request, named, page, seen=visits_of(edition)))


@audience(ANYONE)
@require_safe
def edition_report_pdf(request: HttpRequest, name: str, number: int | None = None) -> HttpResponse:
    """Answer with the same report as PDF."""
    edition, report = _carried(name, number)

    def file() -> HttpResponse:
        document = edition_document(edition, report)
        return document_answer(document.as_data(), f"{edition.index.slug}-{edition.number}")

    return in_language(request, lambda: answer_published(request, _named(edition, report), file))


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def publishing_report(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show what an edition would carry as its report; POST gives it that, or takes it away."""
    account, index = account_of(request), owned_index(request, pk)
    edition = get_object_or_404(index.editions.select_related("run__data_set"), number=number)
    if request.method == "POST":
        if request.POST.get("act") == "withdraw":
            withdraw_report(edition, actor=account)
            messages.success(request, _("The edition carries no report any more."))
        else:
            give_report(edition, actor=account)
            messages.success(request, _("The edition carries its report."))
        return redirect(detail_url(index, None))
    written = [one for one in paragraphs_of(edition.run) if one.text]
    context: dict[str, Any] = {
        "index": index,
        "edition": edition,
        "report": report_of_edition(edition),
        "chapters": [
            (CHAPTERS[code].title, [OWN_NAMES[one.language] for one in written if one.section == code])
            for code in outline_of(edition.run).chapters
        ],
        "document_url": reverse("indexer:run-document", args=[edition.run_id]),
        "preview_url": reverse("indexer:publishing-report-preview", args=[index.pk, number]),
        "back": detail_url(index, None),
    }
    return render(request, "indexer/public/publishing_report.html", context)


@audience(MANAGERS)
@require_safe
def publishing_report_preview(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show the report that an edition would carry, as strangers will read it once it is public."""
    account, index = account_of(request), owned_index(request, pk)
    edition = get_object_or_404(index.editions, number=number)
    run = get_object_or_404(runs_with_nodes_visible_to(account), pk=edition.run_id)
    context = {
        "document": _document(run, EditionReport(**report_now(edition)), index.name),
        "index": index,
        "edition": edition,
        "index_url": reverse("indexer:publishing-report", args=[index.pk, number]),
        "is_preview": True,
        "layout": "base.html",
    }
    return render(request, "indexer/public/report.html", context)


def edition_document(edition: IndexEdition, report: EditionReport) -> Document:
    """Write the report of a released edition as a stranger may read it, in the active language."""
    run = get_object_or_404(runs_with_nodes_visible_to(None), pk=edition.run_id)
    return _document(run, report, edition.index.name)


def _document(run: Run, report: EditionReport, title: str) -> Document:
    words = report.words.get(language(), {})
    return write_document(Material(run, None), report.chapters, words, title=title)


def _carried(name: str, number: int | None) -> tuple[IndexEdition, EditionReport]:
    edition = edition_or_404(name, number)
    report = report_of_edition(edition)
    if report is None:
        raise Http404
    return edition, report


def _named(edition: IndexEdition, report: EditionReport) -> list[str]:
    """Name all that a report depends on: also the studies and series that strangers may see."""
    studies = finished_studies_of(edition.run, None).values_list("pk", "result_sha256")
    series = series_visible_to(None).filter(register=edition.run.data_set.series.register_id)
    return [
        *named_by(edition),
        f"{report.given_at} {report.chapters} {report.words}",
        *(str(study) for study in studies),
        *(f"{one.pk} {one.name_zh} {one.name_en} {one.year} {one.unit} {one.total}" for one in series),
    ]
