"""The data: what is missing, what stands out, and the most uneven indicators drawn."""

from dataclasses import replace
from itertools import islice

import numpy as np
from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.selectors.distributions import Distribution, distributions_of
from indexer.selectors.published import codes_given_raw
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import MOST_FIGURES, MOST_FINDINGS, Material
from indexer.views.reports.parts import Part, PartTable
from indexer.views.run.distribution import each_figure
from indexer.views.shared.coherence_words import findings_on_values, percent
from indexer.words import data_set_name
from weighting.drawing import Figure


class Data(Chapter):
    code = ReportChapter.DATA

    def write(self, material: Material) -> Part:
        scored, run = material.coherence.scored, material.coherence.run
        facts = scored.indicators
        words = {
            "data": data_set_name(run.data_set),
            "count": len(material.coherence.subject.cities),
            "units": material.units,
            "leaves": len(material.coherence.tree.leaves),
            "share": percent(scored.missing_share, 2),
        }
        scarce = [at for at in np.argsort(facts.available, kind="stable").tolist() if facts.available[at] < 1]
        leaves = material.coherence.tree.leaves
        rows = [
            (material.coherence.nodes[int(leaves[at])].name, percent(facts.available[at]))
            for at in scarce[:MOST_FINDINGS]
        ]
        table = PartTable(_("Indicators that lack values"), [_("Indicator"), _("Values there")], rows)
        return Part(
            self.title,
            sentences=[
                _("%(data)s: %(units)s %(count)s, indicators %(leaves)s, values missing %(share)s.") % words
            ],
            findings=material.findings(findings_on_values),
            tables=[table] if rows else [],
            figures=_skewed(material),
        )


def _skewed(material: Material) -> list[Figure]:
    """Draw the most uneven indicators: raw values where the reader may see them, else scores."""
    coherence = material.coherence
    given = codes_given_raw(material.account, coherence.run)
    skews = np.nan_to_num([abs(shape.skewness) for shape in coherence.scored.indicators.shapes])
    drawn: list[Figure] = []
    order = [coherence.nodes[int(coherence.tree.leaves[at])] for at in np.argsort(-skews, kind="stable")]
    told = [node for node in order if node.code not in material.hidden][:MOST_FIGURES]
    for found in distributions_of(coherence.subject, told):
        drawn += [_named_after(found, figure) for _of, figure in islice(each_figure(found, given), 1)]
    return drawn


def _named_after(found: Distribution, figure: Figure) -> Figure:
    """Name the indicator of a histogram, which its own page has above it."""
    return replace(figure, title=f"{found.node.name}: {figure.title}")
