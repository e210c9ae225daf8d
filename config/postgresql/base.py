"""PostgreSQL whose kept connections are asked whether they work only where something was heard on them.

Whoever ends a connection, the server or the network, is heard on it, and a server that has nothing to say
says nothing: to look costs nothing, and to ask was a trip of every page and every save. A machine that went
away without a word is found out by the kernel, within two seconds by the settings' timeouts.

A server that is started anew is waited for, so that nobody is told to try again for a second's sake.
"""

import select
import socket
import time
from typing import Any, ClassVar

import psycopg
from django.db.backends.postgresql import base, operations

from config.compilers import KeepsConverters

# Whoever asks while the server is away waits so long from when it was first missed, and is told at once after
# that. With what one more try takes this stays within what /healthz may take (config.health).
PATIENCE_SECONDS = 1.5
AGAIN_SECONDS = 0.2
# A server that is there is reached within milliseconds. psycopg waits for two seconds at least, and the
# address of a container that is started anew leads nowhere meanwhile.
REACH_SECONDS = 0.5


class DatabaseOperations(KeepsConverters, operations.DatabaseOperations):
    compiler_module = "config.postgresql.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
    # When the server was first missed, by the clock of this process; None while it is there.
    _missed_at: ClassVar[float | None] = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, where need be once the server is back."""
        while True:
            began_at = time.monotonic()
            try:
                connection = self._connect(conn_params)
            except psycopg.OperationalError:
                missed_at = DatabaseWrapper._missed_at = DatabaseWrapper._missed_at or began_at
                if time.monotonic() - missed_at > PATIENCE_SECONDS:
                    raise
                time.sleep(AGAIN_SECONDS)
            else:
                DatabaseWrapper._missed_at = None
                return connection

    def close_if_health_check_failed(self) -> None:
        """Close a connection that no longer works, before the first statement of a request."""
        if self.connection is not None and not self.connection.closed and not self._is_spoken_on():
            self.health_check_done = True
            return
        super().close_if_health_check_failed()

    def _connect(self, conn_params: dict[str, Any]) -> Any:
        host = conn_params.get("host", "")
        # A folder of a socket is there or is not; of several hosts psycopg chooses.
        if host and not host.startswith("/") and "," not in host:
            try:
                socket.create_connection((host, conn_params.get("port", 5432)), REACH_SECONDS).close()
            except OSError as error:
                raise psycopg.OperationalError(
                    f"nobody answers at the database's address: {error}"
                ) from error
        return super().get_new_connection(conn_params)

    def _is_spoken_on(self) -> bool:
        ear = select.poll()
        ear.register(self.connection.fileno(), select.POLLIN)
        return bool(ear.poll(0))
