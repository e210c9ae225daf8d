"""The closed lists of the index side: methods and job states."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Normalisation(TextChoices):
    SHARE = "share", _("Share of the national total")
    MINMAX = "minmax", _("Min-max")
    ZSCORE = "zscore", _("z-score")
    RANK = "rank", _("Rank")
    NONE = "none", _("None (already normalised)")


class Negative(TextChoices):
    """What is done with indicators whose direction is -1, before a share is taken."""

    REFLECT = "reflect", _("Reflect: max + min - x")
    RECIPROCAL = "reciprocal", _("Reciprocal: 1 / x")


class Missing(TextChoices):
    REFUSE = "refuse", _("Refuse")
    ZERO = "zero", _("Count as zero")
    REWEIGHT = "reweight", _("Reweight what is present")
    MEAN = "mean", _("Mean of what is present")


class Aggregation(TextChoices):
    ARITHMETIC = "arithmetic", _("Arithmetic mean")
    GEOMETRIC = "geometric", _("Geometric mean")


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
    DROPPED = "dropped", _("Drop a city")
    SMAA = "smaa", _("Any weights (SMAA)")


class StudyStatus(TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
