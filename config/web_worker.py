"""The processes of gunicorn that answer requests: threads as gunicorn has them, but quick to end."""

import errno
from typing import Any

from gunicorn.workers.gthread import _DEFER, ThreadWorker

# A browser opens connections in advance. One that says nothing keeps a thread for so long, in place of 5 s.
SILENT_SECONDS = 0.5


class WebWorker(ThreadWorker):
    """Finishes what was begun and waits for nothing else, where gunicorn waits for idle connections, too."""

    def accept(self, listener: Any) -> None:
        """Let somebody in; a socket that was shut (`config.gunicorn.when_ready`) is a word to end."""
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self.alive = False

    def set_accept_enabled(self, enabled: bool) -> None:
        """Close what is kept open for further requests once this process is to end."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for conn in (*self.keepalived_conns, *self.pending_conns):
                conn.timeout = 0.0
            self.murder_keepalived()
            self.murder_pending()

    def handle(self, conn: Any) -> object:
        """Answer on a connection, or leave one that says nothing to the thread that waits for all of them."""
        is_new = not conn.initialized and not conn.data_ready
        return _DEFER if is_new and not conn.wait_for_data(SILENT_SECONDS) else super().handle(conn)
