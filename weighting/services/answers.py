"""Storing one answer: round, rule, item and revision are checked by the statement that writes it.

Autosave is the busiest act of all. The ballot is locked first; what must still be true then is read by
the second statement, under the lock: whoever waited for a close reads the closed state.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from weighting.enums import RoundState, Rule
from weighting.models import Ballot, Indicator, Round, RoundItem, Score
from weighting.models.ballot import random_order_key
from weighting.services.one_trip import run_in_one_trip

TABLE, BALLOT = Score._meta.db_table, Ballot._meta.db_table
HOLD = f"SELECT id FROM {BALLOT} WHERE lock = %s AND round_id = %s FOR UPDATE"
# One row, or none: the answer to an open round that asks about the item and whose rule allows it.
ANSWER = f"""
    SELECT CAST(%s AS bigint), item.indicator_id, ballot.id, CAST(%s AS integer), 1, CAST(%s AS text), ''
    FROM {BALLOT} ballot
    JOIN {Round._meta.db_table} round ON round.id = ballot.round_id
    JOIN {RoundItem._meta.db_table} item ON item.round_id = round.id
    JOIN {Indicator._meta.db_table} indicator ON indicator.id = item.indicator_id
    WHERE ballot.lock = %s AND round.id = %s AND round.state = %s AND round.deadline > %s
        AND indicator.code = %s
        AND (round.rule = %s OR CAST(%s AS boolean))
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
    lock: str, round_id: int, *, code: str, value: int | None, seen_revision: int, client: str, now: datetime
) -> SavedAnswer | None:
    """Insert the answer of the ballot with this lock, or replace the one that the page saw; commit it.

    Returns what stands afterwards. None means that nothing could be written: there is no such ballot, its
    round is not open at ``now``, it does not ask about the item, or its rule allows no abstention. The value
    must be on the scale.
    """
    moment = connection.ops.adapt_datetimefield_value(now)
    asked = (lock, round_id, RoundState.OPEN.value, moment, code)
    allowed = (Rule.NORMALISED_MEAN.value, value is not None)
    answer = (random_order_key(), value, client)
    row = run_in_one_trip(
        (HOLD, (lock, round_id)), (WRITE, (*answer, *asked, *allowed, *[seen_revision] * 3))
    )
    return SavedAnswer(*row) if row else None
