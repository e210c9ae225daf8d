"""Mail to the panel of a round: invitations and reminders."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from weighting.dispatch import queue_invitations, queue_reminders
from weighting.exceptions import NoMailServer, Refused
from weighting.models import Invitation, Round
from weighting.permissions import MANAGERS, audience
from weighting.selectors.handing import ByHand, by_hand_in
from weighting.selectors.rounds import rounds_visible_to
from weighting.services.letters import MOST_REMINDERS, invitations_to_mail, invitations_to_remind
from weighting.views.answers import CONFLICT, answer_refusal
from weighting.visitors import account_of


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def round_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who would be mailed an invitation; POST sends."""
    words = {
        "title": _("Invite by e-mail"),
        "consequences": [
            _("Each gets a mail with a personal link, in their own language."),
            _("Links handed out before keep working."),
        ],
        "submit": _("Send the invitations"),
    }
    return _mail(request, pk, invitations_to_mail, queue_invitations, words)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def round_remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who would be reminded; POST sends."""
    words = {
        "title": _("Remind by e-mail"),
        "consequences": [
            _("Only experts who have not sealed get the mail; it says nothing about anybody else."),
            _("A round may send %(most)d reminders in all, at least an hour apart.")
            % {"most": MOST_REMINDERS},
        ],
        "submit": _("Send the reminder"),
    }
    return _mail(request, pk, invitations_to_remind, queue_reminders, words)


def _mail(
    request: HttpRequest,
    pk: int,
    whom: Callable[[Round], QuerySet[Invitation]],
    queue: Callable[..., int],
    words: Mapping[str, object],
) -> HttpResponse:
    """Confirm and send one mail to everybody it is for, or show what stands against it."""
    round_ = get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
    back = reverse("weighting:round-detail", args=[pk])
    try:
        if request.method == "POST":
            queued = queue(round_, actor=account_of(request))
            messages.success(request, _queued_text(queued))
            if by_hand := by_hand_in(round_):
                messages.warning(request, _not_mailed_text(by_hand))
            return redirect(back)
        text = _mails_text(whom(round_).count())
        by_hand = by_hand_in(round_)
    except NoMailServer:
        return _say_no_server(request, round_, words["title"])
    except Refused as refusal:
        return answer_refusal(request, refusal, back=back)
    context = {"round": round_, **words, "text": text, "by_hand": by_hand}
    return render(request, "weighting/manager/confirm_act.html", context)


def _say_no_server(request: HttpRequest, round_: Round, title: object) -> HttpResponse:
    """Say that nothing will be sent, and what leads to the links instead."""
    context = {"round": round_, "title": title}
    status = CONFLICT if request.method == "POST" else 200
    return render(request, "weighting/manager/no_mail_server.html", context, status=status)


def _mails_text(count: int) -> str:
    message = ngettext("%(count)d expert gets a mail.", "%(count)d experts get a mail.", count)
    return message % {"count": count}


def _not_mailed_text(by_hand: ByHand) -> str:
    names = _(", ").join(invitation.expert.name for invitation in by_hand.named)
    message = ngettext(
        "%(count)d expert has no e-mail address and got no mail: %(names)s. Hand out the link yourself.",
        "%(count)d experts have no e-mail address and got no mail: %(names)s. Hand out the links yourself.",
        by_hand.count,
    )
    return message % {"count": by_hand.count, "names": names + ("…" if by_hand.further else "")}


def _queued_text(count: int) -> str:
    message = ngettext(
        "%(count)d mail waits to be sent. The table below says what becomes of it.",
        "%(count)d mails wait to be sent. The table below says what becomes of each.",
        count,
    )
    return message % {"count": count}
