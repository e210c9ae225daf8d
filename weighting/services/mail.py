"""Mail to the experts of a round: the invitation, and reminders to those who have not sealed.

Nothing here tells anything about other experts. A link is made the moment its mail is sent and
stands nowhere else; what fails to be sent leaves no link behind.
"""

from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.mail import has_mail_server
from weighting.enums import Feedback, RoundState
from weighting.exceptions import NoMailServer, Refused
from weighting.models import AccessLink, Account, AuditEntry, Invitation, Round
from weighting.selectors.access import hash_token
from weighting.services.access import issue_invitation_link
from weighting.services.audit import record_act

MOST_REMINDERS = 3
BETWEEN_REMINDERS = timedelta(hours=1)


class MailNotSent(Exception):
    """The mail server took nothing; carries ids only, for it is logged and the cause names people."""


@dataclass(frozen=True)
class Letter:
    """A kind of mail to an expert."""

    template: str
    subject: Promise
    act: str


INVITATION = Letter(
    "weighting/mail/invitation.txt", gettext_lazy("Your scores are asked for: %(title)s"), "mail_invitation"
)
REMINDER = Letter("weighting/mail/reminder.txt", gettext_lazy("Still open: %(title)s"), "mail_reminder")


def invitations_to_mail(round_: Round) -> QuerySet[Invitation]:
    """Return whom an invitation by mail would go to: those who got none and have not sealed."""
    _check_can_mail(round_)
    return _waiting(round_).filter(mailed=False)


def invitations_to_remind(round_: Round) -> QuerySet[Invitation]:
    """Return whom the next reminder would go to; refused when the round has had them all."""
    _check_can_mail(round_)
    if round_.reminders_sent >= MOST_REMINDERS:
        raise Refused(
            _("%(most)d reminders were sent, which is all that a round may send.") % {"most": MOST_REMINDERS}
        )
    lately = AuditEntry.objects.filter(
        act="remind",
        subject_type="round",
        subject_id=str(round_.pk),
        at__gt=timezone.now() - BETWEEN_REMINDERS,
    )
    if lately.exists():
        raise Refused(_("A reminder went out less than an hour ago: wait before the next one."))
    return _waiting(round_).filter(reminders_sent__lte=round_.reminders_sent)


@transaction.atomic
def count_reminder(round_: Round, *, number: int, actor: Account) -> None:
    """Record that the round has had its reminder of that number."""
    if Round.objects.filter(pk=round_.pk, reminders_sent__lt=number).update(reminders_sent=number):
        record_act(actor, "remind", round_, number=number)


def send_invitation(invitation_id: int, *, actor_id: int) -> bool:
    """Mail an expert the invitation, once; False when there was nothing to send."""
    invitation = _load(invitation_id)
    if invitation is None or invitation.mailed:
        return False
    _send(invitation, INVITATION, actor_id)
    Invitation.objects.filter(pk=invitation_id).update(mailed=True)
    return True


def send_reminder(invitation_id: int, *, number: int, actor_id: int) -> bool:
    """Mail an expert who has not sealed the reminder of that number, once."""
    invitation = _load(invitation_id)
    if invitation is None or not invitation.reminders_sent < number <= MOST_REMINDERS:
        return False
    _send(invitation, REMINDER, actor_id)
    Invitation.objects.filter(pk=invitation_id).update(reminders_sent=number, mailed=True)
    return True


def link_address(token: str) -> str:
    """Return the address that a token makes a personal link of."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("weighting:receive-link", args=[token])


def _check_can_mail(round_: Round) -> None:
    if round_.state != RoundState.OPEN or round_.deadline <= timezone.now():
        raise Refused(_("Mail goes out only while the round is open."))
    _check_server()


def _check_server() -> None:
    if not has_mail_server():
        raise NoMailServer


def _waiting(round_: Round) -> QuerySet[Invitation]:
    return round_.invitations.filter(sealed=False, removed=False)


def _load(invitation_id: int) -> Invitation | None:
    """Return the invitation if its expert still has something to do."""
    waiting = Invitation.objects.filter(
        pk=invitation_id,
        sealed=False,
        removed=False,
        round__state=RoundState.OPEN,
        round__deadline__gt=timezone.now(),
    )
    return waiting.select_related("expert", "round__framework").first()


def _send(invitation: Invitation, letter: Letter, actor_id: int) -> None:
    _check_server()
    actor = Account.objects.get(pk=actor_id)
    token = issue_invitation_link(invitation)
    try:
        with translation.override(_language_of(invitation)):
            _compose(invitation, letter, link=link_address(token), actor=actor).send()
    except (SMTPException, OSError) as error:
        AccessLink.objects.filter(token_hash=hash_token(token)).delete()
        raise MailNotSent(f"invitation {invitation.pk}: {type(error).__name__}") from None
    record_act(actor, letter.act, invitation)


def _language_of(invitation: Invitation) -> str:
    offered = invitation.round.languages
    own = invitation.expert.language
    return own if own in offered or not offered else offered[0]


def _compose(invitation: Invitation, letter: Letter, *, link: str, actor: Account) -> EmailMessage:
    round_ = invitation.round
    context = {
        "expert": invitation.expert,
        "round": round_,
        "item_count": round_.items.count(),
        "keeps_link": round_.feedback == Feedback.OWN,
        "link": link,
        "manager": actor.get_full_name() or actor.get_username(),
    }
    return EmailMessage(
        # A title may hold line breaks, which a subject must not.
        subject=str(letter.subject) % {"title": " ".join(round_.title.split())},
        body=render_to_string(letter.template, context),
        to=[invitation.expert.email],
        reply_to=[actor.email] if actor.email else None,
    )
