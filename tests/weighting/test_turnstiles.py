"""An errand is run by one for all who asked before it began."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from weighting.turnstiles import Errand

CROWD = 60
PATIENCE = 30.0


class Desk:
    """Whoever comes leaves something, and sees to it that it is cleared away."""

    def __init__(self, errand):
        self.errand, self.left, self.cleared, self.runs = errand, set(), set(), 0

    def come(self, number):
        self.left.add(number)
        with self.errand.run() as is_mine:
            if is_mine:
                found = set(self.left)
                self.runs += 1
                time.sleep(0.002)
                self.cleared |= found
        return is_mine


class Hasty(Errand):
    """The control: whoever finds somebody at work takes it as done."""

    @contextmanager
    def run(self):
        is_mine = self._running.acquire(blocking=False)
        try:
            yield is_mine
        finally:
            if is_mine:
                self._running.release()


def crowd_at(desk):
    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(desk.come, range(CROWD)))


def test_a_crowd_is_served_by_a_few_runs_and_nobody_is_left_out():
    desk = Desk(Errand(gathering_seconds=0.01))
    ran = crowd_at(desk)
    assert desk.cleared == set(range(CROWD))
    assert desk.runs == sum(ran) < CROWD


def test_control_whoever_takes_a_run_that_has_begun_as_their_own_is_left_out():
    desk = Desk(Hasty(gathering_seconds=0.01))
    crowd_at(desk)
    assert desk.cleared < set(range(CROWD))


def test_one_runs_one_waits_and_the_rest_go_on():
    errand = Errand(gathering_seconds=0)
    begun, may_end, asked, order = threading.Event(), threading.Event(), threading.Event(), []

    def first():
        with errand.run() as is_mine:
            begun.set()
            order.append(("first", is_mine))
            assert may_end.wait(PATIENCE)

    def second():
        asked.set()
        with errand.run() as is_mine:
            order.append(("second", is_mine))

    threads = [threading.Thread(target=each) for each in (first, second)]
    threads[0].start()
    assert begun.wait(PATIENCE)
    threads[1].start()
    assert asked.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while not errand._waiting.locked() and time.monotonic() < deadline:
        time.sleep(0.001)
    with errand.run() as is_mine:
        order.append(("third", is_mine))
    may_end.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert order == [("first", True), ("third", False), ("second", True)]


def test_whoever_is_alone_runs_it_each_time_even_after_a_failure():
    errand = Errand(gathering_seconds=PATIENCE)
    for _time in range(3):
        try:
            with errand.run() as is_mine:
                assert is_mine
                raise OSError
        except OSError:
            continue
