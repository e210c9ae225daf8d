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


def _send(subject: str, body: str, to: str, *, subject_id: str) -> bool:
    """Hand one mail to the server; what it says is logged without the address."""
    try:
        return bool(send_mail(" ".join(subject.split()), body, None, [to]))
    except (SMTPException, OSError) as error:
        logger.warning("mail not sent: %s: %s", subject_id, type(error).__name__)
        return False
