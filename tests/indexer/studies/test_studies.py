"""Studies: asked once, counted once by any number of workers, refused with every reason."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from django.utils import timezone

from indexer.enums import Queue, RunStatus, StudyKind, StudyStatus
from indexer.models import Run, Study, StudyPart
from indexer.numeric.scores.composite import composite_scores
from indexer.numeric.scores.index import CHUNK
from indexer.numeric.scores.ranking import min_ranks
from indexer.selectors.indices import index_of
from indexer.selectors.studies import queue_of_study, rank_intervals_of, result_of_study, studies_under_way
from indexer.services.leases import MOST_DEATHS
from indexer.services.studies import (
    cancel_study,
    claim_part,
    count_waiting_parts,
    fail_exhausted_studies,
    plan_study,
    retry_study,
    store_part,
)
from indexer.studies.asking import planned_of
from indexer.studies.questions import BadParameters
from tests.factories import make_account
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.study_runs import make_panel_run, make_study
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import AuditEntry
from weighting.numeric.draws import normalise_groups
from weighting.numeric.tree import global_weights
from weighting.selectors.panel_scores import panel_scores_of

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

VARIANTS = {
    "weights": "noise",
    "normalisations": ["minmax", "share", "zscore"],
    "missing": ["refuse", "zero"],
    "aggregations": ["arithmetic", "geometric"],
}
QUESTIONS = {
    "bootstrap": {},
    "jackknife": {},
    "noise": {"nu": "0.3"},
    "dirichlet": {"kappa": 40},
    "left_out": {},
    "variants": VARIANTS,
    "sobol": {"weights": "noise", "draws": 600},
    "choices": {"weights": "noise", "draws": 600, "normalisation": ["minmax", "rank"]},
    "dropped": {},
    "smaa": {"order": "infra > industry", "bounds": "fixed 0.2 0.8"},
    "coherence": {},
}


def plan_of_study(study):
    return planned_of(study).plan


def outcome(study):
    study = Study.objects.get(pk=study.pk)
    assert study.status == StudyStatus.DONE, study.failure
    return bytes(study.histogram or b""), bytes(study.table), study.summary


def forget(study):
    """Put a study back to where it was planned, in four parts where it has as many chunks."""
    edges = sorted({round(study.chunks * part / 4) for part in range(5)})
    study.parts.all().delete()
    for first, end in pairwise(edges):
        StudyPart.objects.create(study=study, first=first, end=end)
    Study.objects.filter(pk=study.pk).update(
        status=StudyStatus.QUEUED, chunks_done=0, histogram=None, table=None, summary={}, finished_at=None
    )


def count_by(workers, study):
    """Let so many workers hold parts at once, the last to take one being the first to store it."""
    plan = plan_of_study(study)
    while held := [part for _ in range(workers) if (part := claim_part(study.pk))]:
        for part in reversed(held):
            assert store_part(part, plan.tally(range(part.first, part.end)))
    count_waiting_parts(study.pk)


@pytest.mark.parametrize("kind", StudyKind.values)
def test_any_number_of_workers_counts_the_same(run, kind):
    study = make_study(run, kind, **QUESTIONS[kind])
    alone = outcome(study)
    for workers in (2, 4):
        forget(study)
        count_by(workers, study)
        assert outcome(study) == alone
    assert not study.parts.exists()


@pytest.mark.parametrize("seed", [0, 7])
def test_a_bootstrap_counts_what_the_formulas_say(run, seed):
    """From the ballots: experts drawn by the seed's children, sums, weights, scores, ranks."""
    study = make_study(run, draws=CHUNK + 88, seed=seed)
    index = index_of(run)
    tree, cities = index.tree, len(index.normalised)
    ballots = run.weight_version.round.ballots.exclude(receipt="")
    rows = sorted([ballot.sealed_scores[code] for code in tree.codes] for ballot in ballots)
    histogram = np.zeros((cities, cities), dtype=int)
    for chunk, size in enumerate([CHUNK, 88]):
        rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(chunk + 1)[chunk])
        for drawn in rng.integers(len(rows), size=(size, len(rows)), dtype=np.uint32):
            sums = np.sum([rows[expert] for expert in drawn], axis=0)
            local = sums / [sums[tree.parents == tree.parents[node]].sum() for node in range(len(tree))]
            scores = composite_scores(index.normalised, global_weights(tree, local)[tree.leaves])
            histogram[np.arange(cities), min_ranks(scores) - 1] += 1

    result = result_of_study(study)
    np.testing.assert_array_equal(result.histogram, histogram)
    np.testing.assert_allclose(result.figures["mean"], histogram @ np.arange(1, cities + 1) / study.draws)
    assert study.summary["stays"] == pytest.approx(
        sum(histogram[city, rank - 1] for city, rank in enumerate(index.nominal_ranks)) / study.draws / cities
    )


def test_the_same_question_is_asked_once(run):
    actor = run.data_set.created_by
    first = make_study(run, "noise", nu="0.10", seed=0)
    again = plan_study(run, kind="noise", sent={"draws": "2000", "nu": 0.1, "seed": ""}, actor=actor)

    assert again.pk == first.pk
    assert again.status == StudyStatus.DONE
    for changes in ({"seed": 1}, {"nu": 0.2}, {"draws": 1999}):
        sent = {"draws": 2000, "nu": 0.1, "seed": 0, **changes}
        assert plan_study(run, kind="noise", sent=sent, actor=actor).pk != first.pk
    assert AuditEntry.objects.filter(act="study").count() == 4


def test_a_part_is_counted_once_however_often_its_worker_dies(run):
    study = make_study(run)
    whole = outcome(study)
    forget(study)
    plan = plan_of_study(study)
    dead = claim_part(study.pk)
    tally = plan.tally(range(dead.first, dead.end))
    # Its lease runs out while it is still at it, and another worker takes the part.
    StudyPart.objects.filter(pk=dead.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    count_by(1, study)

    assert not store_part(dead, tally)
    assert outcome(study) == whole
    assert Study.objects.get(pk=study.pk).chunks_done == study.chunks


def test_without_the_lease_a_part_would_be_counted_twice(run):
    """The control of the test above: the same worker, had it kept its lease, is heard."""
    study = make_study(run, counted=False)
    part = claim_part(study.pk)
    assert store_part(part, plan_of_study(study).tally(range(part.first, part.end)))
    assert Study.objects.get(pk=study.pk).chunks_done == part.end - part.first


def test_a_study_whose_last_worker_died_before_merging_is_found(run):
    study = make_study(run)
    whole = outcome(study)
    forget(study)
    plan = plan_of_study(study)
    while part := claim_part(study.pk):
        store_part(part, plan.tally(range(part.first, part.end)))

    assert studies_under_way() == [study.pk]
    count_waiting_parts(study.pk)
    assert outcome(study) == whole
    assert studies_under_way() == []


def test_a_cancelled_study_stops_and_goes_on_from_what_it_has(run):
    actor = run.data_set.created_by
    study = make_study(run)
    whole = outcome(study)
    forget(study)
    plan = plan_of_study(study)
    one, late = claim_part(study.pk), claim_part(study.pk)
    store_part(one, plan.tally(range(one.first, one.end)))
    cancel_study(study, actor=actor)

    assert not store_part(late, plan.tally(range(late.first, late.end)))
    assert claim_part(study.pk) is None
    assert studies_under_way() == []
    with pytest.raises(Refused, match="ended already"):
        cancel_study(study, actor=actor)
    # Asking the same again takes it up.
    again = plan_study(run, kind="bootstrap", sent={"draws": 2000}, actor=actor)
    assert (again.pk, again.status, again.parts.filter(block=None).count()) == (study.pk, "queued", 3)
    count_waiting_parts(study.pk)
    assert outcome(study) == whole
    with pytest.raises(Refused, match="failed or was cancelled"):
        retry_study(study, actor=actor)


def test_a_study_that_is_tried_too_often_fails_and_can_be_tried_again(run):
    study = make_study(run, counted=False)
    study.parts.update(attempts=MOST_DEATHS)

    assert count_waiting_parts(study.pk) == 0
    assert fail_exhausted_studies() == 1
    study.refresh_from_db()
    assert (study.status, study.failure) == (
        StudyStatus.FAILED,
        [{"kind": "exhausted", "number": MOST_DEATHS}],
    )
    retry_study(study, actor=run.data_set.created_by)
    count_waiting_parts(study.pk)
    outcome(study)


def test_what_cannot_be_counted_fails_and_says_why(run):
    """Sobol indices of an output that never changes: there is no variance to divide."""
    study = make_study(run, "sobol", weights="noise", nu=0, draws=64)

    assert study.status == StudyStatus.FAILED
    assert study.failure == [{"kind": "constant_output"}]


BAD = [
    ("bootstrap", {"draws": "0", "seed": "-1"}, ["draws: “0”", "seed: “-1”"]),
    ("dirichlet", {"kappa": "-3"}, ["kappa: “-3”"]),
    ("noise", {"nu": "1.5", "draws": "many"}, ["nu: “1.5”", "draws: “many”"]),
    ("noise", {"nu": "nan"}, ["nu: “nan”"]),
    ("sobol", {"weights": "noise", "output": "rank", "city": "Atlantis"}, ["city: “Atlantis”"]),
    ("sobol", {"weights": "noise", "output": "rank"}, ["city: Name the city"]),
    ("variants", {"weights": "wrong"}, ["weights: “wrong”", "normalisations: Choose", "missing: Choose"]),
    ("smaa", {"bounds": "infra 0.9 0.1"}, ["bounds: infra: 0.9 to 0.1"]),
    ("smaa", {"bounds": "infra x"}, ["bounds: “infra” needs two numbers"]),
    ("smaa", {"order": "infra > fixed"}, ["order: infra, fixed"]),
    ("smaa", {"bounds": {"nowhere": [0, 1]}}, ["bounds: The framework has no indicator nowhere"]),
    ("left_out", {"nodes": "roots"}, ["nodes: “roots”"]),
    ("guess", {}, ["kind: “guess”"]),
]


def test_experts_are_drawn_in_whole_hundreds(run):
    """A single draw under a known seed is a known weighted sum of ballots; so is 101 draws less 100."""
    variants = {"weights": "bootstrap", "normalisations": ["share"], "missing": ["refuse"]}
    variants["aggregations"] = ["arithmetic"]
    asked = [("bootstrap", {}), ("variants", variants), ("sobol", {"weights": "bootstrap"})]
    for kind, sent in asked:
        for draws in (2, 99, 101, 150):
            with pytest.raises(BadParameters, match=f"draws: “{draws}” draws of experts: ask for whole"):
                plan_study(run, kind=kind, sent={**sent, "draws": draws}, actor=run.data_set.created_by)
        assert make_study(run, kind, **sent, draws=200, counted=False).draws == 200
    assert make_study(run, "noise", draws=2, counted=False).draws == 2


def test_one_hundred_draws_and_one_less_one_hundred_would_be_one_known_draw(run, monkeypatch):
    """What the rule is for: without it, subtracting histograms gives the ranks of a known sum of ballots."""
    monkeypatch.setattr("indexer.studies.asking.EXPERT_DRAWS", 1)
    more, fewer = (result_of_study(make_study(run, draws=draws)).histogram for draws in (101, 100))
    index, panel = index_of(run), panel_scores_of(run.weight_version)
    rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0,)))
    last = rng.integers(8, size=(101, 8), dtype=np.uint32)[100]
    sums = np.where(panel.asked, panel.scores[last].sum(axis=0), 1.0)
    weights = global_weights(index.tree, normalise_groups(index.tree, sums[:, np.newaxis])[:, 0])
    ranks = min_ranks(index.normalised @ weights[index.tree.leaves])

    assert ((more - fewer).sum(axis=1) == 1).all()
    np.testing.assert_array_equal((more - fewer).argmax(axis=1) + 1, ranks)


def test_experts_are_drawn_for_those_alone_who_may_read_of_their_round(run):
    """A manager of another round could make data whose ranks spell out every ballot."""
    other = make_account(Role.MANAGER)
    for kind in ("bootstrap", "jackknife"):
        with pytest.raises(Refused, match="rounds whose statistics you may not read"):
            plan_study(run, kind=kind, sent={}, actor=other)
        study = make_study(run, kind, actor=make_account(Role.ANALYST), counted=False)
        cancel_study(study, actor=other)
        with pytest.raises(Refused, match="rounds whose statistics you may not read"):
            retry_study(study, actor=other)
    assert make_study(run, "noise", actor=other).status == StudyStatus.DONE


def test_every_bad_parameter_is_named(run):
    for kind, sent, named in BAD:
        with pytest.raises(BadParameters) as refused:
            plan_study(run, kind=kind, sent=sent, actor=run.data_set.created_by)
        for words in named:
            assert any(text.startswith(words) for text in refused.value.blockers), refused.value.blockers
    assert not Study.objects.exists()


def test_an_unfinished_run_is_not_studied():
    run = make_runs(random_values(3), computed=False)[0]
    with pytest.raises(Refused, match="not finished"):
        plan_study(run, kind="noise", sent={}, actor=run.data_set.created_by)
    assert run.status == RunStatus.QUEUED


def test_weights_that_no_panel_gave_have_no_experts_to_draw():
    run = make_runs(random_values(3))[0]
    with pytest.raises(Refused, match="do not come from a panel"):
        plan_study(run, kind="bootstrap", sent={}, actor=run.data_set.created_by)


def test_nobody_is_left_out_of_a_panel_at_its_minimum():
    run = make_panel_run(experts=5)
    with pytest.raises(Refused, match="one of 5 experts left out, fewer than the minimum panel of 5"):
        plan_study(run, kind="jackknife", sent={}, actor=run.data_set.created_by)
    assert make_study(run).status == StudyStatus.DONE


def test_the_jackknife_keeps_nothing_of_a_single_expert(run):
    """Counts over all experts, and figures kept draw by draw in an order of their own."""
    study = make_study(run, "jackknife")
    figures = result_of_study(study).figures
    ballots = {str(ballot.pk) for ballot in run.weight_version.round.ballots.all()}

    assert study.draws == 8
    assert not any(pk in str(study.summary) + str(study.parameters) for pk in ballots)
    kept = {name for name, array in figures.items() if 8 in array.shape}
    assert kept == {"spearman", "kendall"}
    for name in kept:
        assert (np.diff(figures[name][0]) >= 0).all()


def test_combinations_that_cannot_be_computed_are_named(run):
    study = make_study(run, "variants", **VARIANTS)
    variants = study.summary["variants"]

    assert len(variants) == 12
    problems = {(v["normalisation"], v["missing"], v["aggregation"]): v["problem"] for v in variants}
    assert problems["minmax", "refuse", "geometric"] == "aggregation"
    refused = next(v for v in variants if v["problem"] == "aggregation")
    assert [fault["kind"] for fault in refused["faults"]] == ["not_positive"]
    assert refused["faults"][0]["codes"]
    assert problems["share", "zero", "arithmetic"] == "no_gaps"
    counted = [v for v in variants if not v["problem"]]
    assert len(counted) == 4
    own = next(v for v in counted if v["normalisation"] == "share" and v["aggregation"] == "arithmetic")
    assert own["nominal_r_s"] == 0
    assert result_of_study(study).histogram.sum() == 4 * study.draws * 12


def test_the_newest_bootstrap_gives_the_intervals(run):
    assert rank_intervals_of(run, run.data_set.created_by) is None
    make_study(run, seed=1)
    make_study(run, "noise")
    newest = make_study(run, seed=2)
    make_study(run, seed=3, counted=False)
    intervals = rank_intervals_of(run, run.data_set.created_by)

    assert intervals.study == newest
    assert (intervals.q05 <= intervals.median).all()
    np.testing.assert_array_equal(intervals.nominal, index_of(run).nominal_ranks)


def test_a_finished_study_says_what_it_rests_on(run):
    study = make_study(run)
    assert study.data_sha256 == Run.objects.get(pk=run.pk).data_sha256
    assert study.manifest_hash == run.weight_version.manifest_hash
    assert study.code_version
    assert len(study.result_sha256) == 64


def test_a_long_study_waits_behind_what_somebody_waits_for(run, monkeypatch):
    assert queue_of_study(make_study(run, counted=False).pk) == Queue.INTERACTIVE
    monkeypatch.setattr("indexer.services.studies.CELLS_PER_PART", 5_000)
    long = make_study(run, draws=10_000, counted=False)
    assert long.parts.count() > 8
    assert queue_of_study(long.pk) == Queue.BULK
