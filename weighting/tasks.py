"""What Celery runs for rounds. Arguments are ids; every task may be delivered twice or die half-way."""

import logging
from typing import Any

from celery import shared_task

from weighting.selectors.letters import due_letters, due_reminders
from weighting.selectors.rounds import due_rounds
from weighting.services.cleaning import clear_ended_sessions, clear_sign_in_records
from weighting.services.letters import deliver_letter, give_up_exhausted
from weighting.services.mail import MailNotSent
from weighting.services.people_mail import send_new_password
from weighting.services.reminders import write_planned_reminder
from weighting.services.rounds import close_due_round

# The clock sends again anyway: old messages must not pile up.
CLOSE_EXPIRES = 30
LETTER_EXPIRES = 60
# A mail server that is away or busy is asked again for about an hour.
MAIL: dict[str, Any] = {
    "autoretry_for": (MailNotSent,),
    "retry_backoff": 30,
    "retry_backoff_max": 900,
    "max_retries": 8,
}

logger = logging.getLogger(__name__)


@shared_task(expires=CLOSE_EXPIRES)
def close_due_rounds() -> list[int]:
    """Close every round whose deadline has passed; return which this call closed."""
    closed = [round_.pk for round_ in due_rounds() if close_due_round(round_)]
    if closed:
        logger.info("rounds closed at their deadline: %s", closed)
    return closed


@shared_task(expires=CLOSE_EXPIRES)
def clear_old_records() -> None:
    """Throw away ended sessions and old records of sign-ins."""
    clear_ended_sessions()
    clear_sign_in_records()


@shared_task(expires=LETTER_EXPIRES)
def mail_letter(letter_id: int) -> bool:
    """Mail one letter; its link is made here, so that no message to a worker holds it."""
    return deliver_letter(letter_id)


@shared_task(expires=LETTER_EXPIRES)
def sweep_letters() -> None:
    """Send again what nobody took or a server put off, and give up on what was tried too often."""
    give_up_exhausted()
    for letter_id in due_letters().values_list("pk", flat=True):
        mail_letter.delay(letter_id)


@shared_task(expires=LETTER_EXPIRES)
def write_due_reminders() -> None:
    """Write every planned reminder whose hour has come, and have its letters sent."""
    for plan in due_reminders():
        for letter in write_planned_reminder(plan):
            mail_letter.delay(letter.pk)


@shared_task(**MAIL)
def mail_new_password(account_id: int) -> bool:
    """Mail a member of staff a link to a new password; it is made here, so that no message holds it."""
    return send_new_password(account_id)
