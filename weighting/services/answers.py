"""The one statement that stores an answer: it checks the round and the revision while it writes.

Autosave is the busiest act of all. Here the state of the round, the item and the revision are
read by the statement that writes, under the lock on the invitation that its caller holds.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import CharField, IntegerField, SmallIntegerField, TextField, UUIDField, Value

from weighting.enums import RoundState
from weighting.models import Invitation, RoundItem, Score

TABLE = Score._meta.db_table
# True where the page saw the newest answer and brings another one; an abstention is null.
CHANGES = f"{TABLE}.revision = %s AND COALESCE({TABLE}.value, 0) <> COALESCE(EXCLUDED.value, 0)"
WRITE = f"""
    INSERT INTO {TABLE} (indicator_id, ballot_id, value, revision, client, comment) {{answer}}
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
    held: Invitation, *, code: str, value: int | None, seen_revision: int, client: str, now: datetime
) -> SavedAnswer | None:
    """Insert the answer, or replace the one that the page saw; return what stands afterwards.

    None means that nothing could be written: the round is not open at ``now``, it does not ask
    about the item, or the invitation has no ballot. The invitation must be locked.
    """
    if held.ballot_id is None:
        return None
    answer, parameters = _answer_to_open_round(held, code, value, client, now)
    with connection.cursor() as cursor:
        cursor.execute(WRITE.format(answer=answer), [*parameters, *[seen_revision] * 3])
        row = cursor.fetchone()
    return SavedAnswer(*row) if row else None


def _answer_to_open_round(
    held: Invitation, code: str, value: int | None, client: str, now: datetime
) -> tuple[str, tuple[Any, ...]]:
    """Return the SELECT of the row to insert: no row unless the round is open and asks about the item."""
    items = RoundItem.objects.filter(
        round_id=held.round_id,
        round__state=RoundState.OPEN,
        round__deadline__gt=now,
        indicator__code=code,
    )
    row = items.order_by().values_list(
        "indicator_id",
        Value(held.ballot_id, output_field=UUIDField()),
        Value(value, output_field=SmallIntegerField()),
        Value(1, output_field=IntegerField()),
        Value(client, output_field=CharField()),
        Value("", output_field=TextField()),
    )
    statement, parameters = row.query.sql_with_params()
    return statement, parameters
