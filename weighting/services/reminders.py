"""Reminders that the clock writes at a time before the deadline, each once.

They go the way of every reminder: by the invitation's booleans alone, within the same number a round.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.enums import PlanState, RoundState
from weighting.exceptions import NoAddresses, NoMailServer, Refused
from weighting.models import Account, Letter, PlannedReminder, Round
from weighting.selectors.letters import due_reminders
from weighting.services.audit import record_act
from weighting.services.letters import MOST_REMINDERS, write_reminder_for
from weighting.services.rounds import lock_round


@transaction.atomic
def plan_reminder(round_: Round, *, hours: int, actor: Account) -> PlannedReminder:
    """Plan a reminder so many hours before the deadline of an open round."""
    round_ = lock_round(round_, RoundState.OPEN)
    before = timedelta(hours=hours)
    planned = round_.planned_reminders.filter(state=PlanState.PLANNED)
    if round_.deadline - before <= timezone.now():
        message = ngettext(
            "%(hours)d hour before the deadline is past: send a reminder now instead.",
            "%(hours)d hours before the deadline is past: choose fewer hours.",
            hours,
        )
        raise Refused(message % {"hours": hours})
    if round_.planned_reminders.filter(before=before).exists():
        raise Refused(_("One is planned for this hour already: choose another."))
    if round_.reminders_sent + planned.count() >= MOST_REMINDERS:
        message = _("A round may send %(most)d reminders, planned ones included: cancel one first.")
        raise Refused(message % {"most": MOST_REMINDERS})
    record_act(actor, "plan_reminder", round_, hours=hours)
    return PlannedReminder.objects.create(round=round_, before=before, planned_by=actor)


@transaction.atomic
def cancel_reminder(plan: PlannedReminder, *, actor: Account) -> None:
    """Take back a reminder that the clock has not come to yet."""
    lock_round(plan.round, RoundState.OPEN)
    if not PlannedReminder.objects.filter(pk=plan.pk, state=PlanState.PLANNED).delete()[0]:
        raise Refused(_("The hour of this reminder has come: it can no longer be cancelled."))
    record_act(actor, "cancel_reminder", plan.round, hours=plan.hours)


@transaction.atomic
def write_planned_reminder(plan: PlannedReminder) -> list[Letter]:
    """Write a reminder whose hour has come; nothing when another worker did, or the round is over.

    Whether it is due is read again under the lock of the round, and the mark that it was written is
    kept with the letters or not at all.
    """
    Round.objects.select_for_update(no_key=True).get(pk=plan.round_id)
    due = due_reminders().select_related("round", "planned_by").filter(pk=plan.pk).first()
    if due is None:
        return []
    letters, state = _write(due)
    PlannedReminder.objects.filter(pk=due.pk).update(state=state)
    return letters


def _write(plan: PlannedReminder) -> tuple[list[Letter], PlanState]:
    try:
        letters = write_reminder_for(plan.round, actor=None, signed_by=plan.planned_by)
    except NoMailServer:
        return [], PlanState.NO_SERVER
    except NoAddresses:
        return [], PlanState.NO_ADDRESS
    except Refused:
        return [], PlanState.PASSED_OVER
    return letters, PlanState.WRITTEN
