"""Storing one answer: round, rule, item and revision are checked by the statement that writes it.

Autosave is the busiest act of all. The ballot is locked first; what must still be true then is read by
a second statement, under the lock: whoever waited for a close reads the closed state. On PostgreSQL both are
one function of the database, called in one trip.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, connections, transaction

from weighting.enums import RoundState, Rule
from weighting.models import Ballot, Indicator, Round, RoundItem, Score
from weighting.models.ballot import random_order_key

TABLE, BALLOT = Score._meta.db_table, Ballot._meta.db_table
HOLD = f"PERFORM id FROM {BALLOT} WHERE lock = %(lock)s AND round_id = %(round)s AND NOT ended FOR UPDATE"
# One row, or none: the answer to an open round that asks about the item and whose rule allows it.
ANSWER = f"""
    SELECT CAST(%(row)s AS bigint), item.indicator_id, ballot.id,
        CAST(%(value)s AS integer), 1, CAST(%(client)s AS text), ''
    FROM {BALLOT} ballot
    JOIN {Round._meta.db_table} round ON round.id = ballot.round_id
    JOIN {RoundItem._meta.db_table} item ON item.round_id = round.id
    JOIN {Indicator._meta.db_table} indicator ON indicator.id = item.indicator_id
    WHERE ballot.lock = %(lock)s AND NOT ballot.ended AND round.id = %(round)s
        AND round.state = '{RoundState.OPEN.value}' AND round.deadline > %(moment)s
        AND indicator.code = %(code)s
        AND (round.rule = '{Rule.NORMALISED_MEAN.value}' OR %(value)s IS NOT NULL)
"""
# True where the page saw the newest answer and brings another one; an abstention is null.
CHANGES = f"{TABLE}.revision = %(seen)s AND COALESCE({TABLE}.value, 0) <> COALESCE(EXCLUDED.value, 0)"
WRITE = f"""
    INSERT INTO {TABLE} (id, indicator_id, ballot_id, value, revision, client, comment) {ANSWER}
    ON CONFLICT (ballot_id, indicator_id) DO UPDATE SET
        value = CASE WHEN {CHANGES} THEN EXCLUDED.value ELSE {TABLE}.value END,
        client = CASE WHEN {CHANGES} THEN EXCLUDED.client ELSE {TABLE}.client END,
        revision = CASE WHEN {CHANGES} THEN {TABLE}.revision + 1 ELSE {TABLE}.revision END
    RETURNING indicator_id, value, revision
"""
FUNCTION = "weighting_save_answer"
ARGUMENTS = {
    "lock": "text",
    "round": "bigint",
    "row": "bigint",
    "value": "integer",
    "client": "text",
    "moment": "timestamptz",
    "code": "text",
    "seen": "integer",
}
CALL = f"SELECT * FROM {FUNCTION}({', '.join(f'%({name})s' for name in ARGUMENTS)})".encode()


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
    said = {
        "lock": lock,
        "round": round_id,
        "row": random_order_key(),
        "value": value,
        "client": client,
        "moment": connection.ops.adapt_datetimefield_value(now),
        "code": code,
        "seen": seen_revision,
    }
    row = _call(said) if connection.vendor == "postgresql" else _write(said)
    return SavedAnswer(*row) if row else None


def install_function(using: str) -> None:
    """Let PostgreSQL know how an answer is stored.

    Each statement of such a function reads what was committed before it began; all of one statement, and of
    a function in plain SQL, is read at once, and would write into a round that was closed meanwhile.
    """
    if connections[using].vendor != "postgresql":
        return
    names = {name: f"said_{name}" for name in ARGUMENTS}
    arguments = ", ".join(f"{names[name]} {kind}" for name, kind in ARGUMENTS.items())
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {FUNCTION}({arguments})"
            " RETURNS TABLE (stored_indicator bigint, stored_value smallint, stored_revision integer)"
            f" LANGUAGE plpgsql AS $$ BEGIN {HOLD % names}; RETURN QUERY {WRITE % names}; END $$"
        )


def _call(said: dict[str, Any]) -> tuple[Any, ...] | None:
    # Loading it is a tenth of a start, and on SQLite nobody needs it.
    import psycopg

    with connection.cursor() as cursor:
        # Made by Django, so that the connection was looked after; its own cursors prepare no statement.
        link: psycopg.Connection[Any] = cursor.connection
    with connection.wrap_database_errors:
        return psycopg.Cursor(link).execute(CALL, said, prepare=True).fetchone()


def _write(said: dict[str, Any]) -> tuple[Any, ...] | None:
    """Do the same on SQLite, which locks as the transaction begins."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WRITE, said)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
