"""One at a time, with few waiting: what keeps a crowd from taking every thread of a process."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connections

# What an errand could not do is tried again after a second, and each time after twice as long: the whole
# takes about twice as long at most as what is in its way.
AGAIN_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 600.0


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
    runs it once it has rested, for all who asked meanwhile. An act that returns that something is left to do
    is run again later.
    """

    def __init__(self, act: Callable[[], bool], rest_seconds: float) -> None:
        self._act, self.rest_seconds = act, rest_seconds
        self._running, self._waiting = threading.Lock(), threading.Lock()
        self._ended_at = -math.inf
        self._pause = AGAIN_SECONDS
        self._again: threading.Timer | None = None

    def ask(self) -> None:
        """Have it run after this: now, or by whoever waits to begin."""
        self._pause = AGAIN_SECONDS
        self._ask()

    def _ask(self) -> None:
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
        if self._again:
            # It stands for that one, too.
            self._again.cancel()
            self._again = None
        # Before it begins: whoever comes from now on is not served by this run.
        self._waiting.release()
        try:
            if self._act():
                self._run_again_later()
        finally:
            self._ended_at = time.monotonic()
            self._running.release()

    def _run_again_later(self) -> None:
        self._again = threading.Timer(self._pause, self._ask_again)
        # A process that ends does not wait for it.
        self._again.daemon = True
        self._again.start()

    def _ask_again(self) -> None:
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        try:
            self._ask()
        finally:
            connections.close_all()

    def _left_to_rest(self) -> float:
        return max(0.0, self._ended_at + self.rest_seconds - time.monotonic())
