"""The one statement that stores an answer: it checks the round and the revision while it writes.

Autosave is the busiest act of all. Here the state of the round, its rule, the item and the
revision are read by the statement that writes, under the lock on the ballot that its caller holds.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from weighting.enums import RoundState, Rule
from weighting.models import Ballot, Indicator, Round, RoundItem, Score
from weighting.models.ballot import random_order_key

TABLE = Score._meta.db_table
# One row, or none: the answer to an open round that asks about the item and whose rule allows it.
ANSWER = f"""
    SELECT %s, item.indicator_id, %s, %s, 1, %s, ''
    FROM {RoundItem._meta.db_table} item
    JOIN {Round._meta.db_table} round ON round.id = item.round_id
    JOIN {Indicator._meta.db_table} indicator ON indicator.id = item.indicator_id
    WHERE round.id = %s AND round.state = %s AND round.deadline > %s AND indicator.code = %s
        AND (round.rule = %s OR %s)
"""
# True where the page saw the newest answer and brings another one; an abstention is null.
CHANGES = f"{TABLE}.revision = %s AND COALESCE({TABLE}.value, 0) <> COALESCE(EXCLUDED.value, 0)"
WRITE = f"""
    INSERT INTO {TABLE} (id, indicator_id, ballot_id, value, revision, client, comment) {ANSWER}
    ON CONFLICT (ballot_id, indicator_id) DO UPDATE SET
        value = CASE WHEN {CHANGES} THEN EXCLUDED.value ELSE {TABLE}.value END,
        client = CASE WHEN {CHANGES} THEN EXCLUDED.client ELSE {TABLE}.client END,
        revision = CASE WHEN {CHANGES} THEN {TABLE}.revision + 1 ELSE {TABLE}.revision END
    RETURNING indicator_id, value, revision
"""


@dataclass(frozen=True)
class SavedAnswer:
    """The answer as it now stands in the database."""

    indicator_id: int
    value: int | None
    revision: int


def write_answer(
    held: Ballot, *, code: str, value: int | None, seen_revision: int, client: str, now: datetime
) -> SavedAnswer | None:
    """Insert the answer, or replace the one that the page saw; return what stands afterwards.

    None means that nothing could be written: the round is not open at ``now``, it does not ask
    about the item, or its rule allows no abstention. The ballot must be locked, and the value on the
    scale.
    """
    ballot_id = Score._meta.get_field("ballot").get_db_prep_value(held.pk, connection)
    moment = connection.ops.adapt_datetimefield_value(now)
    asked = (held.round_id, RoundState.OPEN.value, moment, code)
    allowed = (Rule.NORMALISED_MEAN.value, value is not None)
    with connection.cursor() as cursor:
        answer = (random_order_key(), ballot_id, value, client)
        cursor.execute(WRITE, (*answer, *asked, *allowed, *[seen_revision] * 3))
        row = cursor.fetchone()
    return SavedAnswer(*row) if row else None
