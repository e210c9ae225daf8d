"""An analyst's own words in the report of an audit."""

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.models import ReportParagraph, Run
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.services.audit import record_act


@transaction.atomic
def write_paragraph(
    run: Run, *, section: str, language: str, text: str, revision: int, actor: Account
) -> ReportParagraph:
    """Keep what somebody writes into a section; an empty text takes it out of the report again.

    The run's row is the lock: of two who write at once the later is refused, and sees the other's words.
    """
    Run.objects.select_for_update(no_key=True).only("pk").get(pk=run.pk)
    paragraph = ReportParagraph.objects.filter(run=run, section=section, language=language).first()
    paragraph = paragraph or ReportParagraph(run=run, section=section, language=language)
    if paragraph.revision != revision:
        raise Refused(_("Somebody changed this paragraph meanwhile: nothing was stored. Read theirs first."))
    paragraph.text, paragraph.revision, paragraph.written_by = text.strip(), revision + 1, actor
    paragraph.full_clean()
    paragraph.save()
    record_act(actor, "write_report", run, section=section, language=language)
    return paragraph
