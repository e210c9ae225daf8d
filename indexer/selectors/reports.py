"""The written report of a run: its chapters, and what people wrote, which staff read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from indexer.enums import ReportChapter
from indexer.models import EditionReport, IndexEdition, ReportOutline, ReportParagraph, Run
from indexer.selectors.runs import runs_visible_to
from weighting.models import Account
from weighting.permissions import STAFF, has_role

# The chapters of a report of which nobody chose any.
USUAL = (
    ReportChapter.METHOD,
    ReportChapter.TOTAL,
    ReportChapter.SUB_INDICES,
    ReportChapter.REGIONS,
    ReportChapter.GROUPS,
    ReportChapter.LEADS,
    ReportChapter.SERIES,
    ReportChapter.UNCERTAINTY,
    ReportChapter.APPENDIX,
)


@dataclass(frozen=True)
class Outline:
    """The chapters of a report in their order, and how often they were changed."""

    chapters: Sequence[str]
    revision: int


def outline_of(run: Run) -> Outline:
    """Return the chapters chosen for the report of a run, the usual ones where nobody chose."""
    kept = ReportOutline.objects.filter(run=run).first()
    return Outline(kept.chapters, kept.revision) if kept else Outline([str(code) for code in USUAL], 0)


def reads_words(account: Account | None) -> bool:
    """Whether an account reads what people write into reports of runs.

    Any analyst may write into any; strangers read of it what the owner of an index gives with an edition.
    """
    return has_role(account, STAFF)


def words_in_report(run: Run, language: str, account: Account | None) -> dict[str, str]:
    """Return what people wrote into the chapters in a language, by chapter, as an account may read it."""
    if not reads_words(account):
        return {}
    kept = ReportParagraph.objects.filter(run=run, language=language).exclude(text="")
    return dict(kept.order_by("section").values_list("section", "text"))


def paragraphs_of(run: Run) -> list[ReportParagraph]:
    """Return all that was written into the report of a run, by chapter and language."""
    return list(ReportParagraph.objects.filter(run=run).order_by("section", "language"))


def paragraph_of(run: Run, section: str, language: str) -> ReportParagraph | None:
    """Return what stands in one chapter, if anybody wrote anything."""
    return ReportParagraph.objects.filter(run=run, section=section, language=language).first()


def has_no_report(run: Run) -> bool:
    """Return whether nobody chose or wrote anything for the report of a run."""
    chosen, written = (rows.objects.filter(run=run) for rows in (ReportOutline, ReportParagraph))
    return not chosen.exists() and not written.exists()


def reports_to_begin_with(run: Run, account: Account | None) -> QuerySet[Run]:
    """Return the runs of the same framework or series that an account may see and that have a report."""
    alike = Q(data_set__framework=run.data_set.framework_id) | Q(data_set__series=run.data_set.series_id)
    has_report = Exists(ReportOutline.objects.filter(run=OuterRef("pk"))) | Exists(
        ReportParagraph.objects.filter(run=OuterRef("pk")).exclude(text="")
    )
    return runs_visible_to(account).filter(alike, has_report).exclude(pk=run.pk).order_by("-pk")


def report_now(edition: IndexEdition) -> dict[str, Any]:
    """Return what an edition would carry as its report: chapters, and words by language and chapter."""
    words: dict[str, dict[str, str]] = {}
    for paragraph in paragraphs_of(edition.run):
        if paragraph.text:
            words.setdefault(paragraph.language, {})[paragraph.section] = paragraph.text
    return {"chapters": list(outline_of(edition.run).chapters), "words": words}


def report_of_edition(edition: IndexEdition) -> EditionReport | None:
    """Return the report that an edition carries, if its owner gave it one."""
    return EditionReport.objects.filter(edition=edition.pk).first()


def editions_with_report(editions: Sequence[IndexEdition]) -> dict[int, datetime]:
    """Return when each of these editions that carries a report was given it, by the edition's key."""
    given = EditionReport.objects.filter(edition__in=[edition.pk for edition in editions])
    return dict(given.order_by("edition_id").values_list("edition_id", "given_at"))
