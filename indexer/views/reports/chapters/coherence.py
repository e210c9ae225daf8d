"""Whether the members of each group go together."""

from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import MOST_GROUPS, Material
from indexer.views.reports.parts import Part, PartTable
from indexer.views.shared.coherence_words import findings_on_members, percent
from weighting.numeric.tree import NO_PARENT
from weighting.views.numbers import signed


class CoherenceChapter(Chapter):
    code = ReportChapter.COHERENCE

    def write(self, material: Material) -> Part:
        groups = material.coherence.scored.groups
        rows = []
        for group in groups[:MOST_GROUPS]:
            name = (
                _("Composite score")
                if group.parent == NO_PARENT
                else material.coherence.nodes[group.parent].name
            )
            rows.append(
                (
                    name,
                    str(len(group.members)),
                    signed(group.consistency.alpha, 2, plus=False),
                    percent(group.components.first_share, 0),
                    signed(group.mean, 2, plus=False),
                    signed(group.lowest, 2, plus=False),
                )
            )
        head = [
            _("Group"),
            _("Members"),
            _("Cronbach's alpha"),
            _("First component"),
            _("Mean correlation"),
            _("Lowest"),
        ]
        return Part(
            self.title,
            sentences=_cut(len(groups)),
            findings=material.findings(findings_on_members),
            tables=[PartTable(_("Groups of siblings"), head, rows)],
        )


def _cut(count: int) -> list[str]:
    if count <= MOST_GROUPS:
        return []
    return [_("The first %(shown)s of %(count)s groups are shown.") % {"shown": MOST_GROUPS, "count": count}]
