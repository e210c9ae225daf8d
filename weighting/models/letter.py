"""Mail to experts, and what became of it. A letter knows a person and nothing of any ballot."""

from django.conf import settings
from django.db import models

from weighting.enums import LetterKind, LetterState
from weighting.models.ballot import Invitation

LONGEST_REASON = 300


class Letter(models.Model):
    """One mail to one expert. The row is the truth; a message to a worker is only a wake-up.

    ``due`` is when it may be tried next, and empty once nothing more is to be done. No link stands
    here: it is made when the mail is sent.
    """

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="letters")
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
