"""What the known columns of forms are called, on pages; files and programs call them by their names."""

from django.utils.translation import gettext as _


def column_words(column: str) -> str:
    """Return what a column is called, with its name in files; one that a file names itself as it is."""
    said = _said().get(column) or (_("Further grouping") if column.startswith("group_") else None)
    return _("%(name)s (%(code)s)") % {"name": said, "code": column} if said else column


def _said() -> dict[str, str]:
    return {
        "code": _("Code"),
        "parent": _("Parent"),
        "name": _("Name"),
        "name_zh": _("Chinese name"),
        "name_en": _("English name"),
        "direction": _("Direction"),
        "unit": _("Unit"),
        "note": _("Note"),
        "definition": _("Definition"),
        "definition_zh": _("Chinese definition"),
        "definition_en": _("English definition"),
        "source": _("Source"),
        "licence": _("Licence"),
        "transform": _("Transform"),
        "normalisation": _("Normalisation"),
        "lower": _("Lower bound"),
        "upper": _("Upper bound"),
        "target": _("Target"),
        "reference": _("Reference unit"),
        "cap": _("Held at the bounds"),
        "aggregation": _("Aggregation"),
        "coverage": _("Least coverage"),
        "imputation": _("Missing values"),
        "outliers": _("Outliers"),
        "local_weight": _("Local weight"),
        "global_weight": _("Global weight"),
        "email": _("E-mail address"),
        "organisation": _("Organisation"),
        "sector": _("Sector"),
        "language": _("Language"),
        "expert": _("Expert"),
        "indicator": _("Indicator"),
        "score": _("Score"),
        "province": _("Group of the unit"),
        "province_zh": _("Group of the unit, in Chinese"),
        "province_en": _("Group of the unit, in English"),
        "region": _("Group of groups"),
        "region_zh": _("Group of groups, in Chinese"),
        "region_en": _("Group of groups, in English"),
        "aliases": _("Other names"),
        "latitude": _("Latitude"),
        "longitude": _("Longitude"),
        "was": _("Former name or code"),
    }
