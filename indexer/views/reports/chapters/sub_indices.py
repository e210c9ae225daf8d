"""Who leads in each sub-index, and its first units."""

import numpy as np
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import Material
from indexer.views.reports.parts import Part, PartTable
from indexer.views.reports.ranking_tables import DIGITS, no_scores
from indexer.views.reports.run_words import sub_leaders
from indexer.words import score_unit
from weighting.models import Indicator
from weighting.views.numbers import signed

ROWS, MOST = 10, 12


class SubIndices(Chapter):
    code = ReportChapter.SUB_INDICES

    def lack(self, material: Material) -> str:
        if len(material.sub_indices) < 2:
            return _(
                "The index has fewer than two sub-indices to tell of: a framework with several fills this."
            )
        return no_scores(material)

    def write(self, material: Material) -> Part:
        nodes = material.sub_indices
        said = [sub_leaders(material.subject)]
        if len(nodes) > MOST:
            words = {"shown": MOST, "count": len(nodes)}
            said.append(_("The first %(shown)s of %(count)s sub-indices have a table here.") % words)
        return Part(
            self.title,
            sentences=[sentence for sentence in said if sentence],
            tables=[_first_in(material, node) for node in nodes[:MOST]],
        )


def _first_in(material: Material, node: Indicator) -> PartTable:
    seen = material.subject.on(node)
    digits = material.run.method.digits_or(DIGITS)
    order = np.lexsort((seen.ranks, seen.ranks == 0)).tolist()
    chosen = [place for place in order if seen.ranks[place]][:ROWS]
    seen.cities.load(set(chosen))
    rows = [
        [
            seen.cities[place].name,
            str(int(seen.ranks[place])),
            signed(float(seen.scores[place]) * seen.scale, digits, plus=False),
        ]
        for place in chosen
    ]
    words = {"units": material.units, "name": node.name, "unit": score_unit(material.run.method, node)}
    caption = _("The first %(units)s in “%(name)s”, %(unit)s") % words
    return PartTable(caption, [capfirst(seen.cities.register.unit), _("Rank"), _("Score")], rows)
