"""SQLite whose writers wait for its one lock in even steps.

SQLite itself waits in ever longer steps, up to a tenth of a second: a lock that several writers
want then lies idle, and who has waited longest looks least often.
"""

import sqlite3
import time

from django.db import OperationalError
from django.db.backends.sqlite3 import base

STEP_SECONDS = 0.001


class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self) -> None:
        """Begin a transaction, for which all wait who write; give up after the connection's timeout."""
        with self.wrap_database_errors:
            (patience,) = self.connection.execute("PRAGMA busy_timeout").fetchone()
            self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            self._begin(steps=int(patience / 1000 / STEP_SECONDS))
        finally:
            with self.wrap_database_errors:
                self.connection.execute(f"PRAGMA busy_timeout = {patience:d}")

    def _begin(self, steps: int) -> None:
        # Counted, not timed: a machine that stood still meanwhile costs nobody the transaction.
        for left in range(steps, -1, -1):
            try:
                super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs lack it
                return
            except OperationalError as error:
                if not left or not _is_busy(error):
                    raise
            time.sleep(STEP_SECONDS)


def _is_busy(error: OperationalError) -> bool:
    # The low byte says what it is; the others say why.
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    return bool(code & 0xFF == sqlite3.SQLITE_BUSY)
