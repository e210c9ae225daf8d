"""Index families: branches of a framework that are published as indices of their own."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from weighting.models import Indicator
from weighting.models.named import BilingualName


class BranchIndex(BilingualName):
    """A branch under a name of its own.

    It stores no figure: its scores are those of its node in every run of the framework, which are
    the branch's leaves with their weights brought to sum to 1.
    """

    node = models.OneToOneField(Indicator, on_delete=models.PROTECT, related_name="branch_index")
    note = models.TextField(_("note"), blank=True, max_length=2000)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["node__framework_id", "node__position"]
        verbose_name_plural = "branch indices"
