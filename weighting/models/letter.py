"""Mail to experts, and what became of it. A letter knows a person and nothing of any ballot."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from weighting.enums import Language, LetterKind, LetterState, PlanState
from weighting.models.ballot import Invitation
from weighting.models.scoring_round import Round
from weighting.moments import moment_text
from weighting.placeholders import body_problems, subject_problems

LONGEST_REASON = 300
LONGEST_SUBJECT, LONGEST_BODY = 200, 5000


class Letter(models.Model):
    """One mail to one expert. The row is the truth; a message to a worker is only a wake-up.

    ``due`` is when it may be tried next, and empty once nothing more is to be done. No link stands
    here: it is made when the mail is sent.
    """

    invitation = models.ForeignKey(
        Invitation, on_delete=models.CASCADE, related_name="letters", db_constraint=False
    )
    kind = models.CharField(max_length=10, choices=LetterKind)
    # Which reminder of its round it is; 0 for the invitation.
    number = models.PositiveSmallIntegerField(default=0)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=LetterState, default=LetterState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due = models.DateTimeField(null=True, db_index=True)
    # What the mail server said last, without any link.
    reason = models.CharField(max_length=LONGEST_REASON, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["invitation", "kind", "number"], name="letter_once"),
            models.CheckConstraint(
                condition=models.Q(state=LetterState.WAITING, due__isnull=False)
                | (~models.Q(state=LetterState.WAITING) & models.Q(due__isnull=True)),
                name="letter_due_while_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"letter {self.pk}"


class LetterText(models.Model):
    """What a round writes in place of the default text, in one language, with places to fill."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="letter_texts")
    kind = models.CharField(max_length=10, choices=LetterKind)
    language = models.CharField(max_length=8, choices=Language)
    subject = models.CharField(max_length=LONGEST_SUBJECT)
    body = models.TextField(max_length=LONGEST_BODY)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "kind", "language"], name="letter_text_once"),
        ]

    def __str__(self) -> str:
        return f"letter text {self.pk}"

    def clean(self) -> None:
        problems = {"subject": subject_problems(self.subject), "body": body_problems(self.body)}
        if any(problems.values()):
            raise ValidationError({field: said for field, said in problems.items() if said})


class PlannedReminder(models.Model):
    """A reminder that the clock writes once, so long before the deadline; ``state`` marks that it did."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="planned_reminders")
    before = models.DurationField()
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=PlanState, default=PlanState.PLANNED)

    class Meta:
        ordering = ["-before"]
        constraints = [
            models.UniqueConstraint(fields=["round", "before"], name="planned_reminder_once"),
        ]

    def __str__(self) -> str:
        return f"planned reminder {self.pk}"

    @property
    def hours(self) -> int:
        return round(self.before.total_seconds() / 3600)

    @property
    def moment_text(self) -> str:
        """When it is written as the deadline stands now, in the round's own time zone."""
        return moment_text(self.round.deadline - self.before, self.round.time_zone)
