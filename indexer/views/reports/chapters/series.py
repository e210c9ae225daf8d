"""The scores beside outside series."""

from collections.abc import Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.numeric.comparison.association import infer_correlation
from indexer.selectors.series import hold_against
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import MOST_FIGURES, Material
from indexer.views.reports.parts import Part, PartTable
from indexer.views.run.series_figures import figure_of_series, p_words
from weighting.drawing import Figure
from weighting.views.numbers import signed


class Series(Chapter):
    code = ReportChapter.SERIES

    def lack(self, material: Material) -> str:
        if material.series:
            return ""
        return _("No outside series was sent in for these %(units)s.") % {"units": material.units}

    def write(self, material: Material) -> Part:
        rows: list[Sequence[str]] = []
        figures: list[Figure] = []
        for series in material.series:
            held = hold_against(material.subject, series)
            found = held.overall
            if held.drawn.any() and len(figures) < MOST_FIGURES:
                figures.append(figure_of_series(held))
            inferred = infer_correlation(found.pearson, found.count)
            interval = _("%(low)s to %(high)s") % {
                "low": signed(inferred.low, 2, plus=False),
                "high": signed(inferred.high, 2, plus=False),
            }
            rows.append(
                (
                    f"{series.name} ({series.year})",
                    str(found.count),
                    signed(found.spearman, 3, plus=False),
                    signed(found.pearson, 3, plus=False),
                    interval,
                    p_words(inferred.p_value),
                )
            )
        head = [
            _("Series"),
            capfirst(material.units),
            _("Spearman"),
            _("Pearson"),
            _("Interval of 95 in 100"),
            "p",
        ]
        table = PartTable(_("The composite score beside each series"), head, rows)
        return Part(self.title, sentences=_cut(material), tables=[table], figures=figures)


def _cut(material: Material) -> list[str]:
    shown, count = len(material.series), material.series_count
    if shown == count:
        return []
    return [_("The first %(shown)s of %(count)s series are shown.") % {"shown": shown, "count": count}]
