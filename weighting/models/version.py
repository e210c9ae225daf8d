"""Weight versions: drafts that are frozen into verifiable releases."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from weighting.enums import VersionSource, VersionStatus
from weighting.models.checks import CheckedAtOnce
from weighting.models.framework import Framework, Indicator
from weighting.models.named import in_own_language
from weighting.models.scoring_round import Round


class WeightVersion(CheckedAtOnce):
    """A set of weights over one framework.

    Freezing gives the version its number, the canonical manifest and the hash that chains it
    to the version frozen before it (numbers count from 1 per framework).
    """

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="weight_versions")
    number = models.PositiveIntegerField(null=True, blank=True)
    label_zh = models.CharField(_("Chinese label"), max_length=200, blank=True)
    label_en = models.CharField(_("English label"), max_length=200, blank=True)
    status = models.CharField(max_length=8, choices=VersionStatus, default=VersionStatus.DRAFT)
    source = models.CharField(max_length=8, choices=VersionSource)
    round = models.ForeignKey(
        Round, null=True, blank=True, on_delete=models.PROTECT, related_name="weight_versions"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    pooled_rounds = models.ManyToManyField(Round, blank=True, related_name="pooled_versions")
    reason = models.TextField(_("reason for the correction"), max_length=2000, blank=True)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    # What a source has to show for its weights, such as the residuals of a fit.
    evidence = models.JSONField(default=dict, blank=True)
    manifest = models.BinaryField(null=True, blank=True)
    manifest_hash = models.CharField(max_length=64, blank=True)
    is_published = models.BooleanField(_("published"), default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["framework", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["round"], condition=Q(round__isnull=False), name="version_once_per_round"
            ),
            models.CheckConstraint(
                condition=Q(
                    status=VersionStatus.DRAFT, number__isnull=True, manifest__isnull=True, manifest_hash=""
                )
                | (
                    ~Q(status=VersionStatus.DRAFT)
                    & Q(number__isnull=False, manifest__isnull=False)
                    & ~Q(manifest_hash="")
                ),
                name="version_frozen_has_manifest",
            ),
            models.CheckConstraint(
                condition=Q(is_published=False) | ~Q(status=VersionStatus.DRAFT),
                name="version_published_is_frozen",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The label in the visitor's language."""
        return in_own_language(self.label_zh, self.label_en)


class NodeWeight(models.Model):
    """The weight of one node: local within its sibling group, global along its path.

    ``asked`` is false where nobody was asked about the group, which is then split equally.
    """

    version = models.ForeignKey(WeightVersion, on_delete=models.CASCADE, related_name="node_weights")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    local_weight = models.FloatField()
    global_weight = models.FloatField()
    asked = models.BooleanField(default=True)

    class Meta:
        ordering = ["indicator__position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "indicator"], name="node_weight_once"),
            models.CheckConstraint(
                condition=Q(
                    local_weight__gte=0, local_weight__lte=1, global_weight__gte=0, global_weight__lte=1
                ),
                name="node_weight_is_share",
            ),
        ]

    def __str__(self) -> str:
        return f"weight {self.pk}"
