"""A round of blind scoring."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from weighting.enums import ConsensusMeasure, ExclusionRule, Feedback, Language, RoundState, Rule, Sector
from weighting.models.checks import CheckedAtOnce
from weighting.models.framework import Framework, Indicator
from weighting.models.named import in_own_language
from weighting.models.panel import Panel
from weighting.moments import distance_problem, moment_text

# The least k: whoever sat on the panel knows one ballot and may know of another, and still faces two.
LEAST_PANEL = 4
# Of a quorum it is only asked that it is a panel; k holds beside it.
LEAST_QUORUM = 2


def both_languages() -> list[str]:
    """The languages a round is offered in unless the manager chooses fewer."""
    return list(Language.values)


def installation_time_zone() -> str:
    """The time zone that deadlines are given in unless the manager chooses another."""
    return settings.TIME_ZONE


class Round(CheckedAtOnce):
    """What is asked of whom, under which rules, and how far it has come."""

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="rounds")
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="rounds")
    managers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="rounds_managed")
    title_zh = models.CharField(_("Chinese title"), max_length=200, blank=True)
    title_en = models.CharField(_("English title"), max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=RoundState, default=RoundState.DRAFT)
    rule = models.CharField(_("rule"), max_length=20, choices=Rule, default=Rule.NORMALISED_SUM)
    quorum = models.PositiveIntegerField(_("quorum"), default=5, validators=[MinValueValidator(LEAST_QUORUM)])
    minimum_panel = models.PositiveIntegerField(
        _("minimum panel k"), default=5, validators=[MinValueValidator(LEAST_PANEL)]
    )
    deadline = models.DateTimeField(_("deadline"))
    time_zone = models.CharField(_("time zone"), max_length=64, default=installation_time_zone)
    languages = models.JSONField(_("languages"), default=both_languages)
    consensus_measure = models.CharField(
        _("consensus"), max_length=10, choices=ConsensusMeasure, default=ConsensusMeasure.IQR
    )
    consensus_threshold = models.FloatField(_("consensus threshold"), default=1.0)
    exclusion = models.CharField(
        _("exclusion rule"), max_length=8, choices=ExclusionRule, default=ExclusionRule.NONE
    )
    # A Delphi series: the round before this one, and what the round after it may show.
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by"
    )
    feedback = models.CharField(_("feedback"), max_length=5, choices=Feedback, default=Feedback.NONE)
    reminders_sent = models.PositiveSmallIntegerField(default=0)
    seed = models.BigIntegerField()
    # Set when the round opens: the canonical questionnaire and its hash.
    questionnaire = models.BinaryField(null=True, blank=True)
    questionnaire_hash = models.CharField(max_length=64, blank=True)
    # The panel's own sectors as they were then, beside which `Sector` has those of every panel.
    own_sectors = models.JSONField(default=list, blank=True, editable=False)
    # Set when the round closes.
    receipt_root = models.CharField(max_length=64, blank=True)
    # Receipts that a later seal replaced, sorted, without the ballots that they were of.
    superseded_receipts = models.JSONField(default=list, blank=True)
    invited_count = models.PositiveIntegerField(null=True, blank=True)
    sealed_count = models.PositiveIntegerField(null=True, blank=True)
    excluded_count = models.PositiveIntegerField(null=True, blank=True)
    void_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quorum__gte=LEAST_QUORUM), name="round_not_of_one"),
            # Rounds that opened when less was allowed keep the number that their panel was told.
            models.CheckConstraint(
                condition=Q(minimum_panel__gte=LEAST_PANEL)
                | ~Q(state__in=[RoundState.DRAFT, RoundState.READY]),
                name="round_of_least_panel",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[RoundState.DRAFT, RoundState.READY, RoundState.VOID])
                | ~Q(questionnaire_hash=""),
                name="round_open_has_questionnaire",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[RoundState.DRAFT, RoundState.READY, RoundState.OPEN])
                | Q(receipt_root="", sealed_count__isnull=True, closed_at__isnull=True),
                name="round_closed_for_good",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def sectors(self) -> tuple[str, ...]:
        """What its ballots are told apart by, those of every panel first."""
        return (*Sector.values, *self.own_sectors)

    @property
    def leaves_out_uniform(self) -> bool:
        """Whether a sealed ballot of one and the same score for every item is left out of the weights."""
        return self.exclusion == ExclusionRule.UNIFORM

    def clean(self) -> None:
        problem = distance_problem(self.deadline)
        if problem:
            raise ValidationError({"deadline": problem})

    @property
    def title(self) -> str:
        """The title in the visitor's language."""
        return in_own_language(self.title_zh, self.title_en)

    @property
    def least_panel(self) -> int:
        """The k that every figure is held against: a round that opened with less shows nothing below it."""
        return max(self.minimum_panel, LEAST_PANEL)

    @property
    def deadline_text(self) -> str:
        """The deadline in the round's own time zone, which is named."""
        return moment_text(self.deadline, self.time_zone)

    @property
    def feedback_text(self) -> str:
        """What it feeds back to a round after it; the last of a series does not stand alone."""
        if self.follows_id and self.feedback == Feedback.NONE:
            return gettext("Nothing: the series ends with this round")
        return str(self.get_feedback_display())

    @property
    def was_closed(self) -> bool:
        """Whether it was closed; of one that is void nobody is told."""
        return self.closed_at is not None and self.state != RoundState.VOID

    @property
    def closed_text(self) -> str:
        """When it closed, in the same zone; '' before."""
        return moment_text(self.closed_at, self.time_zone) if self.closed_at else ""


class RoundItem(models.Model):
    """An indicator that the round asks about."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="items")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["indicator__position"]
        constraints = [models.UniqueConstraint(fields=["round", "indicator"], name="round_item_once")]

    def __str__(self) -> str:
        return f"item {self.pk}"


class RoundNote(models.Model):
    """A dated note to the panel of an open round: typos are explained, never edited away."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="notes")
    text_zh = models.TextField(_("Chinese text"), max_length=1000, blank=True)
    text_en = models.TextField(_("English text"), max_length=1000, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The note in the visitor's language."""
        return in_own_language(self.text_zh, self.text_en)
