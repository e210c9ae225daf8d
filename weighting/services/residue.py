"""What a deletion leaves on the disk: on SQLite, old pages in the write-ahead log."""

import logging

from django.db import connection, transaction

# Readers that hold the log back are gone within milliseconds; nobody waits longer for them.
PATIENCE_MS = 2_000

logger = logging.getLogger(__name__)


def empty_log_on_commit() -> None:
    """Empty the write-ahead log once the deletion is committed: until then it holds what was deleted.

    The file itself holds nothing deleted: ``secure_delete`` overwrites it. A log that somebody
    still reads from is left, which is logged; the next close empties it.
    """
    if connection.vendor == "sqlite":
        transaction.on_commit(_empty_log, robust=True)


def _empty_log() -> None:
    with connection.cursor() as cursor:
        patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS:d}")
        try:
            busy, _frames, _moved = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience:d}")
    if busy:
        logger.warning("the write-ahead log is in use and was not emptied")
