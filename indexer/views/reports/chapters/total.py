"""Who leads, how the scores lie, how sure the ranks are, and the first units."""

from indexer.enums import ReportChapter
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import Material
from indexer.views.reports.parts import Part
from indexer.views.reports.ranking_tables import (
    first_units_caption,
    no_scores,
    ranking_table,
    unranked_table,
)
from indexer.views.reports.run_words import certainty, distribution_sentences, leaders
from indexer.views.run.ranking import composition_of
from weighting.drawing import Figure

ROWS = 30


class Total(Chapter):
    code = ReportChapter.TOTAL

    def lack(self, material: Material) -> str:
        return no_scores(material)

    def write(self, material: Material) -> Part:
        subject = material.subject
        said = [leaders(subject), *distribution_sentences(subject), certainty(subject, material.intervals)]
        return Part(
            self.title,
            sentences=[sentence for sentence in said if sentence],
            tables=[
                ranking_table(material, first_units_caption(material, ROWS), ROWS),
                *unranked_table(material),
            ],
            figures=_composition(material),
        )


def _composition(material: Material) -> list[Figure]:
    """Draw what the first scores are made of, where the reader may see all of the parts."""
    made = composition_of(material.ranking)
    if not made or len(material.sub_indices) < len(material.ranking.children):
        return []
    said = made["chart"]["usermeta"]
    return [Figure(said["title"], said["subtitle"], made["chart"], rows=[], image_url=made["chart_image"])]
