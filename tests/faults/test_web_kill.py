"""kill -9 of the web server during autosave: what was acknowledged is stored, and retrying is safe."""

import random
import time
from collections import Counter

import pytest
from django.db import connection

from benchmarks.serving import PRODUCT
from tests.faults.autosave import PATIENCE, find_losses, total, typing_experts
from tests.numbers import in_full
from tests.processes import wait_until

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


def kill_during_autosave(folder, kills, application=PRODUCT):
    """Kill the server until ``kills`` broke a save; return what went wrong, and what was counted."""
    dice, counted = random.Random(2016), Counter()
    with typing_experts(folder, application) as (web, typists):
        while counted["kills that broke a save"] < kills and all(t.is_alive() for t in typists):
            before = total(typists, "saves")
            # It serves again: a kill then meets saves under way.
            wait_until(lambda saves=before: total(typists, "saves") > saves, PATIENCE, "a save")
            time.sleep(dice.uniform(0, 0.1))
            broken = total(typists, "broken")
            counted["kills"] += 1
            web.kill(whole=counted["kills"] % WHOLE_SERVER_EVERY == 0)
            # A cut connection is noticed at once, but a busy machine takes its time to say so.
            time.sleep(0.3)
            counted["kills that broke a save"] += total(typists, "broken") > broken
        assert counted["kills"] < 20 * kills, "the kills never met a save"
    counted["saves acknowledged"] = total(typists, "saves")
    return find_losses(typists), counted


def test_what_was_acknowledged_is_stored_and_a_repeated_save_counts_once(tmp_path):
    wrong, counted = kill_during_autosave(tmp_path, KILLS)

    print(f"web server killed during autosave on {connection.vendor}: {dict(counted)}, lost {len(wrong)}")
    assert wrong == []
    assert counted["kills that broke a save"] >= KILLS


def test_acknowledging_before_the_commit_loses_answers(tmp_path):
    """Control."""
    wrong, _counted = kill_during_autosave(tmp_path, 3, "tests.faults.careless_wsgi")

    assert wrong != []
