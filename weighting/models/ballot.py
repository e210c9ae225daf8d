"""Invitations, ballots and scores.

While a round is open an invitation points at its ballot, so that the expert can come back.
Closing destroys that link and rewrites the sealed ballots under new random ids in random
order, so that neither ids nor row order lead back to a person.
"""

import secrets
import uuid

from django.db import models
from django.db.models import Q

from weighting.enums import Medium, Sector
from weighting.models.framework import Indicator
from weighting.models.panel import Expert
from weighting.models.scoring_round import Round
from weighting.numeric.scale import SCALE


def random_order_key() -> int:
    """A number that decides the order of a ballot's items, together with the round's seed."""
    return secrets.randbits(62)


class Ballot(models.Model):
    """One expert's answers: no person, time, address or sequence.

    ``sealed_scores`` maps indicator codes to 1-5, or to null for an abstention; the receipt
    commits to it. Scores changed after sealing count only when the ballot is sealed again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="ballots")
    sealed_scores = models.JSONField(null=True, blank=True)
    receipt = models.CharField(max_length=64, blank=True)
    # Kept for the expert's own receipt page while the round is open; gone at the close.
    nonce = models.CharField(max_length=64, blank=True)
    # Receipts of earlier seals of this ballot, sorted: which came when is nobody's business.
    superseded_receipts = models.JSONField(default=list, blank=True)
    # Comments sealed with the scores, by indicator code; nobody reads them before the close.
    sealed_comments = models.JSONField(default=dict, blank=True)
    order_key = models.BigIntegerField(default=random_order_key)
    medium = models.CharField(max_length=6, choices=Medium, default=Medium.ONLINE)
    # Set at the close, and only for sectors with at least k sealed ballots.
    sector = models.CharField(max_length=16, choices=Sector, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sealed_scores__isnull=True, receipt="")
                | (Q(sealed_scores__isnull=False) & ~Q(receipt="")),
                name="ballot_sealed_with_receipt",
            )
        ]

    def __str__(self) -> str:
        return f"ballot {self.pk}"


class Invitation(models.Model):
    """An expert asked to a round; participation is two booleans, without times."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="invitations")
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="invitations")
    ballot = models.OneToOneField(
        Ballot, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitation"
    )
    started = models.BooleanField(default=False)
    sealed = models.BooleanField(default=False)
    consented = models.BooleanField(default=False)
    conflict = models.TextField(max_length=1000, blank=True)
    removed = models.BooleanField(default=False)
    mailed = models.BooleanField(default=False)
    reminders_sent = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["expert__code"]
        constraints = [
            models.UniqueConstraint(fields=["round", "expert"], name="invitation_once"),
            models.CheckConstraint(
                condition=Q(sealed=False) | Q(started=True), name="invitation_sealed_was_started"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Score(models.Model):
    """An answer as it stands on a ballot that is being filled in; null is an abstention.

    ``revision`` grows by one with every change, and ``client`` names the page that made it:
    a repeated save is recognised, and a stale page is told instead of overwriting.
    """

    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="scores")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    value = models.PositiveSmallIntegerField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    client = models.CharField(max_length=36)
    comment = models.TextField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ballot", "indicator"], name="score_once"),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__in=list(SCALE)), name="score_from_1_to_5"
            ),
        ]

    def __str__(self) -> str:
        return f"score {self.pk}"
