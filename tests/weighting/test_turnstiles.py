"""An errand is run by one for all who asked before it began, and a crowd does not wait for it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from tests.weighting.errands import settled
from weighting import turnstiles
from weighting.turnstiles import Errand

CROWD = 60
PATIENCE = 30.0


class Desk:
    """Whoever comes leaves something, and sees to it that it is cleared away."""

    def __init__(self, kind):
        self.left, self.cleared, self.runs = set(), set(), 0
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.errand = kind(self.clear, rest_seconds=0)

    def come(self, number):
        self.left.add(number)
        self.errand.ask()

    def clear(self):
        found = set(self.left)
        self.runs += 1
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        self.cleared |= found


class Hasty(Errand):
    """The control: whoever finds somebody at work takes it as done."""

    def ask(self):
        if self._running.acquire(blocking=False):
            self._waiting.acquire()
            self._run()


def crowd_at(desk):
    """Let one come, and all others while what that one found is cleared away."""
    first = threading.Thread(target=desk.come, args=(0,))
    first.start()
    assert desk.begun.wait(PATIENCE)
    with ThreadPoolExecutor(CROWD) as pool:
        list(pool.map(desk.come, range(1, CROWD)))
    desk.may_end.set()
    first.join()
    settled(desk.errand)


def test_a_crowd_is_served_by_a_few_runs_and_nobody_is_left_out():
    desk = Desk(Errand)
    crowd_at(desk)
    assert desk.cleared == set(range(CROWD))
    assert desk.runs == 2


def test_control_whoever_takes_a_run_that_has_begun_as_their_own_is_left_out():
    desk = Desk(Hasty)
    crowd_at(desk)
    assert desk.cleared == {0}


def test_nobody_of_a_crowd_waits_for_it():
    begun, may_end = threading.Event(), threading.Event()

    def act():
        begun.set()
        assert may_end.wait(PATIENCE)

    errand = Errand(act, rest_seconds=0)
    first = threading.Thread(target=errand.ask)
    first.start()
    assert begun.wait(PATIENCE)
    # It runs, and cannot end: whoever waited for it would stay here.
    for _turn in range(CROWD):
        errand.ask()
    may_end.set()
    first.join(PATIENCE)
    settled(errand)


def test_while_it_rests_it_is_left_to_a_thread_and_else_run_by_whoever_asks(monkeypatch):
    """By a clock of its own: another thread takes its time to rest, and the first may take its own."""
    now, runners = [0.0], []
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: now.append(now.pop() + seconds))
    monkeypatch.setattr(turnstiles, "time", clock)
    errand = Errand(lambda: runners.append(threading.current_thread()), rest_seconds=10)
    errand.ask()
    errand.ask()
    settled(errand)
    assert now == [10]
    now[0] += 10
    errand.ask()
    own = threading.current_thread()
    assert [runner is own for runner in runners] == [True, False, True]


def test_whoever_is_alone_runs_it_each_time_even_after_a_failure():
    runs = []

    def fail():
        runs.append(threading.current_thread())
        raise ZeroDivisionError

    errand = Errand(fail, rest_seconds=0)
    for _time in range(3):
        with pytest.raises(ZeroDivisionError):
            errand.ask()
    assert runs == [threading.current_thread()] * 3


def test_what_is_left_is_done_again_after_longer_and_longer_until_nothing_is(monkeypatch):
    monkeypatch.setattr(turnstiles, "AGAIN_SECONDS", 0.01)
    left, pauses = [True, True, True, False, False], []
    errand = Errand(lambda: pauses.append(errand._pause) or left.pop(0), rest_seconds=0)
    errand.ask()
    settled(errand)
    assert left == [False]
    # Whoever acts then, or meanwhile, does not wait for long.
    errand.ask()
    assert pauses == [0.01, 0.02, 0.04, 0.08, 0.01]


def test_a_run_stands_for_the_one_that_was_still_to_come():
    left, runs = [True, False], []
    errand = Errand(lambda: runs.append(threading.current_thread()) or left.pop(0), rest_seconds=0)
    errand.ask()
    errand.ask()
    settled(errand)
    assert runs == [threading.current_thread()] * 2


def test_where_no_thread_can_be_had_the_next_to_ask_may_try(monkeypatch):
    runs = []
    errand = Errand(lambda: runs.append(1), rest_seconds=PATIENCE)
    errand.ask()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _refuse)
        with pytest.raises(RuntimeError):
            errand.ask()
    errand.rest_seconds = 0
    errand.ask()
    assert len(runs) == 2


def _refuse(_thread):
    raise RuntimeError
