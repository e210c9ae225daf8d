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
    """The sectors that every panel may tell apart; a panel's own are words of its file."""

    ACADEMIC = "academic", _("Academic")
    INDUSTRY = "industry", _("Industry")
    GOVERNMENT = "government", _("Government")
    OTHER = "other", _("Other")

    @classmethod
    def name_of(cls, sector: str) -> str:
        """Return what a page calls a sector; one of a panel's own is called by its word."""
        return str(cls(sector).label) if sector in cls.values else sector


# What is said of a word that is none of them: it stays, as the panel's own, of so many characters at most.
OWN_SECTOR, LONGEST_SECTOR = "own", 40


class RoundState(TextChoices):
    """DRAFT -> READY -> OPEN -> CLOSED -> AGGREGATED, or VOID, which keeps the evidence."""

    DRAFT = "draft", _("Draft")
    READY = "ready", _("Ready to open")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")
    AGGREGATED = "aggregated", _("Aggregated")
    VOID = "void", _("Void")


class LetterKind(TextChoices):
    """What is mailed to the experts of a round."""

    INVITATION = "invitation", _("Invitation")
    REMINDER = "reminder", _("Reminder")


class LetterState(TextChoices):
    """What became of a letter: taken by the mail server is all that can be known of it."""

    WAITING = "waiting", _("waiting to be sent")
    HANDED = "handed", _("handed to the mail server")
    REFUSED = "refused", _("refused by the mail server")
    GIVEN_UP = "given_up", _("given up after several tries")
    DROPPED = "dropped", _("no longer needed")
    ASTRAY = "astray", _("went to an address that was corrected since")
    NO_SERVER = "no_server", _("not sent: no mail server is set up")


class PlanState(TextChoices):
    """What became of a reminder that was planned."""

    PLANNED = "planned", _("planned")
    WRITTEN = "written", _("written: the table of experts says what became of each mail")
    PASSED_OVER = "passed", _("passed over: another went out within the hour, or all were used")
    NO_ADDRESS = "no_address", _("not sent: nobody who had not sealed has an e-mail address")
    NO_SERVER = "no_server", _("not sent: no mail server is set up")


class Rule(TextChoices):
    """How scores become local weights; fixed before the round opens."""

    NORMALISED_SUM = "normalised_sum", _("Normalised sum of scores (no abstentions)")
    NORMALISED_MEAN = "normalised_mean", _("Normalised mean of scores (abstentions allowed)")


class ConsensusMeasure(TextChoices):
    """What counts as consensus on an item; measure and threshold are fixed before the opening."""

    IQR = "iqr", _("Interquartile range at most")
    AGREEMENT = "agreement", _("Share of scores 4 and 5, or of 1 and 2, at least")


class ExclusionRule(TextChoices):
    """Which sealed ballots are left out of the weights; fixed before the opening."""

    NONE = "none", _("None: every sealed ballot counts")
    UNIFORM = "uniform", _("Ballots that give one and the same score to every item")


class Feedback(TextChoices):
    """What the next round of a Delphi series shows; said before the first round opens."""

    NONE = "none", _("Nothing: this round stands alone")
    GROUP = "group", _("The median and interquartile range of each item")
    OWN = "own", _("The group's figures, and the expert's own earlier score")


class Medium(TextChoices):
    ONLINE = "online", _("Online")
    SHEET = "sheet", _("Spreadsheet or paper, entered by a manager")


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
    POOLED = "pooled", _("Several closed rounds, pooled")
    EDITED = "edited", _("Edited by hand from another version")
    ENTROPY = "entropy", _("Proposal from the data: entropy")
    CRITIC = "critic", _("Proposal from the data: CRITIC")
    PCA = "pca", _("Proposal from the data: principal components")
    BALANCED = "balanced", _("Proposal from the data: fitted to importance")
