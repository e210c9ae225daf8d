"""Links that a manager hands out one by one, such as in a chat."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from config.mail import has_mail_server
from weighting.enums import RoundState
from weighting.exceptions import Refused
from weighting.models import Round
from weighting.permissions import MANAGERS, audience
from weighting.selectors.handing import invitations_with_links, to_hand_to, whom_no_mail_reaches
from weighting.selectors.rounds import rounds_visible_to
from weighting.services.handing import mark_handed, reminders_to_paste
from weighting.views.answers import answer_refusal
from weighting.views.listing import page_of
from weighting.visitors import account_of

# In an address or a form: those whom a mail reaches, too.
EVERYBODY = "everybody"
# In a form: whose links were handed out, the ids of their invitations joined by commas.
GIVEN = "given"
# Both databases keep ids of so many digits.
LONGEST_ID = 18


@audience(MANAGERS)
@require_safe
def round_hand_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is given a link by hand, who has theirs, and what reminds those who have."""
    round_ = _round_or_404(request, pk)
    invitations = on_the_list(round_, everybody=EVERYBODY in request.GET)
    page = page_of(request, invitations.select_related("expert", "round__framework"))
    unsealed = [invitation for invitation in page if invitation.handed and not invitation.sealed]
    reminders = dict(zip(unsealed, reminders_to_paste(unsealed, actor=account_of(request)), strict=True))
    context = {
        "round": round_,
        "page": page,
        "rows": [(invitation, reminders.get(invitation, "")) for invitation in page],
        "waiting": to_hand_to(invitations).count(),
        "is_open": round_.state == RoundState.OPEN,
        "is_everybody": EVERYBODY in request.GET,
        "has_mail": has_mail_server(),
    }
    return render(request, "weighting/manager/round_hand_out.html", context)


@audience(MANAGERS)
@require_POST
def round_handed(request: HttpRequest, pk: int) -> HttpResponse:
    """Note whose links were handed out."""
    round_ = _round_or_404(request, pk)
    back = hand_out_address(round_, everybody=EVERYBODY in request.POST)
    try:
        mark_handed(round_, invitations=given_in(request), actor=account_of(request))
    except Refused as refusal:
        return answer_refusal(request, refusal, back=back)
    messages.success(request, _("Noted: the list says who was given a link."))
    return redirect(back)


def on_the_list(round_: Round, *, everybody: bool) -> QuerySet[Any]:
    """Return who is handed a link: those whom no mail reaches, or all, as where no mail can be sent."""
    invitations = invitations_with_links(round_)
    return invitations if everybody or not has_mail_server() else whom_no_mail_reaches(invitations)


def given_in(request: HttpRequest) -> list[int]:
    """Return the ids of the invitations whose links were handed out, as a form says."""
    sent = request.POST.get(GIVEN, "").split(",")
    return [int(pk) for pk in sent if pk.isascii() and pk.isdecimal() and len(pk) <= LONGEST_ID]


def hand_out_address(round_: Round, *, everybody: bool) -> str:
    """Return where the list stands."""
    address = reverse("weighting:round-hand-out", args=[round_.pk])
    return f"{address}?{EVERYBODY}" if everybody else address


def _round_or_404(request: HttpRequest, pk: int) -> Round:
    return get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
