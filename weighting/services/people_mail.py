"""Mail to members of staff, whose links are shown to the administrator as well."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from weighting.models import Account, JoinLink
from weighting.services.access import issue_password_link
from weighting.services.mail import MailNotSent, link_address

logger = logging.getLogger(__name__)


@sensitive_variables("address")
def mail_invite(link: JoinLink, *, address: str, actor: Account) -> bool:
    """Mail a one-time link to whom it is for; False where the server did not take it."""
    inviter = actor.get_full_name() or actor.get_username()
    with translation.override(link.language or settings.LANGUAGE_CODE):
        body = render_to_string(
            "weighting/mail/join.txt", {"link": link, "address": address, "inviter": inviter}
        )
        subject = _("%(name)s invites you to Quanheng") % {"name": inviter}
    return _send(subject, body, link.email, subject_id=f"join link {link.pk}")


def send_new_password(account_id: int) -> bool:
    """Mail a link to a new password; False when there was nobody to mail."""
    account = Account.objects.filter(pk=account_id, is_active=True).exclude(email="").first()
    if account is None:
        return False
    with translation.override(account.language or settings.LANGUAGE_CODE):
        context = {
            "account": account,
            "name": account.get_full_name() or account.get_username(),
            "address": link_address(issue_password_link(account)),
        }
        body = render_to_string("weighting/mail/new_password.txt", context)
        subject = _("A new password for Quanheng")
    if not _send(subject, body, account.email, subject_id=f"account {account.pk}"):
        raise MailNotSent(f"account {account.pk}")
    return True


def _send(subject: str, body: str, to: str, *, subject_id: str) -> bool:
    """Hand one mail to the server; what it says is logged without the address."""
    try:
        return bool(send_mail(" ".join(subject.split()), body, None, [to]))
    except (SMTPException, OSError) as error:
        logger.warning("mail not sent: %s: %s", subject_id, type(error).__name__)
        return False
