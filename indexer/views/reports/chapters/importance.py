"""Weights beside importance: whether each member does what its weight promises."""

from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.selectors.coherence import GroupView
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import Material
from indexer.views.reports.parts import Part, PartTable
from indexer.views.run.coherence import figure_of_group
from indexer.views.shared.coherence_words import (
    findings_on_importance,
    headline,
    is_far,
    percent,
    whole_name,
    widest_gap,
)


class Importance(Chapter):
    code = ReportChapter.IMPORTANCE

    def write(self, material: Material) -> Part:
        view = material.top
        rows = [
            (
                node.name,
                percent(view.weights[at]),
                percent(view.shares[at]),
                percent(view.variance[at]),
                _("yes") if is_far(view, at) else "",
            )
            for at, node in enumerate(view.members)
        ]
        head = [_("Indicator"), _("Weight"), _("Importance"), _("Part of the variance"), _("Far apart")]
        caption = _("Weight beside importance, “%(whole)s”") % {"whole": whole_name(view)}
        return Part(
            self.title,
            sentences=[
                _("%(finding)s.") % {"finding": headline(view)},
                *(_gap_within(each) for each in material.groups[1:]),
            ],
            findings=material.findings(findings_on_importance),
            tables=[PartTable(caption, head, rows)],
            figures=[figure_of_group(view)] if len(view.members) > 1 else [],
        )


def _gap_within(view: GroupView) -> str:
    return _("Within “%(whole)s”: %(gap)s.") % {"whole": whole_name(view), "gap": widest_gap(view)}
