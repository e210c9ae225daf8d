"""How much of a score was filled in, and where it is studied what another way to do so would give."""

from django.urls import reverse

from indexer.models import Run
from indexer.selectors.runs import PERCENT
from indexer.studies.registry import imputation_studies_of, study_name, units_named_in
from weighting.models import Account
from weighting.views.numbers import signed


def imputed_text(share: float) -> str:
    """Write which share of the weight was filled in."""
    return f"{signed(share * PERCENT, 1, plus=False)} %"


def imputation_links(run: Run, account: Account | None) -> list[dict[str, str]]:
    """Return the finished studies that vary how gaps are filled in, by name and address."""
    studies = imputation_studies_of(run, account)
    units = units_named_in(studies)
    return [
        {"name": study_name(study, units), "url": reverse("indexer:study-detail", args=[study.pk])}
        for study in studies
    ]
