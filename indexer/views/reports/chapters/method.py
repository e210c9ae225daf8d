"""How the index is computed, whose the weights are, and what each sub-index weighs."""

from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import Material
from indexer.views.reports.parts import Part, PartTable
from indexer.views.shared.coherence_words import percent
from indexer.views.shared.method_rows import experts_words, method_notes, method_rows


class Method(Chapter):
    code = ReportChapter.METHOD

    def write(self, material: Material) -> Part:
        head = [_("Step"), _("What is done"), _("Formula")]
        nodes = material.subject.nodes
        steps = [[str(cell) for cell in row] for row in method_rows(material.run.method, nodes)]
        tables = [PartTable(_("The steps of the method"), head, steps, left=3)]
        if children := material.ranking.children:
            rows = [[child.indicator.name, percent(child.global_weight, 2)] for child in children]
            tables.append(PartTable(_("Weights of the sub-indices"), [_("Sub-index"), _("Weight")], rows))
        notes = method_notes(material.run.method, material.subject.nodes)
        sentences = [*experts_words(material.run.weight_version), *notes]
        return Part(self.title, sentences=sentences, tables=tables)
