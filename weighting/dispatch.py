"""Letter row first, wake-up after it: without a broker the clock sends them a little later."""

import logging
from collections.abc import Sequence

from celery import Task, current_app
from django.conf import settings
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError
from redis import RedisError

from weighting.exceptions import Refused
from weighting.models import Account, Letter, Round
from weighting.selectors.people import accounts_with_address
from weighting.services.attempts import count_attempt
from weighting.services.letters import write_invitations, write_reminder
from weighting.tasks import mail_letter, mail_new_password

# Somebody waits for the answer to a web request: a broker that is away may cost a second or two.
IMPATIENT = {
    **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    "max_retries": 0,
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
}

logger = logging.getLogger(__name__)


def queue_invitations(round_: Round, *, actor: Account) -> int:
    """Have the invitation mailed to everybody who got none; return how many that are."""
    return _wake(write_invitations(round_, actor=actor))


def queue_reminders(round_: Round, *, actor: Account) -> int:
    """Have the next reminder mailed to everybody who has not sealed; return how many that are."""
    return _wake(write_reminder(round_, actor=actor))


def queue_password_mails(email: str) -> None:
    """Have a link to a new password mailed to every account in use that has the address."""
    accounts = accounts_with_address(email)
    _queue(mail_new_password, [[account.pk] for account in accounts if _may_be_mailed(account)])


def _may_be_mailed(account: Account) -> bool:
    """Whoever knows an address must not fill its box."""
    return count_attempt("password mail", str(account.pk)) is not None


def _wake(letters: Sequence[Letter]) -> int:
    """Tell the workers of letters that wait, by ids; return how many there are."""
    try:
        _tell(mail_letter, [[letter.pk] for letter in letters])
    except (OperationalError, RedisError) as error:
        logger.warning("no broker (%s): letters wait for the clock", type(error).__name__)
    return len(letters)


def _queue(task: Task, arguments: list[list[int]]) -> None:
    """Tell the workers what no row waits for, so that without a broker nothing is sent."""
    try:
        _tell(task, arguments)
    except (OperationalError, RedisError):
        raise Refused(
            _(
                "The mail queue does not answer, so some mails or all were not sent. Try again in a minute: "
                "nobody gets the same mail twice."
            )
        ) from None


def _tell(task: Task, arguments: list[list[int]]) -> None:
    with current_app.connection_for_write(transport_options=IMPATIENT) as connection:
        for row in arguments:
            task.apply_async(row, connection=connection, retry=False)
