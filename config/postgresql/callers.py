"""Who calls on a server, of all threads that need a connection; the others wait for one that is handed on.

A server that is back is met by all threads of all processes at once, each with somebody who waits. To
connect costs many times what it costs to save an answer: were each thread to make a connection of its own,
most would be served only once nearly all are made.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

# Whoever asks while the server is away waits so long from when it was first missed, and is told at once after
# that. With what one more try takes this stays within what /healthz may take (config.health).
PATIENCE_SECONDS = 1.5
# So many threads of a process call at once, and none where a connection was handed on so lately. But one
# begins so long after the last whatever others do: a call that hangs, as one that asks for a name which
# nobody knows, keeps nobody from the next. While the server is away this alone counts, however many ask.
MOST_CALLING = 2
LATELY_SECONDS = 0.05
AGAIN_SECONDS = 0.1


@dataclass(eq=False)
class Caller:
    """A thread that needs a connection, and what came of it."""

    changed: threading.Condition
    connection: Any = None
    error: psycopg.OperationalError | None = None

    @property
    def is_answered(self) -> bool:
        return self.connection is not None or self.error is not None

    def answer(self, connection: Any = None, error: psycopg.OperationalError | None = None) -> None:
        self.connection, self.error = connection, error
        self.changed.notify()


class Callers:
    """The threads of a process that need a connection to one server, in the order in which they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Those who are on the way to the server are not among them.
        self._waiting: deque[Caller] = deque()
        self._calling = 0
        self._called_at = self._handed_on_at = self._seen_at = 0.0
        # When the server was first missed, by the clock of this process; None while it is there.
        self.missed_at: float | None = None

    def connect(self, call: Callable[[], Any]) -> Any:
        """Return the connection that a call makes, or one that is handed on meanwhile."""
        with self._lock:
            me = Caller(threading.Condition(self._lock))
            self._waiting.append(me)
            try:
                while not me.is_answered:
                    pause = self._pause() if self._waiting[0] is me else None
                    if pause == 0:
                        self._call(me, call)
                    else:
                        me.changed.wait(pause)
            finally:
                self._leave(me)
        if me.error:
            raise me.error
        return me.connection

    def hand_on(self, connection: Any) -> bool:
        """Let whoever waits longest have a connection that works; say whether anybody waits."""
        with self._lock:
            if not self._waiting:
                return False
            self._waiting.popleft().answer(connection)
            self._handed_on_at = time.monotonic()
            self._see()
            self._wake_first()
            return True

    def _pause(self) -> float:
        """Return for how many seconds the server may not be called on."""
        until = self._called_at + AGAIN_SECONDS
        if self.missed_at is None and self._calling < MOST_CALLING:
            until = min(until, self._handed_on_at + LATELY_SECONDS)
        return max(0, until - time.monotonic())

    def _call(self, me: Caller, call: Callable[[], Any]) -> None:
        began_at = self._called_at = time.monotonic()
        self._waiting.remove(me)
        self._calling += 1
        self._wake_first()
        self._lock.release()
        try:
            connection, error = call(), None
        except psycopg.OperationalError as failure:
            connection, error = None, failure
        finally:
            self._lock.acquire()
            self._calling -= 1
        if error is None:
            self._see()
            me.answer(connection)
            return
        self._waiting.appendleft(me)
        # Of two calls the one that began first may fail last.
        if began_at > self._seen_at:
            self.missed_at = self.missed_at or began_at
            if time.monotonic() - self.missed_at > PATIENCE_SECONDS:
                self._tell(error)

    def _see(self) -> None:
        self.missed_at, self._seen_at = None, time.monotonic()

    def _tell(self, error: psycopg.OperationalError) -> None:
        """Tell all who wait that there is no hope: one try stands for as many as ask."""
        for one in self._waiting:
            # Of its own: where it is raised is written into it.
            one.answer(error=psycopg.OperationalError(str(error)))
        self._waiting.clear()

    def _leave(self, me: Caller) -> None:
        if me in self._waiting:
            self._waiting.remove(me)
        self._wake_first()

    def _wake_first(self) -> None:
        if self._waiting:
            self._waiting[0].changed.notify()
