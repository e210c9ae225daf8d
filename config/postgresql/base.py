"""PostgreSQL whose kept connections are asked whether they work only where something was heard on them.

Whoever ends a connection, the server or the network, is heard on it, and a server that has nothing to say
says nothing: to look costs nothing, and to ask was a trip of every page and every save. A machine that went
away without a word is found out by the statement itself.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def close_if_health_check_failed(self) -> None:
        """Close a connection that no longer works, before the first statement of a request."""
        if self.connection is not None and not self.connection.closed and not self._is_spoken_on():
            self.health_check_done = True
            return
        super().close_if_health_check_failed()

    def _is_spoken_on(self) -> bool:
        ear = select.poll()
        ear.register(self.connection.fileno(), select.POLLIN)
        return bool(ear.poll(0))
