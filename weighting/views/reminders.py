"""Reminders that a manager plans ahead."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from config.mail import has_mail_server
from weighting.enums import RoundState
from weighting.exceptions import Refused
from weighting.forms.invitations import ReminderForm
from weighting.models import Round
from weighting.permissions import MANAGERS, audience
from weighting.selectors.handing import by_hand_in
from weighting.selectors.rounds import rounds_visible_to
from weighting.services.letters import MOST_REMINDERS
from weighting.services.reminders import cancel_reminder, plan_reminder
from weighting.views.answers import answer_act, answer_form, sent_data
from weighting.visitors import account_of


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def round_reminders(request: HttpRequest, pk: int) -> HttpResponse:
    """The reminders that are planned, and what became of each; POST plans one more."""
    round_ = _round_or_404(request, pk)
    form = ReminderForm(*sent_data(request))
    if request.method == "POST" and form.is_valid():
        try:
            plan_reminder(round_, hours=form.cleaned_data["hours"], actor=account_of(request))
        except Refused as refusal:
            form.add_error("hours", list(refusal.blockers))
        else:
            messages.success(request, _("The reminder is planned."))
            return redirect("weighting:round-reminders", pk=pk)
    context = {
        "round": round_,
        "form": form,
        "plans": round_.planned_reminders.select_related("round"),
        "is_open": round_.state == RoundState.OPEN,
        "has_mail": has_mail_server(),
        "by_hand": by_hand_in(round_) if round_.state == RoundState.OPEN else None,
        "most": MOST_REMINDERS,
    }
    return answer_form(request, "weighting/manager/round_reminders.html", context)


@audience(MANAGERS)
@require_POST
def round_reminder_cancel(request: HttpRequest, pk: int, plan_pk: int) -> HttpResponse:
    """Take back a reminder that the clock has not come to yet."""
    plans = _round_or_404(request, pk).planned_reminders.select_related("round")
    plan = get_object_or_404(plans, pk=plan_pk)
    return answer_act(
        request,
        partial(cancel_reminder, plan, actor=account_of(request)),
        done=_("The reminder is cancelled."),
        back=reverse("weighting:round-reminders", args=[pk]),
    )


def _round_or_404(request: HttpRequest, pk: int) -> Round:
    return get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
