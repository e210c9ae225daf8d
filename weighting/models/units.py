"""Units as people read them; files and hashes keep the short codes."""

from django.utils.translation import gettext_lazy as _

UNIT_LABELS = {
    "count": _("number"),
    "count/yr": _("number per year"),
    "count/month": _("number per month"),
    "CNY/yr": _("yuan per year"),
    "h/yr": _("hours per year"),
    "GB/yr": _("GB per year"),
    "points": _("points"),
    "ratio": _("ratio"),
    "cores": _("processor cores"),
    "stars": _("stars"),
}


def unit_label(unit: str) -> str:
    """Return a unit in the visitor's language; one that is not known stays as it was imported."""
    return str(UNIT_LABELS.get(unit, unit))
