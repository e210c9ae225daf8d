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
            broken, met = total(typists, "broken"), [typist.saves + typist.broken for typist in typists]
            counted["kills"] += 1
            web.kill(whole=counted["kills"] % WHOLE_SERVER_EVERY == 0)
            wait_until(
                lambda broken=broken, met=met: (
                    total(typists, "broken") > broken or have_gone_on(typists, met)
                ),
                PATIENCE,
                "what became of the saves under way",
            )
            counted["kills that broke a save"] += total(typists, "broken") > broken
        assert counted["kills"] < 20 * kills, "the kills never met a save"
    counted["saves acknowledged"] = total(typists, "saves")
    return find_losses(typists), counted


def have_gone_on(typists, met):
    """Whether each save that was under way then has been acknowledged or was broken off by now."""
    return all(
        typist.saves + typist.broken > before or not typist.is_alive()
        for typist, before in zip(typists, met, strict=True)
    )


def test_what_was_acknowledged_is_stored_and_a_repeated_save_counts_once(tmp_path):
    wrong, counted = kill_during_autosave(tmp_path, KILLS)

    print(f"web server killed during autosave on {connection.vendor}: {dict(counted)}, lost {len(wrong)}")
    assert wrong == []
    assert counted["kills that broke a save"] >= KILLS


def test_acknowledging_before_the_commit_loses_answers(tmp_path):
    """Control."""
    wrong, _counted = kill_during_autosave(tmp_path, 3, "tests.faults.careless_wsgi")

    assert wrong != []
