"""kill -9 of a real worker in mid-study: every chunk is counted once, and the bytes are the same."""

import random
import time

import pytest

from indexer.enums import StudyStatus
from indexer.models import Study, StudyPart
from indexer.services import studies
from indexer.services.leases import MOST_DEATHS
from indexer.services.studies import count_waiting_parts, plan_study
from indexer.tasks import send_study
from tests.faults.test_worker_kill import Celery
from tests.indexer.study_runs import make_panel_run
from tests.numbers import in_full
from tests.processes import wait_until

KILLS = in_full(50, otherwise=3)
CITIES, DRAWS, PARTS = 400, 30_000, 15


@pytest.fixture
def celery(valkey, transactional_db, tmp_path):
    celery = Celery(tmp_path)
    yield celery
    celery.stop()


def attempts():
    return sum(StudyPart.objects.values_list("attempts", flat=True))


def may_be_killed():
    """Whether a study goes on that the next kill does not bring to the end of its attempts."""
    tried = [*StudyPart.objects.values_list("attempts", flat=True), Study.objects.get().attempts]
    return Study.objects.get().status != StudyStatus.DONE and max(tried) < MOST_DEATHS - 1


def outcome(study):
    return Study.objects.values_list("histogram", "table", "result_sha256").get(pk=study.pk)


@pytest.mark.postgres
@pytest.mark.faults
@pytest.mark.slow
def test_a_worker_that_is_killed_in_mid_study_changes_no_byte(celery, monkeypatch):
    monkeypatch.setattr(studies, "CELLS_PER_PART", DRAWS * CITIES * 5 // PARTS)
    run = make_panel_run(cities=CITIES)
    actor = run.data_set.created_by

    def ask():
        return plan_study(run, kind="bootstrap", sent={"draws": DRAWS, "seed": 0}, actor=actor)

    study = ask()
    count_waiting_parts(study.pk)
    undisturbed = outcome(study)

    hits, kills, dice = 0, 0, random.Random(2016)
    while hits < KILLS:
        Study.objects.all().delete()
        study = ask()
        while hits < KILLS and may_be_killed():
            celery.ensure_worker()
            send_study(study.pk)
            before = attempts()
            wait_until(
                lambda before=before: attempts() > before or not StudyPart.objects.exists(), what="a claim"
            )
            time.sleep(dice.uniform(0, 0.1))
            kills += 1
            celery.kill_worker() if kills % 2 else celery.kill_pool()
            hits += StudyPart.objects.filter(lease__isnull=False).exists()
        celery.ensure_worker()
        send_study(study.pk)
        wait_until(lambda: Study.objects.get().status == StudyStatus.DONE, what="the study's end")
        assert outcome(study) == undisturbed
    print(f"worker killed in mid-study: {hits} of {kills} kills")
