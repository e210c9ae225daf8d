"""The product's web server, and experts who save to it without a pause until they are told to stop."""

import http.client
import itertools
import os
import signal
import threading
import time
from contextlib import contextmanager

import psutil
from django.conf import settings
from django.db import connections

from benchmarks.serving import PRODUCT, enrol
from config.gunicorn import COUNTS
from tests.nursery import begin
from tests.processes import clean_environment, database_url, free_port, kill_tree
from weighting.models import Score

EXPERTS, ITEMS = 4, 12
PATIENCE = 240
# The database, or for a proxy the product, is away for a while.
AWAY = (502, 503, 504)
# What a careless server says of an answer that it acknowledged and could not write.
LOST = "an acknowledged answer is lost"


class Web:
    """gunicorn as the product runs it, on the database of the running test."""

    def __init__(self, folder, application):
        self.port, self._folder, self._application = free_port(), folder, application
        counts = settings.VAR_DIR / "counts"
        counts.mkdir(exist_ok=True)
        own = {"DATABASE_URL": database_url(), "QUANHENG_VAR": settings.VAR_DIR, COUNTS: counts}
        self._environment = clean_environment(**own)
        self._start()

    def kill(self, *, whole):
        if whole:
            kill_tree(self._process)
            self._start()
            return
        for worker in self.workers():
            os.kill(worker.pid, signal.SIGKILL)

    def stop(self):
        kill_tree(self._process)

    def workers(self):
        return psutil.Process(self._process.pid).children()

    def _start(self):
        command = ["gunicorn", self._application, "--config", "python:config.gunicorn"]
        command += ["--bind", f"127.0.0.1:{self.port}"]
        self._process = begin(self._environment, *command, log=self._folder / "web.log")


class Typist(threading.Thread):
    """An expert's page: it saves answer after answer, and repeats a save until it is acknowledged.

    `first` is how many answers it saved before; `pause` the seconds between two, and `again` those before
    it tries one again.
    """

    def __init__(self, web, expert, stop, first=0, pause=0.0, again=0.05):
        super().__init__()
        self.web, self.expert, self.stop = web, expert, stop
        self.first, self.pause, self.again = first, pause, again
        self.acknowledged, self.wrong = {}, []
        # When saves were acknowledged, in seconds of the machine's clock.
        self.times = []
        # When each was tried first, and the seconds from then to its acknowledgement.
        self.waits = []
        # Saves that broke off, and that were refused for a while; of these, those for which a proxy found
        # nobody.
        self.broken = self.refused = self.unserved = 0

    @property
    def saves(self):
        """How many were acknowledged."""
        return len(self.times)

    def longest(self, since=0.0, until=float("inf")):
        """The longest that a save waited which was first tried, or acknowledged, between two times."""
        waits = [seconds for began, seconds in self.waits if began <= until and began + seconds >= since]
        return max(waits, default=0.0)

    def run(self):
        for turn in itertools.count(self.first):
            if self.stop.wait(self.pause) or self.wrong:
                return
            code, value, seen = f"i{turn % ITEMS}", turn // ITEMS % 5 + 1, turn // ITEMS
            answer = self._save(code, value, seen)
            if answer.status == 200 and answer.body.get("revision") == seen + 1:
                self.acknowledged[code] = (value, seen + 1)
                self.times.append(time.monotonic())
            else:
                self.wrong.append((code, value, seen, answer))

    def _save(self, code, value, seen):
        began = time.monotonic()
        try:
            return self._save_until_acknowledged(code, value, seen, began + PATIENCE)
        finally:
            self.waits.append((began, time.monotonic() - began))

    def _save_until_acknowledged(self, code, value, seen, give_up):
        while True:
            try:
                answer = self.expert.save(self.web.port, code, value, seen)
                if answer.status not in AWAY:
                    return answer
                self.refused += 1
                self.unserved += answer.status != 503
            except ConnectionRefusedError:
                # It is starting again: nothing was under way.
                pass
            except (OSError, http.client.HTTPException):
                self.broken += 1
            time.sleep(self.again)
            assert time.monotonic() < give_up, "the server did not come back"


@contextmanager
def typing_experts(folder, application=PRODUCT):
    """Serve a round, and let its experts save to it; yields the server and the experts at work."""
    experts, stop = enrol(EXPERTS, ITEMS), threading.Event()
    connections.close_all()
    web = Web(folder, application)
    typists = [Typist(web, expert, stop) for expert in experts]
    for typist in typists:
        typist.start()
    try:
        yield web, typists
    finally:
        stop.set()
        for typist in typists:
            typist.join()
        web.stop()


def total(typists, what):
    return sum(getattr(typist, what) for typist in typists)


def find_losses(typists):
    """Return every answer that was wrong, and every acknowledged one that is not stored as acknowledged."""
    rows = Score.objects.values_list("ballot_id", "indicator__code", "value", "revision")
    stored = {(str(ballot), code): (value, revision) for ballot, code, value, revision in rows}
    losses = [each for typist in typists for each in typist.wrong]
    for typist in typists:
        for code, answer in typist.acknowledged.items():
            found = stored.get((typist.expert.ballot, code))
            if found != answer:
                losses.append((code, answer, found))
    return losses
