"""What the audit found that asks for a decision."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.enums import ReportChapter
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import MOST_FINDINGS, Material
from indexer.views.reports.parts import Part
from indexer.views.shared.coherence_words import (
    findings_on_importance,
    findings_on_members,
    findings_on_values,
)


class Conclusions(Chapter):
    code = ReportChapter.CONCLUSIONS

    def write(self, material: Material) -> Part:
        everything = [findings_on_values, findings_on_members, findings_on_importance]
        grave = [found for find in everything for found in material.findings(find) if found.is_grave]
        words = {"count": len(grave)}
        said = (
            ngettext(
                "%(count)s finding asks for a decision.", "%(count)s findings ask for a decision.", len(grave)
            )
            % words
            if grave
            else _("No finding asks for a decision.")
        )
        return Part(self.title, sentences=[said, *(f.text for f in grave[:MOST_FINDINGS])])
