"""The closed lists of the weighting side: roles, states, rules."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """Who somebody is to the product; anonymous and expert visitors hold no account."""

    ANONYMOUS = "anonymous", _("Visitor")
    EXPERT = "expert", _("Expert")
    MANAGER = "manager", _("Manager")
    ANALYST = "analyst", _("Analyst")
    ADMINISTRATOR = "administrator", _("Administrator")


class Language(TextChoices):
    CHINESE = "zh-hans", _("Chinese")
    ENGLISH = "en", _("English")


class Sector(TextChoices):
    ACADEMIC = "academic", _("Academic")
    INDUSTRY = "industry", _("Industry")
    GOVERNMENT = "government", _("Government")
    OTHER = "other", _("Other")


class RoundState(TextChoices):
    """DRAFT -> READY -> OPEN -> CLOSED -> AGGREGATED, or VOID, which keeps the evidence."""

    DRAFT = "draft", _("Draft")
    READY = "ready", _("Ready to open")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")
    AGGREGATED = "aggregated", _("Aggregated")
    VOID = "void", _("Void")


class Rule(TextChoices):
    """How scores become local weights; fixed before the round opens."""

    NORMALISED_SUM = "normalised_sum", _("Normalised sum of scores (no abstentions)")
    NORMALISED_MEAN = "normalised_mean", _("Normalised mean of scores (abstentions allowed)")


class VersionStatus(TextChoices):
    DRAFT = "draft", _("Draft")
    FROZEN = "frozen", _("Frozen")
    RETIRED = "retired", _("Retired")


class VersionSource(TextChoices):
    """Where the weights of a version came from."""

    ROUND = "round", _("Closed scoring round")
    IMPORTED = "imported", _("Imported file")
    IMPLIED = "implied", _("Implied by published totals")
    EQUAL = "equal", _("Equal weights")
