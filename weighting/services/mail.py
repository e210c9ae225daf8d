"""One mail to an expert: composed, and handed to the mail server.

Nothing in it tells anything about other experts. A link is made the moment its mail is sent and stands
nowhere else; what fails to be sent leaves no link behind.
"""

from smtplib import SMTPException, SMTPNotSupportedError, SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from config.logs import LINK
from weighting.enums import Feedback, LetterKind
from weighting.models import AccessLink, Invitation, Letter
from weighting.models.letter import LONGEST_REASON
from weighting.selectors.access import hash_token
from weighting.services.access import issue_invitation_link

TEMPLATES = {
    LetterKind.INVITATION: "weighting/mail/invitation.txt",
    LetterKind.REMINDER: "weighting/mail/reminder.txt",
}
SUBJECTS: dict[LetterKind, Promise] = {
    LetterKind.INVITATION: gettext_lazy("Your scores are asked for: %(title)s"),
    LetterKind.REMINDER: gettext_lazy("Still open: %(title)s"),
}


class MailNotSent(Exception):
    """The mail server took nothing; carries ids only, for it is logged and the cause names people."""


class Setback(Exception):
    """The server took nothing: for good, or this time. ``reason`` holds no link, and is not for logs."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        self.reason = reason
        self.for_good = for_good
        super().__init__()


def hand_over(letter: Letter) -> None:
    """Hand a letter with a new personal link to the mail server; raises `Setback`."""
    token = issue_invitation_link(letter.invitation)
    try:
        with translation.override(_language_of(letter.invitation)):
            _compose(letter, link=link_address(token)).send()
    except (SMTPException, OSError, ValueError) as error:
        AccessLink.objects.filter(token_hash=hash_token(token)).delete()
        raise setback_of(error, token=token) from None


def setback_of(error: Exception, *, token: str = "") -> Setback:
    """Say what a server's refusal means: answers from 500 on, and what cannot be written, are for good."""
    for_good = isinstance(error, SMTPNotSupportedError | ValueError)
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, SMTPRecipientsRefused):
        # There is one recipient.
        [(code, said)] = error.recipients.values()
        for_good, reason = code >= 500, _answer(code, said)
    elif isinstance(error, SMTPResponseException):
        for_good, reason = error.smtp_code >= 500, _answer(error.smtp_code, error.smtp_error)
    return Setback(_without_link(reason, token), for_good=for_good)


def link_address(token: str) -> str:
    """Return the address that a token makes a personal link of."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("weighting:receive-link", args=[token])


def _answer(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"


def _without_link(reason: str, token: str) -> str:
    """Cut the link out of what a server said, in one piece or with its lines broken."""
    said = " ".join(LINK.sub(r"\1…", reason).split())
    if token and token in "".join(said.split()).replace("=", ""):
        return said.partition(" ")[0]
    return said[:LONGEST_REASON]


def _language_of(invitation: Invitation) -> str:
    offered = invitation.round.languages
    own = invitation.expert.language
    return own if own in offered or not offered else offered[0]


def _compose(letter: Letter, *, link: str) -> EmailMessage:
    round_, actor = letter.invitation.round, letter.signed_by
    kind = LetterKind(letter.kind)
    context = {
        "expert": letter.invitation.expert,
        "round": round_,
        "item_count": round_.items.count(),
        "keeps_link": round_.feedback == Feedback.OWN,
        "link": link,
        "manager": actor.get_full_name() or actor.get_username(),
    }
    return EmailMessage(
        # A title may hold line breaks, which a subject must not.
        subject=str(SUBJECTS[kind]) % {"title": " ".join(round_.title.split())},
        body=render_to_string(TEMPLATES[kind], context),
        to=[letter.invitation.expert.email],
        reply_to=[actor.email] if actor.email else None,
    )
