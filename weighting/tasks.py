"""What Celery runs for rounds. Arguments are ids; every task may be delivered twice or die half-way."""

import logging

from celery import shared_task

from weighting.selectors.rounds import due_rounds
from weighting.services.rounds import close_due_round

# The clock sends again anyway: old messages must not pile up.
CLOSE_EXPIRES = 30

logger = logging.getLogger(__name__)


@shared_task(expires=CLOSE_EXPIRES)
def close_due_rounds() -> list[int]:
    """Close every round whose deadline has passed; return which this call closed."""
    closed = [round_.pk for round_ in due_rounds() if close_due_round(round_)]
    if closed:
        logger.info("rounds closed at their deadline: %s", closed)
    return closed
