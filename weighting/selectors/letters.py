"""Letters to experts, and what became of them."""

from django.db.models import DateTimeField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from weighting.enums import LetterState, PlanState, RoundState
from weighting.models import Invitation, Letter, PlannedReminder, Round
from weighting.selectors.rounds import invitations_of

NOT_SENT = [LetterState.REFUSED, LetterState.GIVEN_UP, LetterState.NO_SERVER, LetterState.ASTRAY]


def due_letters() -> QuerySet[Letter]:
    """Return the letters that wait and may be tried now, by the database's clock, which all workers share."""
    return Letter.objects.filter(state=LetterState.WAITING, due__lte=Now())


def due_reminders() -> QuerySet[PlannedReminder]:
    """Return the planned reminders whose hour has come, the earliest first, by the same clock."""
    at = ExpressionWrapper(F("round__deadline") - F("before"), output_field=DateTimeField())
    planned = PlannedReminder.objects.filter(state=PlanState.PLANNED, round__state=RoundState.OPEN)
    return planned.alias(at=at).filter(at__lte=Now(), round__deadline__gt=Now()).order_by("at")


def invitations_with_letters(round_: Round) -> QuerySet[Invitation]:
    """Return the invitations of a round with their experts and letters, by expert code."""
    return invitations_of(round_).prefetch_related("letters")


def count_not_reached(round_: Round) -> int:
    """Count the experts who still score and whose last letter the mail server did not take."""
    last = Letter.objects.filter(invitation=OuterRef("pk")).order_by("-number").values("state")[:1]
    scoring = Invitation.objects.filter(round=round_, sealed=False, removed=False)
    return scoring.alias(last=Subquery(last)).filter(last__in=NOT_SENT).count()
