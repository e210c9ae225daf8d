"""SQLite whose writers wait for its one lock in even steps.

SQLite itself waits in ever longer steps, up to a tenth of a second: a lock that several writers
want then lies idle, and who has waited longest looks least often.
"""

import sqlite3
import time
from functools import lru_cache
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base, operations

from config.compilers import KeepsConverters

STEP_SECONDS = 0.001
# Statements of many rows are longer, and no two alike.
KEPT_LENGTH = 10_000


class DatabaseOperations(KeepsConverters, operations.DatabaseOperations):
    compiler_module = "config.sqlite.compiler"


class Cursor(base.SQLiteCursorWrapper):
    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        """Keep the way in which SQLite has the marks of values in a statement that is asked again."""
        if param_names is None and len(query) < KEPT_LENGTH:
            return _with_its_marks(query)
        return super().convert_query(query, param_names=param_names)  # type: ignore[misc]  # the stubs lack it


@lru_cache(1000)
def _with_its_marks(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=Cursor)

    def _start_transaction_under_autocommit(self) -> None:
        """Begin a transaction, for which all wait who write; give up after the connection's timeout."""
        with self.wrap_database_errors:
            (patience,) = self.connection.execute("PRAGMA busy_timeout").fetchone()
            self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs lack it
        except OperationalError as error:
            if not _is_busy(error.__cause__):
                raise
            with self.wrap_database_errors:
                self._begin_in_steps(int(patience / 1000 / STEP_SECONDS))
        finally:
            with self.wrap_database_errors:
                self.connection.execute(f"PRAGMA busy_timeout = {patience:d}")

    def _begin_in_steps(self, steps: int) -> None:
        # Past Django's cursors: many threads of one process, as tests have them, would else keep the
        # one that holds the lock from its work. Counted, not timed: a machine that stood still
        # meanwhile costs nobody the transaction.
        for left in range(steps, -1, -1):
            time.sleep(STEP_SECONDS)
            try:
                self.connection.execute(f"BEGIN {self.transaction_mode}")  # type: ignore[attr-defined]  # as above
                return
            except sqlite3.OperationalError as error:
                if not left or not _is_busy(error):
                    raise


def _is_busy(error: BaseException | None) -> bool:
    # The low byte says what it is; the others say why.
    code = getattr(error, "sqlite_errorcode", 0)
    return bool(code & 0xFF == sqlite3.SQLITE_BUSY)
