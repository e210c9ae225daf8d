"""What a change leaves on the disk: on SQLite old pages in the write-ahead log, on PostgreSQL dead rows."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from weighting.models import Invitation
from weighting.turnstiles import Errand

# Readers that hold the log back are gone within milliseconds; nobody waits longer for them.
PATIENCE_MS = 2_000

logger = logging.getLogger(__name__)

# Who seals a ballot waits for this, so it is tried for a moment only, and again later.
MOMENT_MS = 250
# Where PostgreSQL keeps the rows about people, and those about ballots, of rounds that have not ended: what
# rewriting them takes must not grow with all the rounds that ever were.
PEOPLE = ("weighting_invitation_open",)
BALLOTS = ("weighting_ballot_open", "weighting_score")
# The PostgreSQL from which on somebody else than their owner may be let do that.
MAINTAIN_SINCE = 170_000


def empty_log_on_commit() -> None:
    """Empty the disk of what was deleted, once the deletion is committed.

    On SQLite that is the write-ahead log: the file itself holds nothing deleted, for ``secure_delete``
    overwrites it. On PostgreSQL it is the dead rows of the tables, which are written anew without them.
    What is in use meanwhile is left, which is logged, and emptied as soon as it can be.
    """
    _once_on_commit(EMPTYING.ask)


def forget_order_on_commit() -> None:
    """Empty the disk of which invitation was changed after which, once a change of one is committed.

    What was changed last lies last, as the ballot does that was written with it: on SQLite in the index of
    the claims, on PostgreSQL among the dead rows. So the invitations of all rounds under way are put back in
    the order of their keys, and what stood there before is emptied.

    All who read or write invitations wait meanwhile. So when many come at once it is done for all of a
    process together, once in `settings.FORGETTING_REST_SECONDS`, and no answer waits for it.
    """
    _once_on_commit(FORGETTING.ask)


def forget_what_was_left() -> None:
    """Do what a process that was killed had still to do for those who came; in a thread of its own."""
    try:
        FORGETTING.ask()
    finally:
        connections.close_all()


def _once_on_commit(act: Callable[[], None]) -> None:
    if all(waiting[1] != act for waiting in connection.run_on_commit):
        transaction.on_commit(act, robust=True)


def _told(act: Callable[[], bool]) -> bool:
    """Act, and return whether something is left: all where the database is busy, away or not yet made."""
    try:
        return act()
    except DatabaseError as error:
        logger.warning("the disk was not emptied: %s", type(error.__cause__ or error).__name__)
        return True


def _empty_all() -> bool:
    if connection.vendor == "sqlite":
        return _empty_log(PATIENCE_MS)
    return _rewrite_tables(*PEOPLE, *BALLOTS)


def _forget_order() -> bool:
    if connection.vendor == "sqlite":
        _lay_people_in_order()
        return _empty_log(MOMENT_MS)
    return _rewrite_tables(*PEOPLE)


@transaction.atomic
def _lay_people_in_order() -> None:
    """Take the rows off SQLite's pages and out of its indexes, and put them back in the order of their keys.

    A row of the same size that is only updated stays where it lies.
    """
    columns = ", ".join(field.column for field in Invitation._meta.concrete_fields)
    table = Invitation._meta.db_table
    with connection.cursor() as cursor:
        people = cursor.execute(f"SELECT {columns} FROM {table} WHERE NOT ended ORDER BY id").fetchall()
        cursor.execute(f"DELETE FROM {table} WHERE NOT ended")
        values = ", ".join(["%s"] * len(Invitation._meta.concrete_fields))
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({values})", people)


def _rewrite_tables(*tables: str) -> bool:
    """Write tables anew without their dead rows, in the order of their keys; return whether any are left.

    Only their owner may, or who may maintain them. VACUUM would keep the order in which rows were written.
    """
    kept: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{PATIENCE_MS}ms"])
        try:
            with _dead_rows_counted_in(kept):
                for table in tables:
                    cursor.execute(f"CLUSTER VERBOSE {table} USING {table}_pkey")
        except DatabaseError as error:
            logger.warning("dead rows were not removed: %s", type(error.__cause__ or error).__name__)
            # What was in the way goes away; a right that is missing does not come.
            return isinstance(error, OperationalError)
        finally:
            cursor.execute("SELECT set_config('lock_timeout', '0', false)")
    if any(kept):
        logger.info("dead rows are left: %d, which a transaction under way may look at", sum(kept))
    return any(kept)


@contextmanager
def _dead_rows_counted_in(kept: list[int]) -> Iterator[None]:
    """Note how many dead rows PostgreSQL says that it kept, once for each table.

    It keeps those that a transaction under way might look at, be it of another table. It says so in words of
    the server's language, of which the first number tells.
    """

    def hear(said: Any) -> None:
        if number := re.search(r"\d+", said.message_detail or ""):
            kept.append(int(number[0]))

    connection.connection.add_notice_handler(hear)
    try:
        yield
    finally:
        connection.connection.remove_notice_handler(hear)


def _empty_log(patience_ms: int) -> bool:
    """Empty the write-ahead log; return whether it is left."""
    busy = True
    with connection.cursor() as cursor:
        patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {patience_ms:d}")
        try:
            busy, _frames, _moved = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except DatabaseError:
            # Somebody writes: what is in the log now is emptied later.
            pass
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience:d}")
    if busy:
        logger.warning("the write-ahead log is in use and was not emptied")
    return bool(busy)


FORGETTING = Errand(lambda: _told(_forget_order), settings.FORGETTING_REST_SECONDS)
EMPTYING = Errand(lambda: _told(_empty_all), rest_seconds=0)
