"""Methods: how raw values become composite scores."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.enums import Aggregation, Missing, Negative, Normalisation, Outliers
from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.plan import SCALE
from indexer.numeric.method.treatment import OUTLIER_ACTIONS
from weighting.models import Framework


class IndexMethod(models.Model):
    """How raw values become composite scores (docs/method.md 3 and 4); rows are shared by runs.

    ``denominators`` names, for each leaf that is divided, the column that divides it: another
    leaf or an auxiliary column of the data set. ``leaves`` and ``nodes`` are the cells of the table
    of docs/method.md 9 that are not blank: by code, and in ``nodes`` by '' for the index itself, the
    columns of `LeafStep` and `NodeStep`. ``sha256`` stands for all choices together.
    """

    normalisation = models.CharField(
        _("normalisation"), max_length=24, choices=Normalisation, default="share"
    )
    negative = models.CharField(_("lower is better"), max_length=10, choices=Negative, default="reflect")
    missing = models.CharField(_("missing values"), max_length=120, choices=Missing, default="refuse")
    aggregation = models.CharField(_("aggregation"), max_length=24, choices=Aggregation, default="arithmetic")
    outliers = models.CharField(_("outliers"), max_length=13, choices=Outliers, default="keep")
    skewness_limit = models.FloatField(_("limit of the skewness"), default=2.0)
    kurtosis_limit = models.FloatField(_("limit of the kurtosis"), default=3.5)
    winsorised_most = models.PositiveSmallIntegerField(_("cells drawn in at most"), default=5)
    denominators = models.JSONField(_("denominators"), default=dict, blank=True)
    coverage = models.FloatField(_("least coverage"), default=0.0)
    floor = models.FloatField(_("smallest normalised value"), null=True, blank=True)
    leaves = models.JSONField(_("indicators"), default=dict, blank=True)
    nodes = models.JSONField(_("groups of indicators"), default=dict, blank=True)
    scale = models.FloatField(_("scale"), default=SCALE)
    digits = models.PositiveSmallIntegerField(_("digits"), null=True, blank=True)
    # The years over which bounds in ``leaves`` were taken, and the checksums of their data, where they were.
    bounds = models.JSONField(_("common bounds"), default=dict, blank=True)
    sha256 = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"{self.normalisation}/{self.negative}/{self.missing}/{self.aggregation}/{self.sha256[:8]}"

    @property
    def is_prepared(self) -> bool:
        """Whether columns may be divided or treated for outliers before they are normalised."""
        return bool(self.denominators) or OUTLIER_ACTIONS[self.outliers].changes

    def digits_or(self, otherwise: int) -> int:
        """Return the digits that scores are printed with."""
        return otherwise if self.digits is None else self.digits

    @property
    def is_table(self) -> bool:
        """Whether some leaf or node goes a way of its own, or the index a way that has no word of its own."""
        own = self.leaves or self.nodes or self.coverage or self.floor is not None
        return bool(own) or not AGGREGATIONS[self.aggregation].is_mean


class FrameworkMethod(models.Model):
    """The method that data sets of a framework are computed by unless they choose another."""

    framework = models.OneToOneField(Framework, on_delete=models.CASCADE, related_name="default_method")
    method = models.ForeignKey(IndexMethod, on_delete=models.PROTECT, related_name="+")
    # What was said of single leaves and nodes, even where the index does the same: it stays if that changes.
    cells = models.JSONField(default=dict, blank=True)
    # Whether somebody chose the index as a whole, too; else cells are all that was said of the method.
    is_whole = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"method of framework {self.framework_id}"
