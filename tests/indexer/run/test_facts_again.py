"""Facts of what is large whose job was cancelled or failed: said, counted for nobody, and asked for again."""

import pytest
from django.test import Client
from django.urls import reverse

from indexer import tasks
from indexer.enums import RunStatus
from indexer.models import DataFacts, RunFacts
from indexer.selectors import coherence, data_facts
from indexer.services.facts import keep_waiting_facts, request_run_facts, write_missing_facts
from tests.indexer.run.test_run_facts import make_large, make_ranking
from weighting.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
KINDS = {"data-set": DataFacts, "run": RunFacts}
PAGES = {
    "data-set": ("data-set-detail", "data-set-audit"),
    "run": ("run-coherence", "run-audit-report", "run-audit-pdf"),
}
TABLES = {"data-set": "api-data-set-audit", "run": "api-run-audit"}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def number(kind, monkeypatch):
    """The number of a large data set or of its ranking, whose facts wait."""
    run = make_ranking(30, published=True)
    make_large(monkeypatch)
    write_missing_facts()
    KINDS[{"data-set": "run", "run": "data-set"}[kind]].objects.all().delete()
    return run.data_set_id if kind == "data-set" else run.pk


def address(name, number, *more):
    return reverse(f"indexer:{name}", args=[number, *more])


@pytest.fixture
def nobody_counts(monkeypatch):
    """Refuse to work out in a request what a worker keeps."""

    def refuse(*_args, **_options):
        raise AssertionError("worked out for a reader")

    monkeypatch.setattr(data_facts, "unweighted_index", refuse)
    monkeypatch.setattr(data_facts, "_summaries", refuse)
    monkeypatch.setattr(coherence, "scored_index_of", refuse)


@pytest.mark.usefixtures("nobody_counts")
def test_of_what_was_cancelled_pages_say_so_and_count_nothing(kind, number, analyst):
    KINDS[kind].objects.update(status=RunStatus.CANCELLED)
    stranger = Client()
    for name in PAGES[kind]:
        for reader, said in (
            (analyst, "facts/retry/"),
            (stranger, "An analyst can have it worked out again"),
        ):
            answer = reader.get(address(name, number))
            assert answer.status_code == (200 if name == "data-set-detail" else 503)
            assert "Refresh" not in answer.headers
            text = answer.content.decode()
            assert "That was cancelled" in text
            assert said in text
    told = analyst.get(address(TABLES[kind], number, "groups"))
    assert told.status_code == 404
    assert address(f"api-{kind}-facts-retry", number) in told.json()["detail"]
    assert stranger.post(address(f"{kind}-facts-retry", number)).status_code in (302, 404)
    assert KINDS[kind].objects.get().status == RunStatus.CANCELLED


def test_a_press_has_it_worked_out_once(
    kind, number, analyst, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(tasks.keep_facts, "apply_async", lambda args, **said: sent.append(said["queue"]))
    KINDS[kind].objects.update(status=RunStatus.FAILED, failure=[{"kind": "memory"}], attempts=3)
    page = PAGES[kind][1] if kind == "data-set" else PAGES[kind][0]
    assert "too little memory" in analyst.get(address(page, number)).content.decode()
    retry = address(f"{kind}-facts-retry", number)
    with django_capture_on_commit_callbacks(execute=True):
        answer = analyst.post(retry)
    assert answer.headers["Location"] == address(page, number)
    assert sent == ["bulk"]
    waiting = analyst.get(address(page, number))
    assert waiting.headers["Refresh"] == "5"
    assert analyst.post(retry).status_code == 409, "it waits already"
    assert keep_waiting_facts()
    assert analyst.get(address(page, number)).status_code == 200
    assert AuditEntry.objects.filter(act="retry").count() == 1


def test_the_api_tells_cancels_and_tries_again(kind, number, analyst):
    facts = address(f"api-{kind}-facts", number)
    cancel, retry = (address(f"api-{kind}-facts-{act}", number) for act in ("cancel", "retry"))
    told = analyst.get(facts).json()
    assert (told["status"], told["queue"], told["attempts"], told["error"]) == ("queued", "bulk", 0, "")
    assert analyst.post(retry).status_code == 409
    assert analyst.post(cancel).json()["status"] == "cancelled"
    assert analyst.post(cancel).status_code == 409
    assert not keep_waiting_facts()
    assert analyst.post(retry).json()["status"] == "queued"
    assert keep_waiting_facts()
    done = analyst.get(facts).json()
    assert (done["status"], done["attempts"]) == ("done", 1)
    assert done["worker"]
    assert not Client().get(facts).json()["worker"], "a stranger is not told which machine"
    KINDS[kind].objects.all().delete()
    assert analyst.get(facts).status_code == 404
    assert analyst.post(retry).status_code == 404
    acts = AuditEntry.objects.filter(act__in=["cancel", "retry"]).values_list("act", flat=True)
    assert sorted(acts) == ["cancel", "retry"]


def test_a_cancelled_ranking_is_asked_for_by_nobody_who_looks(analyst, monkeypatch):
    run = make_ranking(30)
    make_large(monkeypatch)
    request_run_facts(run.pk)
    RunFacts.objects.update(status=RunStatus.CANCELLED)
    sent = []
    monkeypatch.setattr(tasks.keep_facts, "apply_async", lambda args, **_said: sent.append(args))
    assert analyst.get(address("run-coherence", run.pk)).status_code == 503
    assert analyst.get(address("run-fragility", run.pk)).status_code == 503
    assert not sent
