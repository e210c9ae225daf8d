"""One at a time, with few waiting: what keeps a crowd from taking every thread of a process."""

import threading
import time
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


class Errand:
    """What one does for all: a run stands for whoever asked before it began."""

    def __init__(self, gathering_seconds: float) -> None:
        self._running, self._waiting = threading.Lock(), threading.Lock()
        self._gathering_seconds = gathering_seconds

    @contextmanager
    def run(self) -> Iterator[bool]:
        """Yield True to whoever has to run it now, and False at once where somebody waits to begin.

        Whoever finds it running waits for that to end, and then a little more for others to join: a crowd
        of any size is served by a few runs, and keeps one thread.
        """
        if not self._waiting.acquire(blocking=False):
            yield False
            return
        try:
            if not self._running.acquire(blocking=False):
                self._running.acquire()
                time.sleep(self._gathering_seconds)
        finally:
            # Before it begins: whoever comes from now on is not served by this run.
            self._waiting.release()
        try:
            yield True
        finally:
            self._running.release()
