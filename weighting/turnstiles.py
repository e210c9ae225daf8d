"""One at a time, with few waiting: what keeps a crowd from taking every thread of a process."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connections


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
    """What one does for all: a run stands for whoever asked before it began.

    Whoever asks when there was none for a while runs it at once. Of a crowd nobody waits for it: a thread
    runs it once it has rested, for all who asked meanwhile.
    """

    def __init__(self, act: Callable[[], None], rest_seconds: float) -> None:
        self._act, self.rest_seconds = act, rest_seconds
        self._running, self._waiting = threading.Lock(), threading.Lock()
        self._ended_at = -math.inf

    def ask(self) -> None:
        """Have it run after this: now, or by whoever waits to begin."""
        if not self._waiting.acquire(blocking=False):
            return
        if not self._left_to_rest() and self._running.acquire(blocking=False):
            self._run()
            return
        try:
            # Not a daemon: a process that ends waits for it.
            threading.Thread(target=self._run_rested, name="errand").start()
        except RuntimeError:
            self._waiting.release()
            raise

    def _run_rested(self) -> None:
        self._running.acquire()
        time.sleep(self._left_to_rest())
        try:
            self._run()
        finally:
            connections.close_all()

    def _run(self) -> None:
        # Before it begins: whoever comes from now on is not served by this run.
        self._waiting.release()
        try:
            self._act()
        finally:
            self._ended_at = time.monotonic()
            self._running.release()

    def _left_to_rest(self) -> float:
        return max(0.0, self._ended_at + self.rest_seconds - time.monotonic())
