"""kill -9 of the web server during autosave: what was acknowledged is stored, and retrying is safe."""

import http.client
import itertools
import os
import random
import signal
import threading
import time
from collections import Counter

import psutil
import pytest
from django.conf import settings
from django.db import connection, connections

from benchmarks.serving import PRODUCT, enrol
from tests.numbers import in_full
from tests.processes import PYTHON, clean_environment, database_url, free_port, kill_tree, spawn, wait_until
from weighting.models import Score

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

# Kills of which each broke a request that was under way.
KILLS = in_full(300, otherwise=12)
# Every so often all of the server goes, as in a power cut, and not only a process of it.
WHOLE_SERVER_EVERY = 10
EXPERTS, ITEMS = 4, 12
PATIENCE = 240


class Web:
    """gunicorn as the product runs it, on the database of the running test."""

    def __init__(self, folder, application):
        self.port, self._folder, self._application = free_port(), folder, application
        self._environment = clean_environment(DATABASE_URL=database_url(), QUANHENG_VAR=settings.VAR_DIR)
        self._start()

    def kill(self, *, whole):
        if whole:
            kill_tree(self._process)
            self._start()
            return
        for worker in psutil.Process(self._process.pid).children():
            os.kill(worker.pid, signal.SIGKILL)

    def stop(self):
        kill_tree(self._process)

    def _start(self):
        # Loaded once and forked: a process that was killed is back at once.
        command = [*PYTHON, "gunicorn", self._application, "--config", "python:config.gunicorn", "--preload"]
        log = self._folder / "web.log"
        self._process = spawn([*command, "--bind", f"127.0.0.1:{self.port}"], log, self._environment)


class Typist(threading.Thread):
    """An expert's page: it saves answer after answer, and repeats a save until it is acknowledged."""

    def __init__(self, web, expert, stop):
        super().__init__()
        self.web, self.expert, self.stop = web, expert, stop
        self.acknowledged, self.saves, self.broken, self.wrong = {}, 0, 0, []

    def run(self):
        for turn in itertools.count():
            if self.stop.is_set() or self.wrong:
                return
            code, value, seen = f"i{turn % ITEMS}", turn // ITEMS % 5 + 1, turn // ITEMS
            answer = self._save(code, value, seen)
            if answer.status == 200 and answer.body.get("revision") == seen + 1:
                self.acknowledged[code] = (value, seen + 1)
                self.saves += 1
            else:
                self.wrong.append((code, value, seen, answer))

    def _save(self, code, value, seen):
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                return self.expert.save(self.web.port, code, value, seen)
            except ConnectionRefusedError:
                # It is starting again: nothing was under way.
                time.sleep(0.05)
            except (OSError, http.client.HTTPException):
                self.broken += 1
            assert time.monotonic() < give_up, "the server did not come back"


def kill_during_autosave(folder, kills, application=PRODUCT):
    """Kill the server until ``kills`` broke a save; return what went wrong, and what was counted."""
    experts, stop = enrol(EXPERTS, ITEMS), threading.Event()
    connections.close_all()
    web, dice, counted = Web(folder, application), random.Random(2016), Counter()
    typists = [Typist(web, expert, stop) for expert in experts]
    for typist in typists:
        typist.start()
    try:
        while counted["kills that broke a save"] < kills and all(t.is_alive() for t in typists):
            before = sum(typist.saves for typist in typists)
            # It serves again: a kill then meets saves under way.
            wait_until(lambda saves=before: sum(t.saves for t in typists) > saves, PATIENCE, "a save")
            time.sleep(dice.uniform(0, 0.1))
            broken = sum(typist.broken for typist in typists)
            counted["kills"] += 1
            web.kill(whole=counted["kills"] % WHOLE_SERVER_EVERY == 0)
            # A cut connection is noticed at once, but a busy machine takes its time to say so.
            time.sleep(0.3)
            counted["kills that broke a save"] += sum(typist.broken for typist in typists) > broken
        assert counted["kills"] < 20 * kills, "the kills never met a save"
    finally:
        stop.set()
        for typist in typists:
            typist.join()
        web.stop()
    rows = Score.objects.values_list("ballot_id", "indicator__code", "value", "revision")
    stored = {(str(ballot), code): (value, revision) for ballot, code, value, revision in rows}
    wrong = [each for typist in typists for each in typist.wrong]
    for typist in typists:
        counted["saves acknowledged"] += typist.saves
        for code, answer in typist.acknowledged.items():
            if stored.get((typist.expert.ballot, code)) != answer:
                wrong.append((code, answer, stored.get((typist.expert.ballot, code))))
    return wrong, counted


def test_what_was_acknowledged_is_stored_and_a_repeated_save_counts_once(tmp_path):
    wrong, counted = kill_during_autosave(tmp_path, KILLS)

    print(f"web server killed during autosave on {connection.vendor}: {dict(counted)}, lost {len(wrong)}")
    assert wrong == []
    assert counted["kills that broke a save"] >= KILLS


def test_acknowledging_before_the_commit_loses_answers(tmp_path):
    """Control."""
    wrong, _counted = kill_during_autosave(tmp_path, 3, "tests.faults.careless_wsgi")

    assert wrong != []
