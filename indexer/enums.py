"""The closed lists of the index side: methods and job states."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Normalisation(TextChoices):
    SHARE = "share", _("Share of the total")
    MINMAX = "minmax", _("Min-max")
    ZSCORE = "zscore", _("z-score")
    RANK = "rank", _("Rank")
    NONE = "none", _("None (already normalised)")
    ZSCORE_SAMPLE = "zscore_sample", _("z-score, with n - 1")
    PERCENTILE = "percentile", _("Percentile rank")
    GOALPOSTS = "goalposts", _("Goalposts")
    TARGET = "target", _("Distance to a target")
    DISTANCE_TO_MAX = "distance_to_max", _("Distance to the best")
    DISTANCE_TO_REFERENCE = "distance_to_reference", _("Distance to a reference unit")
    FRACTION_OF_MAX = "fraction_of_max", _("Part of the best")


class Negative(TextChoices):
    """What is done with indicators whose direction is -1, before a share is taken."""

    REFLECT = "reflect", _("Reflect: max + min - x")
    RECIPROCAL = "reciprocal", _("Reciprocal: 1 / x")


class Missing(TextChoices):
    REFUSE = "refuse", _("Refuse")
    ZERO = "zero", _("Zero: the worst normalised value")
    REWEIGHT = "reweight", _("Reweight what is present")
    MEAN = "mean", _("Mean of what is present")
    MEDIAN = "median", _("Median of what is present")
    LAST_VALUE = "last_value", _("Last value of an earlier edition")
    RAW_ZERO = "raw_zero", _("The raw value 0")


class Aggregation(TextChoices):
    ARITHMETIC = "arithmetic", _("Arithmetic mean")
    GEOMETRIC = "geometric", _("Geometric mean")
    HARMONIC = "harmonic", _("Harmonic mean")
    MINIMUM = "minimum", _("Minimum")
    MPI = "mpi", _("Mazziotta-Pareto, unevenness lowers")
    MPI_HIGH = "mpi_high", _("Mazziotta-Pareto, unevenness raises")
    COPELAND = "copeland", _("Copeland, by pairs of units")


class Outliers(TextChoices):
    """What is done with a column whose skewness and kurtosis both exceed their limits."""

    KEEP = "keep", _("Keep")
    WINSORISE = "winsorise", _("Winsorise")
    LOG = "log", _("Take logarithms")
    WINSORISE_LOG = "winsorise_log", _("Winsorise, or else take logarithms")


class RunStatus(TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Queue(TextChoices):
    """Which jobs come first: what somebody waits for goes before what runs in the background."""

    INTERACTIVE = "interactive", _("Interactive")
    BULK = "bulk", _("Bulk")


class StudyKind(TextChoices):
    """The questions that a ranking is put to (docs/method.md 7 and 8)."""

    BOOTSTRAP = "bootstrap", _("Expert bootstrap")
    JACKKNIFE = "jackknife", _("Leave one expert out")
    NOISE = "noise", _("Weight noise")
    DIRICHLET = "dirichlet", _("Dirichlet weights")
    LEFT_OUT = "left_out", _("Leave one indicator out")
    VARIANTS = "variants", _("Method variants")
    SOBOL = "sobol", _("Sobol indices of the weights")
    CHOICES = "choices", _("Sobol indices of the method")
    DROPPED = "dropped", _("Drop a city")
    SMAA = "smaa", _("Any weights (SMAA)")
    COHERENCE = "coherence", _("Whole audit of coherence")


class StudyStatus(TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class StoredYears(TextChoices):
    """What becomes of the years of a file of which an edition is stored already."""

    STOP = "stop", _("Stop: store no year of this file")
    SKIP = "skip", _("Leave them as they are, and store the others")
    CORRECT = "correct", _("Store them as corrected editions, where values or method differ")


class ReportChapter(TextChoices):
    """What a written report can have, in the usual order: a file each in indexer/views/reports/chapters."""

    METHOD = "method", _("Method")
    TOTAL = "total", _("Composite score and ranking")
    SUB_INDICES = "sub_indices", _("The sub-indices")
    REGIONS = "regions", _("The places")
    GROUPS = "groups", _("By further groupings")
    LEADS = "leads", _("Dark horses")
    SERIES = "series", _("Comparison with outside series")
    UNCERTAINTY = "uncertainty", _("Uncertainty and sensitivity")
    FRAMEWORK = "framework", _("The framework")
    DATA = "data", _("The data")
    COHERENCE = "coherence", _("Statistical coherence")
    IMPORTANCE = "importance", _("Weights and importance")
    CONCLUSIONS = "conclusions", _("Conclusions")
    APPENDIX = "appendix", _("Appendix: whole tables")
