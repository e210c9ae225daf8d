"""Tell the workers what to mail to whom, by ids; without a broker nothing is sent, and that is said."""

from typing import Any

from celery import Task, current_app
from django.conf import settings
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError
from redis import RedisError

from weighting.exceptions import Refused
from weighting.models import Account, Round
from weighting.selectors.people import accounts_with_address
from weighting.services.attempts import count_attempt
from weighting.services.mail import count_reminder, invitations_to_mail, invitations_to_remind
from weighting.tasks import mail_invitation, mail_new_password, mail_reminder

# Somebody waits for the answer to a web request: a broker that is away may cost a second or two.
IMPATIENT = {
    **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    "max_retries": 0,
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
}


def queue_invitations(round_: Round, *, actor: Account) -> int:
    """Have the invitation mailed to everybody who got none; return how many that are."""
    ids = list(invitations_to_mail(round_).values_list("pk", flat=True))
    return _queue(mail_invitation, [[pk, actor.pk] for pk in ids])


def queue_reminders(round_: Round, *, actor: Account) -> int:
    """Have the next reminder mailed to everybody who has not sealed; return how many that are.

    Asking twice sends once: both name the reminder by the same number.
    """
    ids = list(invitations_to_remind(round_).values_list("pk", flat=True))
    number = round_.reminders_sent + 1
    queued = _queue(mail_reminder, [[pk, number, actor.pk] for pk in ids])
    count_reminder(round_, number=number, actor=actor)
    return queued


def queue_password_mails(email: str) -> None:
    """Have a link to a new password mailed to every account in use that has the address."""
    accounts = accounts_with_address(email)
    _queue(mail_new_password, [[account.pk] for account in accounts if _may_be_mailed(account)])


def _may_be_mailed(account: Account) -> bool:
    """Whoever knows an address must not fill its box."""
    return count_attempt("password mail", str(account.pk)) is not None


def _queue(task: Task, arguments: list[list[Any]]) -> int:
    try:
        with current_app.connection_for_write(transport_options=IMPATIENT) as connection:
            for row in arguments:
                task.apply_async(row, connection=connection, retry=False)
    except (OperationalError, RedisError):
        raise Refused(
            _(
                "The mail queue does not answer, so some mails or all were not sent. Try again in a minute: "
                "nobody gets the same mail twice."
            )
        ) from None
    return len(arguments)
