"""What has to be there before two rankings can be compared."""

from django.urls import reverse
from django.utils.translation import gettext as _

from indexer.selectors.data_sets import data_sets_visible_to
from weighting.enums import VersionStatus
from weighting.models import Account
from weighting.selectors.versions import versions_visible_to
from weighting.views.first_steps import FirstStep, framework_step, people_steps

# A comparison is between two.
VERSIONS_NEEDED = 2


def steps_to_a_comparison(account: Account) -> list[FirstStep]:
    """Return what is there and what is missing, for somebody of the staff."""
    frozen = versions_visible_to(account).filter(status=VersionStatus.FROZEN).count()
    return [
        framework_step(account),
        FirstStep(
            label=_("Import data"),
            text=_("A table of units and indicators, as CSV, XLSX or Parquet."),
            url=reverse("indexer:data-set-import"),
            is_done=data_sets_visible_to(account).exists(),
            example="data",
        ),
        FirstStep(
            label=_("Freeze two weight versions"),
            text=_("A round of experts makes one, and so does a file of weights, once it is frozen."),
            url=reverse("weighting:version-list"),
            is_done=frozen >= VERSIONS_NEEDED,
        ),
        *people_steps(account),
    ]
