"""The pages about an installation, side by side."""

from django.urls import reverse
from django.utils.translation import gettext as _


def page_tabs(current: str) -> list[dict[str, str | bool]]:
    """Return the tabs of every page about the installation; ``current`` is the name of one's address."""
    labels = {"examination": _("Examination"), "jobs": _("Jobs"), "disk": _("Disk use")}
    return [
        {"label": label, "url": reverse(f"upkeep:{name}"), "is_current": name == current}
        for name, label in labels.items()
    ]
