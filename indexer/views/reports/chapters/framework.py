"""The tree of indicators: its levels, its parts and their weights."""

from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.method_words import method_words
from indexer.selectors.methods import names_in_method
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import Material
from indexer.views.reports.parts import Part, PartTable
from indexer.views.shared.coherence_words import percent, whole_name
from indexer.words import version_name


class Framework(Chapter):
    code = ReportChapter.FRAMEWORK

    def write(self, material: Material) -> Part:
        run, tree, nodes = material.coherence.run, material.coherence.tree, material.coherence.nodes
        words = {
            "name": run.data_set.framework.name,
            "nodes": len(nodes),
            "leaves": len(tree.leaves),
            "levels": max((node.depth for node in nodes), default=0),
        }
        view = material.top
        below = tree.descendant_leaves
        rows = [
            (node.name, percent(view.weights[at], 2), str(int(below[node.position].sum())))
            for at, node in enumerate(view.members)
        ]
        names = names_in_method(run.method, run.data_set.framework_id)
        return Part(
            self.title,
            sentences=[
                _("“%(name)s”: levels %(levels)s, indicators %(nodes)s, with data %(leaves)s.") % words,
                _("Weights: %(version)s.") % {"version": version_name(run)},
                _("Method: %(method)s.") % {"method": method_words(run.method, names)},
            ],
            tables=[
                PartTable(
                    _("Parts of “%(whole)s”") % {"whole": whole_name(view)},
                    [_("Indicator"), _("Weight"), _("Indicators with data")],
                    rows,
                )
            ],
        )
