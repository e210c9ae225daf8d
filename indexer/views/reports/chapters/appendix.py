"""Whole tables: every unit, and every indicator with its weight and its source."""

from collections.abc import Iterator

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import Material
from indexer.views.reports.parts import Part, PartTable
from indexer.views.reports.ranking_tables import ranking_table
from indexer.views.shared.coherence_words import percent

# Some forty pages. What is left out is said, and is in the package.
MOST_UNITS, MOST_INDICATORS = 2_000, 1_000
INDENT = "\u2003"


class Appendix(Chapter):
    code = ReportChapter.APPENDIX

    def write(self, material: Material) -> Part:
        words = {"units": material.units}
        every_unit = ranking_table(material, _("All %(units)s by rank") % words, MOST_UNITS)
        return Part(
            self.title,
            sentences=list(_left_out(material)),
            tables=[every_unit, _every_indicator(material)],
        )


def _left_out(material: Material) -> Iterator[str]:
    if (count := len(material.cities)) > MOST_UNITS:
        words = {"shown": MOST_UNITS, "count": count, "units": material.units}
        yield (
            _("The first %(shown)s of %(count)s %(units)s are shown; the package of the run has all.") % words
        )
    if (count := len(material.ranking.nodes)) > MOST_INDICATORS:
        words = {"shown": MOST_INDICATORS, "count": count}
        yield (
            _("The first %(shown)s of %(count)s indicators are shown; the package of the run has all.")
            % words
        )
    if material.hidden:
        names = [node.name for node in material.subject.nodes if node.code in material.hidden]
        yield _("Scores that tell values which may not be given away are left out: %(names)s.") % {
            "names": _(", ").join(names)
        }


def _every_indicator(material: Material) -> PartTable:
    rows = []
    for node in material.ranking.nodes[:MOST_INDICATORS]:
        one, own = node.indicator, material.terms.get(node.indicator.code)
        rows.append(
            [
                INDENT * (one.depth - 1) + one.name,
                one.unit_label if one.unit else "",
                (own.source if own else "") or one.source,
                _("lower is better") if one.is_leaf and one.direction < 0 else "",
                percent(node.global_weight, 2),
            ]
        )
    head = [_("Indicator"), capfirst(_("unit")), _("Source"), _("Direction"), _("Weight in the whole")]
    return PartTable(_("All indicators and their weights"), head, rows, left=4)
