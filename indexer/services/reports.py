"""The written report of a run: its chapters, people's own words in them, and the editions that carry it."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.models import EditionReport, IndexEdition, PublishedIndex, ReportOutline, ReportParagraph, Run
from indexer.selectors.reports import has_no_report, outline_of, paragraphs_of, report_now
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.services.audit import record_act


@transaction.atomic
def write_paragraph(
    run: Run, *, section: str, language: str, text: str, revision: int, actor: Account
) -> ReportParagraph:
    """Keep what somebody writes into a chapter; an empty text takes it out of the report again.

    The run's row is the lock: of two who write at once the later is refused, and sees the other's words.
    """
    _refuse_unknown([section])
    _lock(run)
    paragraph = ReportParagraph.objects.filter(run=run, section=section, language=language).first()
    paragraph = paragraph or ReportParagraph(run=run, section=section, language=language)
    if paragraph.revision != revision:
        raise Refused(_("Somebody changed this paragraph meanwhile: nothing was stored. Read theirs first."))
    paragraph.text, paragraph.revision, paragraph.written_by = text.strip(), revision + 1, actor
    paragraph.full_clean()
    paragraph.save()
    record_act(actor, "write_report", run, section=section, language=language)
    return paragraph


@transaction.atomic
def choose_chapters(run: Run, *, chapters: Sequence[str], revision: int, actor: Account) -> ReportOutline:
    """Keep which chapters the report of a run has, in their order.

    The run's row is the lock: of two who choose at once the later is refused, and sees the other's choice.
    """
    _refuse_unknown(chapters)
    if not chapters:
        raise Refused(_("A report has one chapter at least: choose some."))
    if len(set(chapters)) < len(chapters):
        raise Refused(_("A chapter stands here twice: name each once."))
    _lock(run)
    outline = ReportOutline.objects.filter(run=run).first() or ReportOutline(run=run)
    if outline.revision != revision:
        raise Refused(_("Somebody chose other chapters meanwhile: nothing was stored. Look at theirs first."))
    outline.chapters, outline.revision, outline.written_by = list(chapters), revision + 1, actor
    outline.full_clean()
    outline.save()
    record_act(actor, "choose_chapters", run, chapters=outline.chapters)
    return outline


@transaction.atomic
def take_over_report(run: Run, *, other: Run, actor: Account) -> None:
    """Begin the report of a run with the chapters and words of another's, such as that of the year before.

    It is refused where anything was chosen or written already: nobody's words are lost.
    """
    _lock(run)
    if not has_no_report(run):
        raise Refused(_("Something is chosen or written in this report already: nothing was taken over."))
    chapters = list(outline_of(other).chapters)
    ReportOutline.objects.create(run=run, chapters=chapters, revision=1, written_by=actor)
    ReportParagraph.objects.bulk_create(
        ReportParagraph(
            run=run,
            section=one.section,
            language=one.language,
            text=one.text,
            revision=1,
            written_by=actor,
        )
        for one in paragraphs_of(other)
        if one.text
    )
    record_act(actor, "take_over_report", run, other=other.pk)


@transaction.atomic
def give_report(edition: IndexEdition, *, actor: Account) -> EditionReport:
    """Let an edition carry the report of its run, with chapters and words as they are now."""
    index = PublishedIndex.objects.select_for_update().get(pk=edition.index_id)
    _lock(edition.run)
    said = report_now(edition)
    report, _is_new = EditionReport.objects.update_or_create(
        edition=edition, defaults={**said, "given_by": actor}
    )
    record_act(actor, "give_report", index, number=edition.number, chapters=said["chapters"])
    return report


@transaction.atomic
def withdraw_report(edition: IndexEdition, *, actor: Account) -> None:
    """Take the report from an edition; what was read stays read."""
    index = PublishedIndex.objects.select_for_update().get(pk=edition.index_id)
    EditionReport.objects.filter(edition=edition).delete()
    record_act(actor, "withdraw_report", index, number=edition.number)


def _lock(run: Run) -> None:
    Run.objects.select_for_update(no_key=True).only("pk").get(pk=run.pk)


def _refuse_unknown(chapters: Sequence[str]) -> None:
    unknown = [code for code in chapters if code not in ReportChapter.values]
    if unknown:
        words = {"codes": _(", ").join(unknown), "known": _(", ").join(ReportChapter.values)}
        raise Refused(_("There is no such chapter: %(codes)s. Known: %(known)s.") % words)
