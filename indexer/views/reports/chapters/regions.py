"""How the regions do, or the widest places that there are."""

from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.selectors.levels import widest_level
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import Material
from indexer.views.reports.parts import Part
from indexer.views.reports.place_tables import ranked_places, told_of_places
from indexer.views.reports.ranking_tables import no_scores


class Regions(Chapter):
    code = ReportChapter.REGIONS

    def lack(self, material: Material) -> str:
        if not widest_level(material.cities):
            words = {"units": material.units, "places": material.cities.register.regions_word}
            said = _("The %(units)s lie in fewer than two %(places)s: a register with %(places)s fills this.")
            return said % words
        return no_scores(material)

    def write(self, material: Material) -> Part:
        sentence, table, figure = told_of_places(ranked_places(material, widest_level(material.cities)))
        return Part(self.title, sentences=[sentence], tables=[table], figures=[figure])
