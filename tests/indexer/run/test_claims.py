"""Claims of many runs: small data sets under many versions, and much that has ended beside what waits."""

import sqlite3

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.numeric.studies.blocks import result_checksum, unpack_scores
from indexer.services import runs as services
from indexer.services.runs import claim_runs, compute_waiting_runs
from tests.factories import make_framework
from tests.indexer.factories import make_data_set, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def queue(versions):
    framework = make_framework()
    for tilt in range(versions):
        make_version(framework, tilt=tilt)
    return make_data_set(framework)


def test_a_claim_of_more_versions_than_a_statement_takes_alternatives_is_computed():
    data_set = queue(versions=40)
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        # Of a thousand, as it is built; forty versions take less time to make.
        own, depth = connection.connection, sqlite3.SQLITE_LIMIT_EXPR_DEPTH
        usual = own.setlimit(depth, 30)
    try:
        assert compute_waiting_runs(data_set.pk) == 40
    finally:
        if connection.vendor == "sqlite":
            own.setlimit(depth, usual)
    assert set(Run.objects.values_list("status", "attempts")) == {(RunStatus.DONE, 1)}


def test_a_claim_holds_no_more_runs_than_can_be_named(monkeypatch):
    data_set = queue(versions=5)
    monkeypatch.setattr(services, "MOST_CLAIMED", 2)
    assert [len(claim_runs(data_set.pk)) for _turn in range(4)] == [2, 2, 1, 0]


def test_what_waits_is_looked_up_whatever_has_ended():
    """Each row of what has ended lies in a page of its own, which a claim need not read."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL decides by how many rows there are")
    data_set = queue(versions=1)
    with CaptureQueriesContext(connection) as asked:
        claim_runs(data_set.pk)
    (claim,) = (query["sql"] for query in asked if "LIMIT" in query["sql"] and "lease_until" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {claim}")
        found = [row[3] for row in cursor.fetchall()]
    assert found[0] == "SEARCH indexer_run USING INDEX run_state_of_data_set (data_set_id=? AND status=?)"


def test_a_block_is_stored_as_it_was_computed(monkeypatch):
    """The inner nodes under their count and positions, however they get into the row."""
    computed = []
    compute = services._compute

    def noted(runs, bench):
        computed.extend(compute(runs, bench))
        return computed

    monkeypatch.setattr(services, "_compute", noted)
    data_set = queue(versions=3)
    compute_waiting_runs(data_set.pk)
    (results,) = computed
    for place, run in enumerate(results.runs):
        stored = Run.objects.select_related("composite").get(pk=run.pk)
        block = bytes(stored.node_scores)
        count = len(results.positions)
        assert np.frombuffer(block, "<i8", count + 1).tolist() == [count, *results.positions]
        assert block[8 * (count + 1) :] == results.inner[place].astype("<f8").tobytes()
        scores = unpack_scores(bytes(stored.composite.scores))
        assert result_checksum([block], scores) == stored.result_sha256
