"""The pages about one finished run, side by side under its name."""

from typing import TypedDict

from django.urls import reverse
from django.utils.translation import gettext as _

from indexer.models import Run


class Tab(TypedDict):
    label: str
    url: str
    is_current: bool


def run_tabs(run: Run, current: str) -> list[Tab]:
    """Return the pages of a run; ``current`` is the name of the address that is shown."""
    labels = {
        "run-detail": _("Ranking"),
        "run-trend": _("Years"),
        "run-studies": _("Studies"),
        "run-fragility": _("Fragility"),
        "run-leads": _("Leads"),
        "run-what-if": _("What-if"),
        "run-map": _("Map"),
        "run-places": _("Places"),
        "run-concentration": _("Concentration"),
        "run-coherence": _("Coherence"),
        "run-report": _("Report"),
        "run-series": _("Series"),
    }
    return [
        Tab(label=label, url=reverse(f"indexer:{name}", args=[run.pk]), is_current=name == current)
        for name, label in labels.items()
    ]
