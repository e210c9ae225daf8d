"""The processes of gunicorn that answer requests: threads as gunicorn has them, but quick to end."""

import errno
import select
import socket
import struct
import time
from typing import Any

from gunicorn.workers.gthread import _DEFER, ThreadWorker

# A browser opens connections in advance. One that says nothing keeps a thread for so long, in place of 5 s.
SILENT_SECONDS = 0.5
# How long a request may be waited for in all; what comes of it gives back a second for so many bytes. A phone
# that leaves its network in the middle of a request would otherwise keep a thread for good.
COMING_SECONDS, BYTES_A_SECOND = 20.0, 16 * 1024
# How long somebody may take nothing of an answer.
TAKING_SECONDS = 60


class Coming:
    """What comes of a request, read from its socket for as long as it may be waited for."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self.begin()

    def begin(self) -> None:
        """Begin with another request."""
        self._left = COMING_SECONDS

    def recv(self, most: int) -> bytes:
        """Return what has come, at most so many bytes; `ConnectionResetError` where it comes too slowly."""
        asked = time.monotonic()
        if not self._poll.poll(max(0.0, self._left) * 1000):
            raise ConnectionResetError(errno.ECONNRESET, "a request came too slowly")
        came = self._sock.recv(most)
        waited = time.monotonic() - asked
        self._left = min(COMING_SECONDS, self._left - waited + len(came) / BYTES_A_SECOND)
        return came


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
        if not conn.initialized:
            if not conn.wait_for_data(SILENT_SECONDS):
                return _DEFER
            conn.init()
            conn.parser.unreader.sock = Coming(conn.sock)
            patience = struct.pack("ll", TAKING_SECONDS, 0)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
        conn.parser.unreader.sock.begin()
        return super().handle(conn)
