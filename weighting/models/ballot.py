"""Invitations, ballots and scores.

Nothing stored leads from an invitation to its ballot. The browser that claimed the invitation keeps
a secret; the invitation holds one hash of it and the ballot another, and only who has the secret
can tell that they belong together. Closing takes the hash off the ballots and rewrites them under
new random ids in random order.

On PostgreSQL the rows of rounds that have ended lie in a part of the table by themselves: what rounds
under way leave behind is removed by writing the other part anew. So no key of the database leads here.
"""

import secrets
import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from weighting.enums import LONGEST_SECTOR, Medium
from weighting.models.checks import CheckedAtOnce
from weighting.models.framework import Indicator
from weighting.models.panel import Expert
from weighting.models.scoring_round import Round
from weighting.numeric.scale import SCALE

if TYPE_CHECKING:
    from weighting.models.letter import Letter


def random_order_key() -> int:
    """A number that decides an order by chance: of a ballot's items, with the round's seed, or of rows."""
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
    # The hash of its holder's secret by which it is found; gone at the close, or where a series shows
    # own earlier scores, at its end.
    lock = models.CharField(max_length=64, null=True, default=None, unique=True, editable=False)  # noqa: DJ001  (unique where it is set)
    # The lock of the same person's ballot of the round before, once its secret was shown as well.
    earlier_lock = models.CharField(max_length=64, blank=True, default="", editable=False)
    # See services.sectors: which sector it is takes the server's secret key as well.
    masked_sector = models.PositiveSmallIntegerField(default=0, editable=False)
    # Set at the close, and only for sectors with at least k sealed ballots.
    sector = models.CharField(max_length=LONGEST_SECTOR, blank=True)
    # Set once its round, and its series, are over: the row is never written again.
    ended = models.BooleanField(default=False, editable=False)

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
    """An expert asked to a round; participation is two booleans, without times.

    Whoever changes one while a ballot is written changes it by `mark_participation`: otherwise the database's
    own marks, or where the rows lie, would tell whose ballot it was.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="invitations")
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="invitations")
    # The other hash of the secret that the ballot's holder keeps.
    claim = models.CharField(max_length=64, null=True, default=None, unique=True, editable=False)  # noqa: DJ001  (as above)
    # A ballot from before there were claims: its link finds it, until the first visit claims it.
    unclaimed_ballot = models.OneToOneField(
        Ballot,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        db_constraint=False,
    )
    # The expert says that somebody else used the invitation.
    disputed = models.BooleanField(default=False)
    started = models.BooleanField(default=False)
    sealed = models.BooleanField(default=False)
    consented = models.BooleanField(default=False)
    conflict = models.TextField(max_length=1000, blank=True)
    removed = models.BooleanField(default=False)
    mailed = models.BooleanField(default=False)
    reminders_sent = models.PositiveSmallIntegerField(default=0)
    # Set at the close.
    ended = models.BooleanField(default=False, editable=False)

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

    @property
    def language(self) -> str:
        """The language that the expert is asked in: their own where the round offers it."""
        offered, own = self.round.languages, self.expert.language
        return own if own in offered or not offered else str(offered[0])

    @property
    def last_letter(self) -> "Letter | None":
        """The last mail to this expert; lists prefetch the letters."""
        return max(self.letters.all(), key=lambda letter: letter.number, default=None)


class Score(CheckedAtOnce):
    """An answer as it stands on a ballot that is being filled in; null is an abstention.

    ``revision`` grows by one with every change, and ``client`` names the page that made it:
    a repeated save is recognised, and a stale page is told instead of overwriting.
    """

    # Random, so that no order of the rows tells which ballot was filled in first.
    id = models.BigIntegerField(primary_key=True, default=random_order_key, editable=False)
    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="scores", db_constraint=False)
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
