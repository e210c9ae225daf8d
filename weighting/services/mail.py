"""One mail to an expert: composed, and handed to the mail server.

Nothing in it tells anything about other experts. A link is made the moment its mail is sent and stands
nowhere else; what fails to be sent leaves no link behind.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from smtplib import (
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from config.logs import LINK
from config.mail import has_mail_server
from weighting.enums import LetterKind
from weighting.exceptions import NoMailServer, Refused
from weighting.models import AccessLink, Account, Expert, Invitation, Letter, Round
from weighting.models.letter import LONGEST_REASON
from weighting.placeholders import fill
from weighting.selectors.access import hash_token
from weighting.services.access import issue_invitation_link
from weighting.services.attempts import count_attempt
from weighting.services.claims import hold_round
from weighting.services.letter_texts import Words, words_of

# Where the link stands in a preview and in a test.
EXAMPLE_LINK = "EXAMPLE"
# A web request waits for a test: a mail server that is slow may cost this many seconds.
TEST_TIMEOUT = 5


class MailNotSent(Exception):
    """The mail server took nothing; carries ids only, for it is logged and the cause names people."""


class Setback(Exception):
    """The server took nothing: for good, or this time. ``reason`` holds no link, and is not for logs.

    A server that ``is_away`` was not reached or fell silent, whatever it would have been handed.
    """

    def __init__(self, reason: str, *, for_good: bool, is_away: bool) -> None:
        self.reason = reason
        self.for_good = for_good
        self.is_away = is_away
        super().__init__()


def hand_over(letter: Letter) -> None:
    """Hand a letter with a new personal link to the mail server; raises `Setback`."""
    with transaction.atomic():
        # An address that is being corrected is waited for.
        hold_round(letter.invitation.round_id)
        token = issue_invitation_link(letter.invitation)
    # Read once the link is there: an address corrected before this is used, and a correction after it
    # revokes the link.
    letter.invitation.expert.refresh_from_db(fields=["email"])
    try:
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
    return Setback(_without_link(reason, token), for_good=for_good, is_away=_is_away(error))


def _is_away(error: Exception) -> bool:
    """Whether a server answered nothing; one that hangs up over a mail may do so over that mail alone."""
    if isinstance(error, SMTPServerDisconnected):
        # The library says no more of whoever fell silent.
        return isinstance(error.__context__, TimeoutError)
    return isinstance(error, OSError) and not isinstance(error, SMTPException)


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


def _compose(letter: Letter, *, link: str) -> EmailMessage:
    round_, expert = letter.invitation.round, letter.invitation.expert
    language = letter.invitation.language
    words = words_of(round_, LetterKind(letter.kind), language)
    values = _values_of(round_, language, name=expert.name, signed_by=letter.signed_by, link=link)
    return _message(_filled(words, values), to=expert.email, answers_to=letter.signed_by)


def texts_of(
    kind: LetterKind, invitations: Iterable[Invitation], *, link: Callable[[], str], actor: Account
) -> list[str]:
    """Return the texts of mails, each in its expert's language, for somebody who hands them on by hand."""
    texts: dict[str, tuple[Words, dict[str, str]]] = {}
    written = []
    for invitation in invitations:
        language = invitation.language
        if language not in texts:
            with translation.override(language):
                said = link()
            values = _values_of(invitation.round, language, name="", signed_by=actor, link=said)
            texts[language] = words_of(invitation.round, kind, language), values
        words, values = texts[language]
        written.append(_filled(words, {**values, "name": invitation.expert.name}).body)
    return written


def example_of(words: Words, round_: Round, language: str, *, actor: Account) -> Words:
    """Return a mail as an expert of the round would read it, with a link that opens nothing."""
    experts = Expert.objects.filter(panel=round_.panel_id)
    expert = experts.filter(language=language).first() or experts.first()
    name = expert.name if expert else actor.get_username()
    link = link_address(EXAMPLE_LINK)
    return _filled(words, _values_of(round_, language, name=name, signed_by=actor, link=link))


def _values_of(round_: Round, language: str, *, name: str, signed_by: Account, link: str) -> dict[str, str]:
    """Return what stands in the places of a mail."""
    with translation.override(language):
        return {
            "name": name,
            "round": round_.title,
            "framework": round_.framework.name,
            "items": str(round_.items.count()),
            "deadline": round_.deadline_text,
            "manager": signed_by.get_full_name() or signed_by.get_username(),
            "link": link,
        }


def _filled(words: Words, values: Mapping[str, str]) -> Words:
    # A title may hold line breaks, which a subject must not.
    return Words(" ".join(fill(words.subject, values).split()), fill(words.body, values))


def send_example(round_: Round, kind: LetterKind, language: str, *, actor: Account) -> str:
    """Hand a mail of the round to the mail server, for its manager alone; return their address."""
    if not actor.email:
        raise Refused(_("Your account has no e-mail address: add one on your own page, then try again."))
    if not has_mail_server():
        raise NoMailServer
    if count_attempt("test mail", str(actor.pk)) is None:
        raise Refused(_("Too many test mails were sent: wait a quarter of an hour and try again."))
    words = example_of(words_of(round_, kind, language), round_, language, actor=actor)
    words = replace(words, subject=_("Test: %(subject)s") % {"subject": words.subject})
    try:
        message = _message(words, to=actor.email, answers_to=actor)
        message.connection = get_connection(timeout=TEST_TIMEOUT)
        message.send()
    except (SMTPException, OSError, ValueError) as error:
        reason = setback_of(error).reason
        raise Refused(_("The mail server did not take it: %(reason)s") % {"reason": reason}) from None
    return actor.email


def _message(words: Words, *, to: str, answers_to: Account) -> EmailMessage:
    reply_to = [answers_to.email] if answers_to.email else None
    return EmailMessage(subject=words.subject, body=words.body, to=[to], reply_to=reply_to)
