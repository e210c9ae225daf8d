"""What the finished studies say of how sure the ranks are."""

from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.selectors.cities import ranked_cities_of_run
from indexer.selectors.studies import StudyResult, result_of_study
from indexer.studies.kind import Kind
from indexer.studies.registry import kind_of
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import MOST_FIGURES, Material
from indexer.views.reports.parts import Part
from weighting.drawing import Figure
from weighting.models import Indicator


class Uncertainty(Chapter):
    code = ReportChapter.UNCERTAINTY

    def lack(self, material: Material) -> str:
        if material.studies:
            return ""
        return _("No study of this ranking is finished: nothing is said here of how sure its ranks are.")

    def write(self, material: Material) -> Part:
        nodes = material.subject.nodes
        told: list[str] = []
        figures: list[Figure] = []
        units = ranked_cities_of_run(material.run)
        for study in material.studies:
            kind, result = kind_of(study), result_of_study(study, units)
            words = {"study": kind.name_of(study), "finding": kind.finding(result, nodes)}
            told.append(_("%(study)s: %(finding)s.") % words)
            if len(figures) < MOST_FIGURES:
                figures += _first_figure(kind, result, nodes)
        return Part(self.title, sentences=told, figures=figures)


def _first_figure(kind: Kind, result: StudyResult, nodes: list[Indicator]) -> list[Figure]:
    """Return the figure that a study's page shows first, under the study's name, with its address."""
    name, draw = next(iter(kind.drawings(result, nodes).items()))
    figure, address = draw(), reverse("indexer:study-picture", args=[result.study.pk, name, "svg"])
    words = {"study": kind.label(result.cities.register), "title": figure.title}
    named = replace(figure, title=_("%(study)s: %(title)s") % words)
    return [named.drawn_at(address)] if figure.spec else []
