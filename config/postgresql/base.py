"""PostgreSQL whose kept connections are asked whether they work only where something was heard on them.

Whoever ends a connection, the server or the network, is heard on it, and a server that has nothing to say
says nothing: to look costs nothing, and to ask was a trip of every page and every save. A machine that went
away without a word is found out by the kernel, within two seconds by the settings' timeouts.

A server that is started anew is waited for, so that nobody is told to try again for a second's sake.
"""

import select
import socket
from typing import Any, ClassVar

import psycopg
from django.db.backends.postgresql import base, operations

from config.compilers import KeepsConverters
from config.postgresql.callers import Callers

# A server that is there is reached within milliseconds. psycopg waits for two seconds at least, and the
# address of a container that is started anew leads nowhere meanwhile.
REACH_SECONDS = 0.5


class DatabaseOperations(KeepsConverters, operations.DatabaseOperations):
    compiler_module = "config.postgresql.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
    # What is asked of a server -> the threads of this process that need a connection of it.
    _all_callers: ClassVar[dict[frozenset[Any], Callers]] = {}
    _callers: Callers | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, where need be once the server is back, or take what another thread hands on."""
        # Only those who ask for the same may have each other's.
        asked = frozenset((name, word) for name, word in conn_params.items() if isinstance(word, str | int))
        self._callers = self._all_callers.setdefault(asked, Callers())
        return self._callers.connect(lambda: self._connect(conn_params))

    def close_if_unusable_or_obsolete(self) -> None:
        """Between two requests, let a thread that waits for a connection have this one."""
        super().close_if_unusable_or_obsolete()
        if self.connection is None or self.in_atomic_block or self._callers is None:
            return
        # One that the server ended meanwhile is of use to nobody.
        if not self.connection.closed and not self._is_spoken_on() and self._callers.hand_on(self.connection):
            self.connection = None

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
