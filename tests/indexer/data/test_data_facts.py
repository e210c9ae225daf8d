"""Facts of a large data set: kept once a worker has worked them out, and the same to the last bit."""

import re
import tracemalloc

import numpy as np
import pytest
from django.urls import reverse

from indexer import tasks
from indexer.audit_files import UNWEIGHTED_TABLES
from indexer.enums import RunStatus
from indexer.models import DataFacts, DataSet
from indexer.numeric.coherence import correlations
from indexer.selectors import block_parts, data_facts
from indexer.selectors.data_audit import audited_data_sets, data_audit_of
from indexer.selectors.data_facts import arrays_to_keep, unweighted_facts_of
from indexer.selectors.data_sets import structure_of
from indexer.selectors.stored_values import columns_of, load_values, rows_of, unpack_values
from indexer.services.facts import keep_waiting_facts, write_missing_facts
from indexer.services.leases import MOST_DEATHS, give_up_exhausted
from tests.factories import make_framework
from tests.indexer.factories import make_data_set

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

WIDE = {f"s{group}": {f"x{group}{leaf}": {} for leaf in range(10)} for group in range(4)}
# What is drawn anew for each request.
TOKEN = re.compile(rb'(csrfmiddlewaretoken" value="|"X-CSRFToken": "|nonce[=-]"?)[^"\' ;]*')


@pytest.fixture
def data_set():
    """Forty units with gaps, a column that does not vary, and one of parts of a whole."""
    framework = make_framework(WIDE)
    leaves = framework.indicators.filter(is_leaf=True).count()
    values = np.random.default_rng(5).lognormal(1, 2, (40, leaves))
    values[7, 1:] = np.nan
    values[:, 0] = 3.0
    values[:, -1] = 1 / 40
    return make_data_set(framework, values=values)


@pytest.fixture
def large(monkeypatch):
    """Let every data set count as a large one."""
    monkeypatch.setattr(data_facts, "MOST_VALUES", 0)


def addresses(data_set):
    export = reverse("indexer:data-set-audit-export", args=[data_set.pk])
    return [
        reverse("indexer:data-set-detail", args=[data_set.pk]),
        reverse("indexer:data-set-audit", args=[data_set.pk]),
        reverse("indexer:data-set-audit-picture", args=[data_set.pk, "json"]),
        *(f"{export}?table={table}" for table in UNWEIGHTED_TABLES),
        *(reverse("indexer:api-data-set-audit", args=[data_set.pk, table]) for table in UNWEIGHTED_TABLES),
    ]


def told(client, data_set):
    answers = {address: client.get(address) for address in addresses(data_set)}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {
        address: TOKEN.sub(b"", getattr(answer, "content", b"") or b"".join(answer.streaming_content))
        for address, answer in answers.items()
    }


def test_what_is_kept_is_told_as_what_is_worked_out(data_set, analyst, monkeypatch):
    worked_out = told(analyst, data_set)
    monkeypatch.setattr(data_facts, "MOST_VALUES", 0)
    assert write_missing_facts() == 1
    assert keep_waiting_facts()
    assert not keep_waiting_facts()
    assert DataFacts.objects.get().status == RunStatus.DONE
    assert told(analyst, data_set) == worked_out

    # The control: what is told is what was kept.
    facts = DataFacts.objects.get()
    other = make_data_set(data_set.framework, values=unpack_values(data_set) * 2)
    write_missing_facts()
    keep_waiting_facts()
    DataFacts.objects.filter(pk=facts.pk).update(block=DataFacts.objects.get(data_set=other).block)
    assert told(analyst, data_set) != worked_out


def test_pages_say_that_a_worker_is_at_it(data_set, analyst, large):
    page, audit, picture, *others = addresses(data_set)
    for _state in ("nobody has asked", "a job waits"):
        assert "worked out once" in analyst.get(page).content.decode()
        answer = analyst.get(audit)
        assert answer.status_code == 503
        assert (answer.headers["Retry-After"], answer.headers["Refresh"]) == ("5", "5")
        assert "worked out once" in answer.content.decode()
        assert analyst.get(picture).status_code == 503
        assert {analyst.get(address).status_code for address in others} == {503, 404}
        write_missing_facts()


def test_the_sweeper_asks_and_a_worker_keeps(data_set, large, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.keep_facts, "apply_async", lambda **options: sent.append(options["queue"]))
    tasks.sweep_facts()
    assert sent == ["bulk"]
    assert tasks.keep_facts()
    kept = DataFacts.objects.get()
    assert (kept.data_set_id, kept.status, kept.lease) == (data_set.pk, RunStatus.DONE, None)
    tasks.sweep_facts()
    assert (sent, DataFacts.objects.count()) == (["bulk"], 1)


def test_small_data_sets_ask_for_nobody(data_set):
    assert write_missing_facts() == 0
    assert not DataFacts.objects.exists()


def test_what_ended_its_workers_is_tried_again_when_somebody_says_so(data_set, analyst, large):
    write_missing_facts()
    DataFacts.objects.update(attempts=MOST_DEATHS)
    assert not keep_waiting_facts(), "it has had its turns"
    give_up_exhausted(DataFacts)
    assert DataFacts.objects.get().status == RunStatus.FAILED
    assert write_missing_facts() == 0
    page, audit, *_others = addresses(data_set)
    for address in (page, audit):
        assert "ended 3 times" in analyst.get(address).content.decode()
    analyst.post(reverse("indexer:data-set-facts-retry", args=[data_set.pk]))
    assert keep_waiting_facts()
    told(analyst, data_set)


def test_rows_and_columns_are_those_of_the_matrix(data_set, monkeypatch):
    monkeypatch.setattr(block_parts, "PIECE", 1000)
    whole, bare = unpack_values(data_set), DataSet.objects.defer("values").get(pk=data_set.pk)
    chosen = [3, 0, whole.shape[1] - 1]
    assert columns_of(bare, chosen).tobytes() == np.ascontiguousarray(whole[:, chosen]).tobytes()
    assert rows_of(bare, [39, 0, 7]).tobytes() == whole[[39, 0, 7]].tobytes()
    assert "values" in bare.get_deferred_fields()
    assert columns_of(data_set, chosen).tobytes() == columns_of(bare, chosen).tobytes()


def test_a_page_of_one_indicator_holds_a_part_of_the_matrix(monkeypatch):
    """In memory, beside the matrix: one column with what was kept, and several matrices to work that out."""
    framework = make_framework(WIDE)
    leaves = framework.indicators.filter(is_leaf=True).count()
    values = np.random.default_rng(1).lognormal(0, 1, (120_000 // leaves, leaves))
    data_set = make_data_set(framework, values=values)
    monkeypatch.setattr(block_parts, "PIECE", 20_000)
    monkeypatch.setattr(data_facts, "MOST_VALUES", 0)
    write_missing_facts()
    keep_waiting_facts()
    bare = audited_data_sets(data_set.created_by).get(pk=data_set.pk)

    assert _peak(lambda: data_audit_of(bare).raw_of(2)) < values.nbytes / 2
    monkeypatch.setattr(data_facts, "MOST_VALUES", 10**9)
    structure = structure_of(framework.pk)
    assert _peak(lambda: unweighted_facts_of(bare, structure).pearson) > 3 * values.nbytes


def test_working_them_out_holds_few_matrices(monkeypatch):
    framework = make_framework(WIDE)
    data_set = make_data_set(framework, values=np.random.default_rng(1).random((5_000, 40)))
    load_values(data_set)
    monkeypatch.setattr(correlations, "RANKED_CELLS", 20_000)
    assert _peak(lambda: arrays_to_keep(data_set)) < 7 * len(data_set.values)
    # The control: ranks of all columns at once.
    monkeypatch.setattr(correlations, "RANKED_CELLS", 10**9)
    assert _peak(lambda: arrays_to_keep(data_set)) > 8 * len(data_set.values)


def _peak(work):
    """Return the most bytes that some work takes."""
    tracemalloc.start()
    work()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
