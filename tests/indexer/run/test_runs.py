import contextlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from indexer import dispatch
from indexer.enums import Queue, RunStatus
from indexer.models import DataSet, Run, RunScores
from indexer.numeric.scores.composite import composite_scores, node_scores
from indexer.numeric.scores.ranking import min_ranks
from indexer.selectors.data_sets import normalised_values, structure_of
from indexer.selectors.runs import data_sets_with_waiting_runs, results_of, runs_with_nodes_visible_to
from indexer.services import run_results
from indexer.services import runs as services
from indexer.services.jobs import requeue_job
from indexer.services.leases import MOST_DEATHS, give_up_exhausted
from indexer.services.runs import claim_runs, compute_waiting_runs
from tests.factories import make_framework
from tests.indexer.claimed_runs import compute_claimed_runs
from tests.indexer.composites import all_blocks, forget_scores
from tests.indexer.factories import make_data_set, make_draft, make_version
from tests.processes import wait_until
from weighting.exceptions import Refused
from weighting.selectors.versions import global_weights_of
from weighting.services.versions import freeze_version, retire_version

pytestmark = pytest.mark.django_db


def let_leases_lapse():
    Run.objects.filter(status=RunStatus.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))


def results():
    """What was computed, without who computed it when."""
    scores = all_blocks()
    return list(Run.objects.order_by("pk").values_list("pk", "status", "result_sha256")), scores


def queue(versions=3, **options):
    """A data set with one queued run per frozen version."""
    data_set = make_data_set(**options)
    for tilt in range(versions):
        make_version(data_set.framework, tilt=tilt)
    return data_set


class TestWriting:
    def test_freezing_writes_a_run_for_every_data_set_of_the_framework(self):
        framework = make_framework()
        data_sets = [make_data_set(framework), make_data_set(framework)]
        make_data_set()

        version = make_version(framework)

        runs = Run.objects.order_by("data_set")
        assert [(run.data_set, run.weight_version, run.status) for run in runs] == [
            (data_set, version, RunStatus.QUEUED) for data_set in data_sets
        ]

    def test_adding_data_writes_a_run_for_every_frozen_version(self):
        framework = make_framework()
        frozen, retired = make_version(framework), make_version(framework, tilt=1)
        retire_version(retired, actor=framework.created_by)
        make_draft(framework, tilt=2)

        data_set = make_data_set(framework)

        assert [(run.data_set, run.weight_version) for run in Run.objects.all()] == [(data_set, frozen)]

    @pytest.mark.parametrize("act", [make_version, make_data_set])
    def test_an_act_that_is_rolled_back_leaves_no_run(self, act, monkeypatch):
        framework = make_framework()
        make_version(framework)
        make_data_set(framework)
        before = results()
        monkeypatch.setattr(
            dispatch.transaction, "on_commit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )

        with pytest.raises(KeyboardInterrupt):
            act(framework)

        assert results() == before

    def test_no_worker_is_woken_before_the_commit(self, django_capture_on_commit_callbacks, monkeypatch):
        woken = []
        monkeypatch.setattr(dispatch, "wake_workers", lambda ids, queue: woken.append((ids, queue)))
        data_set = make_data_set()
        with django_capture_on_commit_callbacks() as callbacks:
            make_version(data_set.framework)

        assert woken == []
        for callback in callbacks:
            callback()
        assert woken == [([data_set.pk], Queue.INTERACTIVE)]

    def test_a_pair_that_is_queued_already_is_not_queued_again(self):
        data_set = queue(versions=1)

        dispatch.queue_runs_of_data_set(data_set)

        assert Run.objects.count() == 1

    def test_the_database_refuses_a_second_run_of_a_pair(self):
        run = queue(versions=1).runs.get()

        with pytest.raises(IntegrityError), transaction.atomic():
            Run.objects.create(data_set=run.data_set, weight_version=run.weight_version, method=run.method)


class TestClaiming:
    def test_a_claimed_run_is_not_claimed_again(self):
        data_set = queue()

        assert len(claim_runs(data_set.pk)) == 3
        assert claim_runs(data_set.pk) == []

    def test_a_lapsed_lease_is_taken_over(self):
        data_set = queue(versions=1)
        (first,) = claim_runs(data_set.pk)
        let_leases_lapse()

        assert list(data_sets_with_waiting_runs()) == [data_set.pk]
        (second,) = claim_runs(data_set.pk)

        assert (second.pk, second.attempts) == (first.pk, 2)
        assert second.lease != first.lease

    def test_whoever_lost_the_lease_stores_nothing(self):
        data_set = queue(versions=1)
        late = claim_runs(data_set.pk)
        let_leases_lapse()
        claim_runs(data_set.pk)

        assert compute_claimed_runs(late) == 0
        assert not RunScores.objects.exists()
        assert Run.objects.get().status == RunStatus.RUNNING

    def test_whoever_lost_the_lease_cannot_fail_the_run_either(self):
        data_set = queue(versions=1, values=[[0.0] * 5] * 2)
        late = claim_runs(data_set.pk)
        let_leases_lapse()
        claim_runs(data_set.pk)

        assert compute_claimed_runs(late) == 0
        assert Run.objects.get().status == RunStatus.RUNNING

    def test_a_finished_run_is_not_computed_again(self):
        data_set = queue()
        compute_waiting_runs(data_set.pk)
        before = results()

        assert compute_waiting_runs(data_set.pk) == 0
        assert results() == before

    def test_runs_of_another_method_wait_for_the_next_claim(self):
        data_set = queue(versions=2)
        other = make_data_set(make_framework(), normalisation="rank").method
        Run.objects.filter(pk=data_set.runs.first().pk).update(method=other)

        assert [len(claim_runs(data_set.pk)) for _ in range(3)] == [1, 1, 0]


class TestLeases:
    def test_a_long_computation_keeps_its_lease(self, settings, transactional_db, monkeypatch):
        settings.RUN_LEASE_SECONDS = 3
        data_set = queue(versions=1)
        score_nodes = services.score_nodes

        def dawdle(*args, **kwargs):
            until = Run.objects.get().lease_until
            wait_until(lambda: Run.objects.get().lease_until > until, what="a beat")
            assert claim_runs(data_set.pk) == []
            return score_nodes(*args, **kwargs)

        monkeypatch.setattr(services, "score_nodes", dawdle)

        assert compute_waiting_runs(data_set.pk) == 1

    def test_without_a_heartbeat_it_would_lose_it(self, settings, transactional_db, monkeypatch):
        from indexer.services import leases

        settings.RUN_LEASE_SECONDS = 0.3
        monkeypatch.setattr(leases, "_beat", lambda *_: None)
        data_set = queue(versions=1)
        runs = claim_runs(data_set.pk)
        time.sleep(0.4)

        assert len(claim_runs(data_set.pk)) == 1
        assert compute_claimed_runs(runs) == 0

    def test_the_heart_stops_with_the_work(self, settings, transactional_db):
        settings.RUN_LEASE_SECONDS = 0.3
        before = set(threading.enumerate())

        compute_waiting_runs(queue(versions=1).pk)

        assert set(threading.enumerate()) <= before


class TestResults:
    def test_the_bytes_are_the_same_after_a_retry_and_in_any_batch(self, monkeypatch):
        data_set = queue(versions=5, cities=40)
        compute_waiting_runs(data_set.pk)
        together = results()
        forget_scores()
        Run.objects.update(status=RunStatus.QUEUED, node_scores=None, result_sha256="", attempts=0)
        monkeypatch.setattr(services, "CLAIM_ROWS", 2 * 40)
        claim_runs(data_set.pk)
        let_leases_lapse()

        compute_waiting_runs(data_set.pk)

        assert results() == together
        assert all(digest for _pk, _status, digest in together[0])

    def test_a_death_between_the_rows_and_the_end_leaves_no_half_result(self, monkeypatch):
        data_set = queue(versions=2)
        monkeypatch.setattr(run_results, "_end_runs", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))

        with pytest.raises(KeyboardInterrupt):
            compute_waiting_runs(data_set.pk)

        assert not RunScores.objects.exists()
        monkeypatch.undo()
        let_leases_lapse()
        assert compute_waiting_runs(data_set.pk) == 2

    def test_a_claim_that_fails_takes_the_storing_before_it_along(self, monkeypatch):
        data_set, claims = queue(versions=2), []
        monkeypatch.setattr(services, "CLAIM_ROWS", 3)

        def claim_once(*asked):
            claims.append(asked)
            if len(claims) == 2:
                raise OperationalError("gone")
            return claim_runs(*asked)

        monkeypatch.setattr(services, "claim_runs", claim_once)
        with pytest.raises(OperationalError, match="gone"):
            compute_waiting_runs(data_set.pk)

        assert set(Run.objects.values_list("status", "attempts")) == {(RunStatus.QUEUED, 0)}
        assert not RunScores.objects.exists()
        assert compute_waiting_runs(data_set.pk) == 2

    def test_the_inputs_are_kept_with_the_result(self, settings):
        data_set = queue(versions=1)
        compute_waiting_runs(data_set.pk)

        run = Run.objects.get()
        assert (run.data_sha256, run.manifest_hash, run.code_version) == (
            data_set.sha256,
            run.weight_version.manifest_hash,
            settings.CODE_VERSION,
        )

    def test_a_run_that_cannot_be_computed_fails_and_names_the_indicator(self):
        values = [[1.0, 2.0, 0.0, 4.0, 5.0], [2.0, 1.0, 0.0, 4.0, 5.0]]
        data_set = queue(versions=2, values=values)

        assert compute_waiting_runs(data_set.pk) == 2

        assert {run.status for run in Run.objects.all()} == {RunStatus.FAILED}
        assert all("retail" in run.failure[0]["codes"] for run in Run.objects.all())

    def test_a_run_that_fails_takes_no_other_with_it(self):
        # Reweighted, the first city has nothing under a version that weighs its gaps alone.
        nan = float("nan")
        data_set = make_data_set(values=[[nan, 2, 1, 4, 5], [2, 1, 3, 4, 5]], missing="reweight")
        framework = data_set.framework
        make_version(framework)
        gaps = {"infra": 1.0, "industry": 0.0, "fixed": 1.0, "mobile": 0.0, "retail": 1.0}
        draft = make_draft(framework, tilt=1)
        for row in draft.node_weights.select_related("indicator__parent"):
            row.local_weight = gaps.get(row.indicator.code, 0.0)
            row.global_weight = float(row.indicator.code in ("infra", "fixed"))
            row.save()
        freeze_version(draft, actor=framework.created_by)

        assert compute_waiting_runs(data_set.pk) == 2

        assert [run.status for run in Run.objects.order_by("pk")] == [RunStatus.DONE, RunStatus.FAILED]

    def test_a_failed_run_can_be_queued_again(self):
        data_set = queue(versions=1, values=[[0.0] * 5] * 2)
        compute_waiting_runs(data_set.pk)

        run = requeue_job(Run.objects.get(), actor=data_set.created_by)

        assert (run.status, run.attempts, run.failure) == (RunStatus.QUEUED, 0, [])
        with pytest.raises(Refused):
            requeue_job(run, actor=data_set.created_by)


@pytest.mark.postgres
class TestStoring:
    """On both databases: rows are inserted on one and copied into the other."""

    @pytest.mark.parametrize("missing", ["refuse", "reweight"])
    def test_what_is_stored_is_what_was_computed(self, missing):
        values = np.random.default_rng(1).uniform(1, 100, (7, 5))
        if missing == "reweight":
            values[2, 3] = np.nan
        data_set = queue(versions=3, values=values, missing=missing)
        compute_waiting_runs(data_set.pk)

        structure = structure_of(data_set.framework_id)
        shares = normalised_values(data_set, data_set.method, structure)
        runs = runs_with_nodes_visible_to(data_set.created_by).order_by("pk")
        for result in results_of(list(runs)):
            weights = global_weights_of([result.run.weight_version_id])[result.run.weight_version_id]
            tree, leaves = structure.tree, weights[structure.tree.leaves]
            np.testing.assert_array_equal(
                result.scores, composite_scores(shares, leaves, tree=tree, missing=missing)
            )
            np.testing.assert_array_equal(result.ranks, min_ranks(result.scores))
            nodes = node_scores(tree, weights, shares, missing=missing)
            np.testing.assert_array_equal(result.node_scores_in(slice(None)), nodes)
            for place in range(len(tree)):
                np.testing.assert_array_equal(result.on_node(place), nodes[:, place])

    def test_finished_runs_say_who_computed_them_from_what_and_how_long(self):
        data_set = queue(versions=2)
        compute_waiting_runs(data_set.pk)
        for run in Run.objects.select_related("weight_version"):
            assert (run.data_sha256, run.manifest_hash) == (data_set.sha256, run.weight_version.manifest_hash)
            assert run.started_at <= run.finished_at
            assert run.worker.endswith(f":{os.getpid()}")
            assert len(run.result_sha256) == 64


class TestGivingUp:
    def test_a_run_that_kills_its_worker_is_given_up_and_said_to_be(self):
        data_set = queue(versions=1)
        for _attempt in range(MOST_DEATHS):
            assert len(claim_runs(data_set.pk)) == 1
            let_leases_lapse()

        assert claim_runs(data_set.pk) == []
        assert give_up_exhausted(Run) == 1
        assert Run.objects.get().failure == [{"kind": "exhausted", "number": MOST_DEATHS}]
        assert data_sets_with_waiting_runs() == {}

    def test_a_run_that_kills_its_worker_costs_the_others_one_attempt(self):
        data_set = queue(versions=3)
        poison = claim_runs(data_set.pk)[0]
        let_leases_lapse()
        while runs := claim_runs(data_set.pk):
            if runs[0].pk != poison.pk:
                compute_claimed_runs(runs)
            let_leases_lapse()
        give_up_exhausted(Run)

        outcomes = dict(Run.objects.values_list("pk", "status"))
        assert outcomes.pop(poison.pk) == RunStatus.FAILED
        assert set(outcomes.values()) == {RunStatus.DONE}
        assert max(Run.objects.exclude(pk=poison.pk).values_list("attempts", flat=True)) == 2

    def test_a_run_that_is_being_computed_for_the_last_time_is_left_alone(self):
        data_set = queue(versions=1)
        Run.objects.update(attempts=MOST_DEATHS - 1)
        (run,) = claim_runs(data_set.pk)

        assert give_up_exhausted(Run) == 0
        assert compute_claimed_runs([run]) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestRaces:
    """On both databases: locks differ, the outcome may not."""

    def in_threads(self, *acts):
        gate = threading.Barrier(len(acts))

        def perform(act):
            try:
                gate.wait(30)
                return act()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(acts)) as pool:
            return [future.result(30) for future in [pool.submit(perform, act) for act in acts]]

    def test_workers_that_claim_at_once_share_the_runs(self):
        data_set = queue(versions=8)

        claims = self.in_threads(*[lambda: claim_runs(data_set.pk)] * 4)

        claimed = [run.pk for claim in claims for run in claim]
        assert len(claimed) == len(set(claimed))
        claimed += [run.pk for run in claim_runs(data_set.pk)]
        assert sorted(claimed) == sorted(data_set.runs.values_list("pk", flat=True))

    def test_two_data_sets_with_one_method_are_claimed_at_once(self):
        first, second = queue(versions=1), queue(versions=1)

        with transaction.atomic():
            claim_runs(first.pk)
            if connection.vendor == "postgresql":
                claims = self.in_threads(lambda: claim_runs(second.pk))
                assert [len(claim) for claim in claims] == [1]

    def test_a_version_and_a_data_set_that_come_at_once_meet(self, monkeypatch):
        framework = make_framework()
        draft = make_draft(framework)
        actor = framework.created_by
        both_have_looked = threading.Barrier(2)
        write = dispatch._queue

        def look_then_write(runs):
            runs = list(runs)
            # Without the lock both see nothing here, and neither writes the run of the pair.
            with contextlib.suppress(threading.BrokenBarrierError):
                both_have_looked.wait(1)
            write(runs)

        monkeypatch.setattr(dispatch, "_queue", look_then_write)

        self.in_threads(
            lambda: freeze_version(draft, actor=actor), lambda: make_data_set(framework, actor=actor)
        )

        assert Run.objects.filter(weight_version=draft, data_set=DataSet.objects.get()).count() == 1


def test_the_block_of_a_run_stands_behind_all_that_lists_and_claims_read():
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, "indexer_run")
    assert columns[-1].name == "node_scores"
