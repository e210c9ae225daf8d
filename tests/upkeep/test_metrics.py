"""Figures for Prometheus: of all processes together, for those who may read them, and never a score."""

import json
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from indexer.enums import Queue
from indexer.models import DataFacts, DataSet, Run, RunFacts
from tests.factories import make_account, make_framework, make_round
from tests.indexer.factories import make_data_set, make_version
from tests.processes import PYTHON, clean_environment, database_url, free_port, kill_tree, spawn, wait_until
from weighting.enums import Role
from weighting.models import Round

TOKEN = "a-token-for-prometheus"
LIVE = ("quanheng_requests_total", "GET", "live", "200")
NAMES = {
    "quanheng_requests", "quanheng_request_seconds", "quanheng_saves", "quanheng_jobs",
    "quanheng_job_takeovers", "quanheng_queue_jobs", "quanheng_queue_oldest_seconds", "quanheng_broker_up",
    "quanheng_queue_messages", "quanheng_workers", "quanheng_rounds_overdue", "quanheng_database_bytes",
}  # fmt: skip


def figures_of(text):
    """Every figure by its name and its labels, which are sorted by theirs."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def read(client, settings):
    settings.METRICS_TOKEN = TOKEN

    def figures():
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        return figures_of(answer.content.decode())

    return figures


@pytest.mark.django_db
def test_strangers_and_staff_do_not_know_of_them(client, settings):
    shown = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/metrics").status_code == client.get("/metrics", headers=shown).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": TOKEN}).status_code == 404
    client.force_login(make_account(Role.MANAGER))
    assert client.get("/metrics").status_code == 404

    assert client.get("/metrics", headers=shown).status_code == 200
    settings.METRICS_TOKEN = ""
    client.force_login(make_account(Role.ADMINISTRATOR))
    assert client.get("/metrics").status_code == 200


@pytest.mark.django_db
@pytest.mark.postgres
def test_they_say_what_is_under_way(read):
    framework = make_framework()
    make_version(framework)
    make_data_set(framework)
    make_round()
    Run.objects.update(attempts=3, queued_at=timezone.now() - timedelta(minutes=1))
    Round.objects.update(deadline=timezone.now() - timedelta(minutes=1))
    DataFacts.objects.create(data_set=DataSet.objects.get(), queue=Queue.BULK, attempts=2)
    DataFacts.objects.update(queued_at=timezone.now() - timedelta(minutes=2))
    RunFacts.objects.create(run=Run.objects.get(), queue=Queue.INTERACTIVE)
    told = read()

    assert told["quanheng_jobs", "run", "queued"] == 1
    assert told["quanheng_jobs", "run", "done"] == 0
    assert told["quanheng_job_takeovers", "run"] == 2
    assert (told["quanheng_jobs", "data_facts", "queued"], told["quanheng_jobs", "run_facts", "queued"]) == (
        1,
        1,
    )
    assert told["quanheng_job_takeovers", "data_facts"] == 1
    assert told["quanheng_queue_jobs", "interactive"] == 2
    assert told["quanheng_queue_jobs", "bulk"] == 1
    assert 60 <= told["quanheng_queue_oldest_seconds", "interactive"] < 90
    assert 120 <= told["quanheng_queue_oldest_seconds", "bulk"] < 150
    assert told["quanheng_rounds_overdue",] == 1
    assert told["quanheng_database_bytes",] > 100_000
    assert (told["quanheng_broker_up",], told["quanheng_workers",]) == (0, 0)


@pytest.mark.django_db
def test_pages_are_counted_by_name_and_an_address_is_nowhere(client, read):
    before = read()
    for _time in range(3):
        client.get("/in/a-key-that-nobody-may-read/")
    client.generic("BREW", "/no-such-page-of-a-stranger/")
    told = read()

    def more(*figure):
        return told[figure] - before.get(figure, 0)

    links = [key for key in told if key[0] == "quanheng_requests_total" and "weighting:receive-link" in key]
    assert sum(more(*key) for key in links) == 3
    assert more("quanheng_requests_total", "other", "", "404") == 1
    assert more("quanheng_request_seconds_count", "weighting:receive-link") == 3
    assert "a-key" not in str(told)
    assert "stranger" not in str(told)
    assert {key[0].removesuffix("_total").removesuffix("_created") for key in told} <= NAMES | {
        f"quanheng_request_seconds_{part}" for part in ("bucket", "count", "sum", "created")
    }


@pytest.mark.django_db(transaction=True)
def test_all_processes_are_counted_together_and_log_as_json(tmp_path):
    port, log = free_port(), tmp_path / "web.log"
    own = clean_environment(
        DATABASE_URL=database_url(),
        QUANHENG_VAR=tmp_path,
        QUANHENG_METRICS_TOKEN=TOKEN,
        QUANHENG_LOG_FORMAT="json",
        PYTHONWARNINGS="ignore",
    )
    command = [*PYTHON, "gunicorn", "config.wsgi", "--config", "python:config.gunicorn"]
    process = spawn([*command, "--bind", f"127.0.0.1:{port}"], log, own)
    try:
        wait_until(lambda: ask(port, "/livez")[0] == 200, what="the web server")
        # How often it was asked until it answered is not known.
        before = figures_of(ask(port, "/metrics", Authorization=f"Bearer {TOKEN}")[1])[LIVE]
        for _time in range(39):
            ask(port, "/livez")
        assert ask(port, "/api/in/a-key-that-nobody-may-read")[0] == 404
        text = ask(port, "/metrics", Authorization=f"Bearer {TOKEN}")[1]
    finally:
        kill_tree(process)

    assert figures_of(text)[LIVE] - before == 39
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line["logger"] for line in lines} >= {"gunicorn.error", "django.request"}
    assert any("/in/[hidden]" in line["message"] for line in lines)
    assert "a-key" not in log.read_text()


def ask(port, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""
