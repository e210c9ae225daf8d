"""What the audit of a large ranking finds: kept once a worker has worked it out, the same to the last bit."""

import re
import tracemalloc

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from indexer import tasks
from indexer.audit_files import TABLES
from indexer.enums import RunStatus
from indexer.models import DataFacts, DataSet, Run, RunFacts
from indexer.numeric.coherence import correlations
from indexer.numeric.scores import column_blocks
from indexer.numeric.studies.blocks import unpack_arrays
from indexer.selectors import block_parts, data_facts, run_facts, stored_values
from indexer.selectors.cities import Cities
from indexer.selectors.coherence import arrays_to_keep_of_run, coherence_of
from indexer.selectors.data_sets import PACKED
from indexer.selectors.runs import runs_with_nodes
from indexer.services.facts import keep_waiting_facts, request_run_facts, write_missing_facts
from tests.factories import make_framework
from tests.indexer.finished_runs import make_runs

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

WIDE = {f"s{group}": {f"x{group}{leaf}": {} for leaf in range(6)} for group in range(4)}
# What is drawn anew for each request.
TOKEN = re.compile(rb'(csrfmiddlewaretoken" value="|X-CSRFToken": "|nonce[=-]"?)[^"\' ;]*')


@pytest.fixture
def run():
    return make_ranking(60)


@pytest.fixture
def large(monkeypatch):
    make_large(monkeypatch)


def make_large(monkeypatch):
    """Let every data set count as a large one."""
    monkeypatch.setattr(data_facts, "MOST_VALUES", 0)
    monkeypatch.setattr(run_facts, "MOST_VALUES", 0)


def make_ranking(units, **options):
    """A ranking of values with gaps."""
    framework = make_framework(WIDE)
    leaves = framework.indicators.filter(is_leaf=True).count()
    values = np.random.default_rng(8).lognormal(1, 1, (units, leaves))
    values[7, 1:] = np.nan
    return make_runs(values, tilts=[1.0], framework=framework, missing="reweight", **options)[0]


def addresses(run):
    page = reverse("indexer:run-coherence", args=[run.pk])
    export = reverse("indexer:run-coherence-export", args=[run.pk])
    nodes = run.data_set.framework.indicators.filter(is_leaf=False).values_list("code", flat=True)
    return [
        page,
        *(f"{page}?group={code}" for code in nodes),
        reverse("indexer:run-audit-report", args=[run.pk]),
        *(f"{export}?table={table}" for table in TABLES),
        *(reverse("indexer:api-run-audit", args=[run.pk, table]) for table in TABLES),
    ]


def told(client, run):
    answers = {address: client.get(address) for address in addresses(run)}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {
        address: TOKEN.sub(b"", answer.getvalue() if answer.streaming else answer.content)
        for address, answer in answers.items()
    }


def test_what_is_kept_is_told_as_what_is_worked_out(run, analyst, monkeypatch):
    worked_out = told(analyst, run)
    make_large(monkeypatch)
    request_run_facts(run.pk)
    assert keep_waiting_facts()
    assert RunFacts.objects.get().status == RunStatus.DONE
    assert told(analyst, run) == worked_out


def test_a_report_of_what_is_kept_reads_the_values_once(run, analyst, large, monkeypatch):
    """For its histograms; importance and parts of the variance are kept."""
    request_run_facts(run.pk)
    assert keep_waiting_facts()
    passes = count_passes(monkeypatch)
    answer = analyst.get(reverse("indexer:run-audit-report", args=[run.pk]))
    assert answer.content.count(b"<figure") > 3
    assert len(passes) == 1
    assert analyst.get(reverse("indexer:run-coherence", args=[run.pk])).status_code == 200
    assert len(passes) == 1


def test_the_values_of_one_indicator_are_read_once(run, analyst, large, monkeypatch):
    passes = count_passes(monkeypatch)
    page = reverse("indexer:run-distribution", args=[run.pk])
    assert analyst.get(page, {"node": "x00"}).status_code == 200
    assert len(passes) == 1


def test_a_table_that_names_no_unit_fetches_none(run, analyst, monkeypatch):
    fetched, load = [], Cities.load
    monkeypatch.setattr(Cities, "load", lambda self, places: fetched.append(1) or load(self, places))
    for table, names_units in (("importance", False), ("groups", False), ("units", True)):
        fetched.clear()
        answer = analyst.get(reverse("indexer:api-run-audit", args=[run.pk, table]))
        assert (answer.status_code, bool(fetched)) == (200, names_units), table


def count_passes(monkeypatch):
    """Return what grows with each time that all values pass by."""
    passes, read = [], stored_values._passing_rows
    monkeypatch.setattr(
        stored_values, "_passing_rows", lambda data_set: passes.append(data_set.pk) or read(data_set)
    )
    return passes


def test_what_an_earlier_release_kept_is_told_alike(run, analyst, monkeypatch):
    worked_out = told(analyst, run)
    make_large(monkeypatch)
    request_run_facts(run.pk)
    assert keep_waiting_facts()
    facts = RunFacts.objects.get()
    arrays = unpack_arrays(bytes(facts.block))
    del arrays["importance"], arrays["variance"]
    monkeypatch.setattr("indexer.selectors.coherence.kept_arrays_of_run", lambda _run: arrays)
    assert told(analyst, run) == worked_out


def test_an_analyst_who_looks_has_a_worker_asked(run, analyst, large, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.keep_facts, "apply_async", lambda args, **_options: sent.append(args))
    looked = [address for address in addresses(run) if "/api/" not in address]
    for address in looked:
        answer = analyst.get(address)
        assert (answer.status_code, answer.headers["Refresh"]) == (503, "5")
        assert "worked out once" in answer.content.decode()
    assert {analyst.get(address).status_code for address in addresses(run) if "/api/" in address} == {404}
    assert sent == [[run.pk]] * len(addresses(run))
    assert not RunFacts.objects.exists(), "a reader stores nothing"
    assert tasks.keep_facts(run.pk)
    told(analyst, run)


def test_what_anybody_may_read_is_worked_out_unasked(monkeypatch):
    run = make_ranking(40, published=True)
    make_large(monkeypatch)
    stranger = Client()
    page = reverse("indexer:run-coherence", args=[run.pk])
    assert stranger.get(page).status_code == 503
    assert not RunFacts.objects.exists(), "a reader stores nothing"
    assert write_missing_facts() == 2
    while keep_waiting_facts():
        pass
    assert stranger.get(page).status_code == 200
    assert (DataFacts.objects.count(), RunFacts.objects.count()) == (1, 1)


def test_of_what_is_not_public_no_facts_are_worked_out_unasked(run, large):
    write_missing_facts()
    assert not RunFacts.objects.exists()


def test_small_and_unfinished_runs_have_none(run, monkeypatch):
    request_run_facts(run.pk)
    make_large(monkeypatch)
    waiting = make_ranking(30, computed=False)
    request_run_facts(waiting.pk)
    request_run_facts(10**6)
    assert not RunFacts.objects.exists()
    assert Run.objects.count() == 2


def test_a_page_of_one_group_holds_a_part_of_the_scores(monkeypatch):
    """In memory: the members of a group with what was kept, and several matrices to work that out."""
    run = make_ranking(6_000)
    monkeypatch.setattr(block_parts, "PIECE", 20_000)
    make_large(monkeypatch)
    request_run_facts(run.pk)
    keep_waiting_facts()
    matrix = 8 * len(run.data_set.city_ids) * len(run.data_set.leaf_codes)

    def look():
        view = coherence_of(runs_with_nodes(None).get(pk=run.pk)).group_view(None)
        assert np.isfinite(view.pearson).any()
        assert view.group.members.size

    kept = _peak(look)
    monkeypatch.setattr(data_facts, "MOST_VALUES", 10**9)
    assert _peak(look) > kept + 3 * matrix


def test_facts_are_worked_out_with_a_few_matrices(monkeypatch):
    """Values, scores, and what is correlated with its count; of a ranking and of a data set."""
    run = make_ranking(20_000)
    monkeypatch.setattr(column_blocks, "BLOCK_CELLS", 100_000)
    monkeypatch.setattr(correlations, "RANKED_CELLS", 100_000)
    matrix = 8 * 20_000 * len(run.data_set.leaf_codes)
    data_set = DataSet.objects.defer(*PACKED).get(pk=run.data_set_id)
    assert _peak(lambda: arrays_to_keep_of_run(run.pk)) < 7 * matrix
    assert _peak(lambda: data_facts.arrays_to_keep(data_set)) < 7 * matrix


def _peak(work):
    """Return the most bytes that some work takes."""
    tracemalloc.start()
    work()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
