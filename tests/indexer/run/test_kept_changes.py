"""What turns neighbours of a large ranking round: kept once it is worked out, the same to the last bit."""

import re

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from indexer import tasks
from indexer.enums import RunStatus
from indexer.models import RunFacts
from indexer.selectors import data_facts, fragility, run_facts
from indexer.selectors.fragility import fragility_of
from indexer.services.facts import keep_waiting_facts, request_run_facts, write_missing_facts
from tests.indexer.finished_runs import make_runs, random_values

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

# What is drawn anew for each request.
TOKEN = re.compile(rb'(csrfmiddlewaretoken" value="|X-CSRFToken": "|nonce[=-]"?)[^"\' ;]*')


@pytest.fixture
def run():
    return make_runs(random_values(30), tilts=[1.0])[0]


def make_large(monkeypatch):
    """Let every data set count as a large one."""
    monkeypatch.setattr(data_facts, "MOST_VALUES", 0)
    monkeypatch.setattr(run_facts, "MOST_VALUES", 0)


def keep(run):
    request_run_facts(run.pk)
    while keep_waiting_facts():
        pass


def addresses(run):
    """Pages, file, picture and API."""
    page = reverse("indexer:run-fragility", args=[run.pk])
    return [
        page,
        f"{page}?sort=-gap",
        reverse("indexer:run-fragility-export", args=[run.pk]),
        reverse("indexer:run-report", args=[run.pk]),
        reverse("indexer:run-picture", args=[run.pk, "fragility", "json"]),
        reverse("indexer:api-run-critical", args=[run.pk]),
    ]


def told(client, run):
    """What they answer, and with which status."""
    answers = {address: client.get(address) for address in addresses(run)}
    return {
        address: (
            answer.status_code,
            TOKEN.sub(b"", answer.getvalue() if answer.streaming else answer.content),
        )
        for address, answer in answers.items()
    }


def statuses(answers):
    return [status for status, _text in answers.values()]


def test_what_is_kept_is_told_as_what_is_worked_out(run, analyst, monkeypatch):
    worked_out = told(analyst, run)
    assert statuses(worked_out) == [200] * 6
    make_large(monkeypatch)
    keep(run)
    monkeypatch.delattr(fragility, "smallest_changes")
    assert told(analyst, run) == worked_out


def test_they_have_the_same_bits_and_types(run, monkeypatch):
    worked_out = vars(fragility_of(run).changes)
    make_large(monkeypatch)
    keep(run)
    kept = vars(fragility_of(run).changes)
    assert kept.keys() == worked_out.keys()
    for name, array in worked_out.items():
        assert (kept[name].dtype, kept[name].shape) == (array.dtype, array.shape), name
        assert kept[name].tobytes() == np.ascontiguousarray(array).tobytes(), name


def test_of_an_index_that_is_no_mean_that_is_kept(analyst, monkeypatch):
    run = make_runs(random_values(30), tilts=[1.0], aggregation="minimum", normalisation="minmax")[0]
    worked_out = told(analyst, run)
    assert set(statuses(worked_out)) == {200, 400, 404}
    make_large(monkeypatch)
    keep(run)
    monkeypatch.delattr(fragility, "index_of")
    assert told(analyst, run) == worked_out


def test_before_that_nothing_is_worked_out_in_a_request_and_a_worker_is_asked(run, analyst, monkeypatch):
    worked_out = told(analyst, run)
    make_large(monkeypatch)
    sent = []
    monkeypatch.setattr(tasks.keep_facts, "apply_async", lambda args, **_options: sent.append(args))
    with monkeypatch.context() as patched:
        patched.delattr(fragility, "index_of")
        assert statuses(told(analyst, run)) == [503] * 4 + [404] * 2
        page = analyst.get(addresses(run)[0])
    assert page.headers["Refresh"] == page.headers["Retry-After"] == "5"
    assert "what turns neighbours round, is worked out once, by a worker" in page.content.decode()
    # A picture is no page that waits: the one that shows it does.
    assert sent == [[run.pk]] * len(addresses(run))
    assert not RunFacts.objects.exists(), "a reader stores nothing"
    assert tasks.keep_facts(run.pk)
    assert told(analyst, run) == worked_out


def test_where_the_worker_failed_pages_say_so_and_lead_to_another_try(run, analyst, monkeypatch):
    make_large(monkeypatch)
    request_run_facts(run.pk)
    RunFacts.objects.update(status=RunStatus.CANCELLED, finished_at=timezone.now())
    retry = reverse("indexer:run-facts-retry", args=[run.pk])
    for address in addresses(run)[:4]:
        answer = analyst.get(address)
        assert (answer.status_code, "Refresh" in answer.headers) == (503, False)
        assert f'action="{retry}"' in answer.content.decode()
    api = analyst.get(addresses(run)[5])
    assert api.status_code == 404
    assert reverse("indexer:api-run-facts-retry", args=[run.pk]) in api.json()["detail"]


def test_a_stranger_waits_for_the_sweeper_alone(client, monkeypatch):
    run = make_runs(random_values(30), tilts=[1.0], published=True)[0]
    worked_out = told(client, run)
    make_large(monkeypatch)
    sent = []
    monkeypatch.setattr(tasks.keep_facts, "apply_async", lambda args, **_options: sent.append(args))
    assert statuses(told(client, run)) == [503] * 4 + [404] * 2
    assert not sent
    write_missing_facts()
    while keep_waiting_facts():
        pass
    assert told(client, run) == worked_out


def test_facts_of_before_there_were_any_are_worked_out_for_who_asks(run, analyst, monkeypatch):
    worked_out = told(analyst, run)
    make_large(monkeypatch)
    keep(run)
    RunFacts.objects.update(changes=None)
    assert told(analyst, run) == worked_out
