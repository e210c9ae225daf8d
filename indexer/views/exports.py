"""The columns that the index's files share."""

from django.utils.translation import gettext as _

from indexer.models import City, Run
from indexer.views.words import data_set_name, method_words


def place_header() -> list[str]:
    return [_("City (Chinese)"), _("City (English)"), _("Province"), _("Region")]


def place_cells(city: City) -> list[str]:
    return [city.name_zh, city.name_en, city.province.name, city.province.region.name]


def provenance_header() -> list[str]:
    return [_("Data set"), _("SHA-256 of the data"), _("Method"), _("Software version")]


def provenance_cells(run: Run) -> list[str]:
    """What a run was computed from and by, which every line of a file repeats."""
    return [data_set_name(run.data_set), run.data_sha256, method_words(run.method), run.code_version]
