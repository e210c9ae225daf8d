"""How the groups of each further grouping of the register do."""

from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.selectors.places import PlaceRanking
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import MOST_FIGURES, Material
from indexer.views.reports.parts import Part
from indexer.views.reports.place_tables import ranked_places, told_of_places
from indexer.views.reports.ranking_tables import no_scores


class Groups(Chapter):
    code = ReportChapter.GROUPS

    def lack(self, material: Material) -> str:
        if not _ranked(material):
            return _(
                "The register has no further grouping of these %(units)s: one that is added fills this."
            ) % {"units": material.units}
        return no_scores(material)

    def write(self, material: Material) -> Part:
        told = [told_of_places(ranked) for ranked in _ranked(material)]
        return Part(
            self.title,
            sentences=[sentence for sentence, _table, _figure in told],
            tables=[table for _sentence, table, _figure in told],
            figures=[figure for _sentence, _table, figure in told][:MOST_FIGURES],
        )


def _ranked(material: Material) -> list[PlaceRanking]:
    """Return the groupings of which some unit is a member, ranked."""
    found = [ranked_places(material, grouping.code) for grouping in material.cities.groupings]
    return [ranked for ranked in found if len(ranked.places)]
