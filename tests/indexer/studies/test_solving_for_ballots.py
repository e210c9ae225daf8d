"""Integer programming on all that an outsider reads: every ballot without the guard, and none with it."""

import itertools
import json

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from indexer.models import Run, Study
from indexer.services.data_sets import publish_data_set
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_data_set
from tests.indexer.study_runs import make_panel_run, make_study
from tests.solver import Evidence, certain_ballots, panel_of, places_moved, rebuild
from tests.weighting.test_pooling import LABELS, closed
from weighting.enums import Role
from weighting.models import Round, WeightVersion
from weighting.services.version_sources import pool_rounds
from weighting.services.versions import aggregate_round, freeze_version, publish_version

pytestmark = pytest.mark.django_db

ITEMS = ("a", "b", "c", "d")
SIZES = (5, 6, 20, 60)
UNITS = 40


def drawn_panel(size, seed=0):
    """The scores of a panel, (experts, items)."""
    return np.random.default_rng([size, seed]).integers(1, 6, size=(size, len(ITEMS)))


def counts_of(panel):
    return np.array([np.bincount(column, minlength=6)[1:] for column in panel.T])


def near_ties(weights, seed):
    """Units that all but tie under these weights: whoever is left out, their ranks say so."""
    units = np.random.default_rng(seed).normal(size=(UNITS, len(weights)))
    return 50 + units - np.outer(units @ weights, weights) / (weights @ weights)


# --- what the product tells -----------------------------------------------------------------------


def publish_studies(panel):
    """Hold a round with these scores, and publish two chosen data sets with every study of experts."""
    framework = make_framework({code: {} for code in ITEMS})
    weights = panel.sum(axis=0) / panel.sum()
    scores = lambda place, code: int(panel[place, ITEMS.index(code)])  # noqa: E731
    chosen = [near_ties(weights, seed) for seed in (1, 2)]
    options = {"values": chosen[0], "normalisation": "none"}
    run = make_panel_run(experts=len(panel), framework=framework, scores=scores, **options)
    other = make_data_set(framework, values=chosen[1], normalisation="none")
    compute_waiting_runs(other.pk)
    # One expert short of five is a panel of four.
    Round.objects.update(minimum_panel=4)
    runs = list(Run.objects.filter(weight_version=run.weight_version).order_by("pk"))
    publish_version(run.weight_version, actor=framework.created_by)
    for each in runs:
        publish_data_set(each.data_set, actor=framework.created_by)
        make_study(each, "jackknife", actor=framework.created_by)
        make_study(each, draws=500, actor=framework.created_by)
    make_study(runs[0], "noise", draws=100, nu=0.1, actor=framework.created_by)
    return {run.data_set_id: chosen[0], other.pk: chosen[1]}


def gather(client, chosen):
    """Read counts, and every study that is shown; the data are known to whoever chose them."""
    version = WeightVersion.objects.get()
    manifest = client.get(reverse("weighting:version-manifest", args=[version.pk]))
    counts = json.loads(manifest.content)["round"]["counts"]
    evidence = Evidence(np.array([counts[code][:5] for code in ITEMS]))
    kinds = []
    for row in client.get(reverse("indexer:api-study-list")).json()["results"]:
        kinds.append(row["kind"])
        if row["kind"] == "jackknife":
            study = Study.objects.select_related("run").get(pk=row["id"])
            evidence.add_left_out(chosen[study.run.data_set_id], histogram_of(client, study))
    return evidence, sorted(kinds)


def histogram_of(client, study):
    address = reverse("indexer:api-study-histogram", args=[study.pk])
    rows = []
    while address:
        page = client.get(address, {} if rows else {"limit": 1000}).json()
        rows, address = rows + page["results"], page["next"]
    names = sorted({row["unit"] for row in rows})
    histogram = np.zeros((UNITS, UNITS), dtype=int)
    for row in rows:
        histogram[names.index(row["unit"]), row["rank"] - 1] = row["count"]
    return histogram


@pytest.mark.parametrize("size", SIZES)
def test_an_outsider_rebuilds_every_ballot_without_the_guard_and_none_with_it(size, monkeypatch):
    truth = drawn_panel(size)
    chosen = publish_studies(truth)
    outsiders = [Client(), sign_in_staff(Client(), make_account(Role.MANAGER))]
    for client in outsiders:
        evidence, kinds = gather(client, chosen)
        assert kinds == ["noise"]
        assert certain_ballots(evidence, truth) == 0

    monkeypatch.setattr(
        "indexer.selectors.studies.versions_told_of", lambda _account: WeightVersion.objects.all()
    )
    evidence, kinds = gather(outsiders[0], chosen)
    assert kinds.count("jackknife") == 2
    assert rebuild(evidence) == panel_of(truth)
    assert certain_ballots(evidence, truth) == size


def test_the_difference_of_two_versions_tells_no_ballot_from_four_on():
    """The control is the difference that the guard refuses: of one ballot."""
    framework = make_framework({code: {} for code in ITEMS})
    manager, panel = framework.created_by, drawn_panel(4)
    first = closed(framework, manager, 6, least=4)
    second = closed(
        framework, manager, 4, least=4, scores=lambda place, code: int(panel[place, ITEMS.index(code)])
    )
    alone = freeze_version(aggregate_round(first, actor=manager), actor=manager)
    both = freeze_version(pool_rounds([first, second], actor=manager, **LABELS), actor=manager)
    stated = [
        np.array([json.loads(bytes(version.manifest))[key]["counts"][code][:5] for code in ITEMS])
        for version, key in ((alone, "round"), (both, "pooled"))
    ]
    difference = Evidence(stated[1] - stated[0])
    assert difference.size == 4
    assert certain_ballots(difference, panel) == 0

    lone = panel[:1]
    assert rebuild(Evidence(counts_of(lone))) == panel_of(lone)
    assert certain_ballots(Evidence(counts_of(lone)), lone) == 1


# --- why no reduced figure is shown ---------------------------------------------------------------


@pytest.mark.parametrize(("size", "least"), [(5, 5), (6, 4), (20, 5), (60, 8)])
def test_the_largest_move_alone_rebuilds_ballots_from_chosen_data(size, least):
    """One whole number a data set: how far some expert moves a unit among evenly spaced ones."""
    truth, rng = drawn_panel(size), np.random.default_rng(7)
    evidence = Evidence(counts_of(truth))
    nominal = evidence.sums / evidence.sums.sum()
    rest = evidence.sums - truth
    without = rest / rest.sum(axis=1, keepdims=True)
    for _data_set in range(200):
        direction = rng.normal(size=len(ITEMS))
        reach = np.abs((evidence.weights_without() - nominal) @ direction).max()
        grid = nominal @ direction + np.linspace(-reach, reach, 800)
        largest = places_moved(without, nominal, direction, grid).max()
        evidence.add_largest_move(direction, grid, largest)
    assert certain_ballots(evidence, truth) >= least


def test_merged_counts_of_a_bootstrap_rebuild_a_panel_of_five():
    """Whatever the seed: among 20,000 draws of five, each expert is drawn five times over."""
    truth, rng = drawn_panel(5), np.random.default_rng(7)
    evidence = Evidence(counts_of(truth))
    sums = truth[rng.integers(5, size=(20_000, 5))].sum(axis=1)
    drawn = sums / sums.sum(axis=1, keepdims=True)
    for _data_set in range(10):
        direction = rng.normal(size=len(ITEMS))
        grid = np.linspace(direction.min(), direction.max(), 600)
        places = np.bincount(np.searchsorted(grid, drawn @ direction), minlength=len(grid) + 1)
        evidence.add_drawn(direction, grid, places > 0)
    assert rebuild(evidence) == panel_of(truth)
    assert certain_ballots(evidence, truth) == 5


def test_panels_of_the_same_counts_are_many():
    """What the counts leave open: of twenty ballots not one is certain, nor is any pair of items of one."""
    truth = drawn_panel(20)
    evidence = Evidence(counts_of(truth))
    assert certain_ballots(evidence, truth) == 0
    for first, second in itertools.combinations(range(len(ITEMS)), 2):
        pairs = Evidence(evidence.counts[[first, second]])
        assert certain_ballots(pairs, truth[:, [first, second]]) < 20
