"""One at a time, with few waiting: what keeps a crowd from taking every thread of a process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class NoRoom(Exception):
    """Too many wait already; one may ask again in a moment."""


class Turnstile:
    """Let one through after the other."""

    def __init__(self, waiting: int) -> None:
        self._places = threading.BoundedSemaphore(1 + waiting)
        self._turn = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn; `NoRoom` at once where too many wait."""
        if not self._places.acquire(blocking=False):
            raise NoRoom
        try:
            with self._turn:
                yield
        finally:
            self._places.release()
