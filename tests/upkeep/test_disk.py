"""What takes up the disk is measured, and only what can be computed again is dropped."""

from copy import deepcopy
from datetime import timedelta
from hashlib import sha256
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from indexer.dispatch import compute_with_method
from indexer.models import DataFacts, Run, RunFacts, RunScores, Study
from indexer.selectors import data_facts, run_facts
from indexer.services.facts import keep_waiting_facts, request_run_facts, write_missing_facts
from indexer.services.methods import use_method
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, sign_in_staff
from tests.indexer.study_runs import make_panel_run, make_study
from upkeep import pruning
from upkeep.disk import disk_use
from weighting.enums import Role
from weighting.models import AuditEntry, WeightVersion

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
PAGE, PRUNE = "/installation/disk/", "/installation/disk/prune/"


@pytest.fixture(scope="module")
def made(undone_after_the_file):
    """A ranking by the data set's own method, a trial by another, and a study of each."""
    own = make_panel_run()
    data_set = own.data_set
    method = use_method(normalisation="rank")
    compute_with_method(data_set, versions=[own.weight_version], method=method, actor=data_set.created_by)
    compute_waiting_runs(data_set.pk)
    trial = Run.objects.get(data_set=data_set, method=method)
    studies = [make_study(own), make_study(trial, "noise", spread=0.1)]
    return own, trial, studies


@pytest.fixture
def world(made):
    """A copy for each test; what a test changes is undone."""
    return deepcopy(made)


def test_each_data_set_is_measured(world):
    own, _trial, studies = world

    (row,) = disk_use().data_sets

    assert (row.data_set.pk, row.runs, row.studies) == (own.data_set_id, 2, 2)
    assert row.values == len(bytes(own.data_set.values)) + len(bytes(own.data_set.totals))
    nodes = sum(len(bytes(run.node_scores)) for run in Run.objects.all())
    assert row.results > nodes > 0
    assert row.answers == sum(len(bytes(study.histogram)) + len(bytes(study.table)) for study in studies)
    assert disk_use().database > row.total
    assert disk_use().free > 0


def test_trials_and_studies_go_and_evidence_stays(world):
    own, trial, studies = world
    hashes = {trial.result_sha256, *(study.result_sha256 for study in studies)}
    told = StringIO()

    call_command("prune", days=1, stdout=told)
    assert Run.objects.count() == Study.objects.count() == 2, "neither is a day old"
    call_command("prune", days=0, dry_run=True, stdout=told)
    assert "2 studies and 1 rankings would be dropped, and the facts of 0 rankings." in told.getvalue()
    assert Study.objects.count() == 2
    call_command("prune", days=0, stdout=told)

    assert list(Run.objects.all()) == [own]
    assert not Study.objects.exists()
    assert not RunScores.objects.filter(run=trial.pk).exists()
    assert RunScores.objects.filter(run=own).exists()
    assert {entry.detail["result"] for entry in AuditEntry.objects.filter(act="prune")} == hashes
    compute_with_method(
        own.data_set, versions=[own.weight_version], method=trial.method, actor=own.data_set.created_by
    )
    compute_waiting_runs(own.data_set_id)
    assert Run.objects.get(method=trial.method_id).result_sha256 == trial.result_sha256
    with pytest.raises(CommandError, match="--days is -1"):
        call_command("prune", days=-1)


def test_a_study_of_something_published_stays(world):
    own, _trial, studies = world
    type(own.data_set).objects.filter(pk=own.data_set_id).update(is_published=True)
    own.weight_version.is_published = True
    own.weight_version.save(update_fields=["is_published"])

    call_command("prune", days=0, stdout=StringIO())
    assert list(Study.objects.all()) == studies[:1]
    assert list(Run.objects.all()) == [own]


def test_a_trial_under_a_young_study_stays(world):
    _own, trial, studies = world
    Run.objects.update(finished_at=timezone.now() - timedelta(days=9))

    call_command("prune", days=5, stdout=StringIO())
    assert Run.objects.filter(pk=trial.pk).exists()
    assert Study.objects.count() == len(studies)


def test_what_is_tried_again_or_published_meanwhile_stays(world, monkeypatch):
    """Between the list and the act, one study is tried again and the ranking of another is published."""
    own, trial, (told, again) = world
    numbers = pruning._numbers

    def listed(rows):
        found = numbers(rows)
        Study.objects.filter(pk=again.pk).update(status="queued", histogram=None, table=None)
        type(own.data_set).objects.filter(pk=own.data_set_id).update(is_published=True)
        WeightVersion.objects.filter(pk=own.weight_version_id).update(is_published=True)
        return found

    monkeypatch.setattr(pruning, "_numbers", listed)
    gone = pruning.prune(days=0, actor=None)
    assert (gone.studies, gone.runs, gone.kept) == (0, 0, 2)
    assert set(Study.objects.all()) == {told, again}
    assert set(Run.objects.all()) == {own, trial}


@pytest.fixture
def known(world, monkeypatch):
    """The same with facts of the data set and of both rankings, as of large ones."""
    monkeypatch.setattr(data_facts, "MOST_VALUES", 0)
    monkeypatch.setattr(run_facts, "MOST_VALUES", 0)
    own, trial, _studies = world
    write_missing_facts()
    for run in (own, trial):
        request_run_facts(run.pk)
    work_out_facts()
    return own, trial


def work_out_facts():
    while keep_waiting_facts():
        pass


def blocks_of(kind):
    """What is kept, row by row; of a ranking in two columns."""
    rows = kind.objects.order_by("pk")
    return [bytes(facts.block) + bytes(getattr(facts, "changes", b"")) for facts in rows]


def test_facts_are_measured(known):
    (row,) = disk_use().data_sets
    blocks = [*blocks_of(DataFacts), *blocks_of(RunFacts)]
    assert len(blocks) == 3
    assert row.facts == sum(map(len, blocks)) > 0
    assert row.total == row.values + row.results + row.answers + row.facts


def test_facts_of_rankings_go_and_are_made_again_when_somebody_asks(known):
    own, _trial = known
    of_data, of_runs = blocks_of(DataFacts), blocks_of(RunFacts)

    call_command("prune", days=1, stdout=StringIO())
    assert RunFacts.objects.count() == 2, "neither is a day old"
    call_command("prune", days=0, stdout=StringIO())
    assert not RunFacts.objects.exists()
    assert blocks_of(DataFacts) == of_data, "its pages show them as long as there is the data set"
    assert write_missing_facts() == 0, "nobody looks at the ranking"
    told = AuditEntry.objects.filter(act="prune", subject_type="runfacts").order_by("pk")
    assert [entry.detail["result"] for entry in told] == [sha256(block).hexdigest() for block in of_runs]

    request_run_facts(own.pk)
    work_out_facts()
    assert blocks_of(RunFacts) == of_runs[:1]


def test_facts_of_what_is_published_stay(known):
    own, _trial = known
    type(own.data_set).objects.filter(pk=own.data_set_id).update(is_published=True)
    WeightVersion.objects.filter(pk=own.weight_version_id).update(is_published=True)

    assert pruning.prune(days=0, actor=None).facts == 1
    assert RunFacts.objects.get().run == own
    assert write_missing_facts() == 0


def test_facts_that_are_tried_again_meanwhile_stay(known, monkeypatch):
    own, trial = known
    numbers = pruning._numbers

    def listed(rows):
        found = numbers(rows)
        RunFacts.objects.update(status="queued", block=None, changes=None)
        return found

    monkeypatch.setattr(pruning, "_numbers", listed)
    assert pruning.prune(days=0, actor=None).facts == 0
    assert RunFacts.objects.get().run == own, "those of the trial went with it"
    assert not Run.objects.filter(pk=trial.pk).exists()


def test_facts_go_with_their_ranking(known):
    own, trial = known
    Study.objects.all().delete()
    Run.objects.update(finished_at=timezone.now() - timedelta(days=9))

    call_command("prune", days=5, stdout=StringIO())
    assert not Run.objects.filter(pk=trial.pk).exists()
    assert RunFacts.objects.get().run == own, "though they are not so old"


def test_the_page_shows_what_would_go_and_drops_it(client, world):
    client.force_login(make_account(Role.MANAGER))
    assert client.get(PAGE).status_code in (403, 404)
    sign_in_staff(client, make_account(Role.ADMINISTRATOR))

    assert "Studies that would go: 0; rankings: 0; facts of rankings: 0." in client.get(PAGE).content.decode()
    RunFacts.objects.create(run=world[0], status="failed", finished_at=timezone.now())
    told = client.get(PAGE, {"days": 0}).content.decode()
    assert "Studies that would go: 2; rankings: 1; facts of rankings: 1." in told
    assert "Nothing was dropped" in client.post(PRUNE, {"days": "-3"}, follow=True).content.decode()
    assert Study.objects.count() == 2
    answer = client.post(PRUNE, {"days": "0"}, follow=True).content.decode()
    assert "Studies dropped: 2; rankings: 1; facts of rankings: 1." in answer
    assert not Study.objects.exists()
