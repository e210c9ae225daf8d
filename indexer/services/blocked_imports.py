"""What keeps a draft from being stored, said in words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.intake.assessment import Finding
from indexer.models import DataImport
from indexer.selectors.import_reviews import Review, review_of
from weighting.exceptions import Refused

MAX_BLOCKERS = 50


class ImportBlocked(Refused):
    """The draft cannot be stored yet; ``review`` says why."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.rules = {finding.rule for finding in review.blockers}
        found = [_blocker_words(finding) for finding in review.blockers[:MAX_BLOCKERS]]
        rest = len(review.blockers) - len(found)
        if rest:
            found.append(ngettext("%(count)d more", "%(count)d more", rest) % {"count": rest})
        super().__init__(*found)


def storable(draft: DataImport) -> Review:
    """Look through a draft that is to be stored; raises `ImportBlocked` with all blockers."""
    review = review_of(draft)
    if review.blockers:
        raise ImportBlocked(review)
    return review


def _blocker_words(finding: Finding) -> str:
    """Say a finding in one line, with its place."""
    parts = [
        _("row %(row)d") % {"row": finding.line} if finding.line else "",
        finding.unit,
        _("column “%(column)s”") % {"column": finding.column} if finding.column else "",
        _("value “%(value)s”") % {"value": finding.value[:60]} if finding.value else "",
    ]
    place = _(", ").join(filter(None, parts))
    return (
        _("%(place)s: %(message)s") % {"place": place, "message": finding.message}
        if place
        else finding.message
    )
