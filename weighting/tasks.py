"""What Celery runs for rounds. Arguments are ids; every task may be delivered twice or die half-way."""

import logging
from typing import Any

from celery import shared_task

from weighting.selectors.rounds import due_rounds
from weighting.services.cleaning import clear_ended_sessions, clear_sign_in_records
from weighting.services.mail import MailNotSent, send_invitation, send_reminder
from weighting.services.people_mail import send_new_password
from weighting.services.rounds import close_due_round

# The clock sends again anyway: old messages must not pile up.
CLOSE_EXPIRES = 30
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


@shared_task(**MAIL)
def mail_invitation(invitation_id: int, actor_id: int) -> bool:
    """Mail one expert the invitation; the link is made here, so that no message to a worker holds it."""
    return send_invitation(invitation_id, actor_id=actor_id)


@shared_task(**MAIL)
def mail_reminder(invitation_id: int, number: int, actor_id: int) -> bool:
    """Mail one expert the reminder of that number."""
    return send_reminder(invitation_id, number=number, actor_id=actor_id)


@shared_task(**MAIL)
def mail_new_password(account_id: int) -> bool:
    """Mail a member of staff a link to a new password; it is made here, so that no message holds it."""
    return send_new_password(account_id)
