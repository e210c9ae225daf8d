"""The database restarts, or its disk is full, during autosave: 503, a retry, no false acknowledgement."""

import os
import random
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from django.db import Error, connection

from benchmarks.serving import PRODUCT
from tests.faults.autosave import LOST, PATIENCE, find_losses, total, typing_experts
from tests.numbers import in_full
from tests.processes import wait_until

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

OUTAGES = in_full(50, otherwise=3)
# Small enough to be reached at once: SQLite begins its log anew every four megabytes.
FULL_AT_BYTES = 64 * 1024


class Postgres:
    """The server of the running test, stopped and started as its owner would."""

    def __init__(self):
        # One that an earlier injury made begin anew may still be at it.
        wait_until(is_answering, PATIENCE, "the database")
        with connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            self.data = Path(cursor.fetchone()[0])
        self.programs = Path(os.readlink(f"/proc/{self._postmaster()}/exe")).parent

    def stop(self, mode):
        self._control("stop", "-m", mode)

    def start(self):
        """Start it as it was started before, which `restart` alone remembers."""
        self._control("restart", "-l", self.data / "log")

    def _control(self, *command):
        owner = self.data.stat().st_uid
        subprocess.run(
            [self.programs / "pg_ctl", "-D", self.data, "-w", *command],
            user=owner if os.geteuid() == 0 else None,
            cwd=self.data,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )

    def backends(self):
        """The processes that serve connections."""
        names = {}
        for process in psutil.Process(self._postmaster()).children():
            with suppress(psutil.NoSuchProcess):
                names[process] = " ".join(process.cmdline())
        return [process for process, name in names.items() if connection.settings_dict["NAME"] in name]

    def _postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])


def fill_the_disk(web):
    """Let no file grow beyond a few pages: a write is then cut off as on a full disk."""
    writers = web.workers() if connection.vendor == "sqlite" else Postgres().backends()
    connection.close()
    limit_files(writers, FULL_AT_BYTES)
    return writers


def free_the_disk(writers):
    """PostgreSQL begins anew after a log that it could not write: its limited processes are gone then."""
    limit_files(writers, "unlimited")


def limit_files(processes, size):
    """Set the largest size of a file that some processes may write; only their owner may do that."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            owner = {"user": process.uids().real, "group": process.gids().real, "extra_groups": []}
            command = ["prlimit", "--pid", str(process.pid), f"--fsize={size}:unlimited"]
            subprocess.run(
                command, check=False, stderr=subprocess.DEVNULL, **(owner if os.geteuid() == 0 else {})
            )


def break_the_database(folder, outages, injure, mend=lambda _state: None, application=PRODUCT):
    """Injure the database again and again while experts save; return the losses, and a count of all."""
    dice = random.Random(2016)
    # The careless server says nothing of an outage: it acknowledges whatever happens.
    met = ["refused", "broken"] if application == PRODUCT else ["saves"]
    with typing_experts(folder, application) as (web, typists):
        for _outage in range(outages):
            wait_for_more(typists, ["saves"])
            time.sleep(dice.uniform(0, 0.05))
            before = [total(typists, what) for what in met]
            state = injure(web)
            wait_for_more(typists, met, before)
            mend(state)
        wait_for_more(typists, ["saves"])
    counts = {what: total(typists, what) for what in ("saves", "refused", "broken")}
    wait_until(is_answering, PATIENCE, "the database")
    return find_losses(typists), counts


def wait_for_more(typists, what, before=None):
    """Wait for one more of any of these, or for an answer that is wrong."""
    before = before or [total(typists, each) for each in what]
    wait_until(
        lambda: [total(typists, each) for each in what] != before or any(t.wrong for t in typists),
        PATIENCE,
        f"more {what}",
    )


def is_answering():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connection.close()
        return False
    return True


def check_integrity():
    """Let SQLite check its file; let PostgreSQL read every page, whose checksums it checks, by two ways."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return
        found = []
        for way in ("enable_indexscan", "enable_seqscan"):
            cursor.execute(f"SET {way} = off")
            cursor.execute("SELECT * FROM weighting_score ORDER BY ballot_id, indicator_id")
            found.append(cursor.fetchall())
            cursor.execute(f"RESET {way}")
        assert found[0] == found[1]


def test_a_full_disk_acknowledges_nothing_that_is_not_stored(tmp_path):
    losses, counts = break_the_database(tmp_path, OUTAGES, fill_the_disk, free_the_disk)

    print(f"disk full during autosave on {connection.vendor}: {OUTAGES} times, {counts}, lost {len(losses)}")
    assert losses == []
    check_integrity()


def test_a_restarted_database_acknowledges_nothing_that_is_not_stored(tmp_path):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite is part of the web server: test_web_kill.py restarts both")
    modes = random.Random(2016)

    def stop(_web):
        server = Postgres()
        connection.close()
        server.stop(modes.choice(["fast", "immediate"]))
        return server

    # It stays away until an expert has met that: a quick restart may fall between two saves.
    losses, counts = break_the_database(tmp_path, OUTAGES, stop, Postgres.start)

    print(f"database restarted during autosave: {OUTAGES} times, {counts}, lost {len(losses)}")
    assert losses == []
    check_integrity()


def test_acknowledging_before_the_commit_is_noticed(tmp_path):
    """Control: the disk is full until the careless server says that it lost an answer."""
    log = tmp_path / "web.log"

    def fill_until_one_is_lost(web):
        writers = fill_the_disk(web)
        wait_until(lambda: LOST in log.read_text(), PATIENCE, "an answer that could not be written")
        return writers

    losses, _counts = break_the_database(
        tmp_path, 1, fill_until_one_is_lost, free_the_disk, "tests.faults.careless_wsgi"
    )

    assert losses != []
