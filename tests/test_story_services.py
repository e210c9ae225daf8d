"""The whole job at the level of services, on SQLite and on a real PostgreSQL."""

import os
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from indexer.enums import RunStatus
from indexer.frames import read_data
from indexer.models import Run
from indexer.numeric.comparison.versions import mean_absolute_shift, rank_shift
from indexer.selectors.runs import results_of, runs_with_nodes_visible_to
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set, publish_data_set
from indexer.services.methods import use_method
from indexer.services.registers import CityRow, register_cities
from indexer.services.runs import compute_waiting_runs
from tests.factories import claim_of, make_account
from weighting.enums import Role, RoundState, Rule
from weighting.exceptions import Refused, RoundNotOpen
from weighting.models import Ballot, Indicator, Score
from weighting.readers import read_framework
from weighting.selectors.rounds import invitations_of
from weighting.services.ballots import save_score, save_scores, seal_ballot
from weighting.services.frameworks import import_framework
from weighting.services.panels import import_panel
from weighting.services.rounds import RoundTerms, close_round, draft_round, open_round, ready_round
from weighting.services.versions import (
    aggregate_round,
    draft_equal_version,
    freeze_version,
    publish_version,
)

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

FRAMEWORK = """code,parent,name_zh,name_en
net,,网络,Network
shop,,商业,Commerce
net.fast,net,宽带,Broadband
net.wide,net,覆盖,Coverage
shop.pay,shop,支付,Payment
"""
PANEL = "code,name,email\n" + "".join(f"E{n},专家{n},e{n}@example.org\n" for n in range(1, 6))
DATA = """unit,net.fast,net.wide,shop.pay
甲市,30,10,20
乙市,10,20,70
丙市,60,70,10
"""
# Sums: net 15, shop 5 -> 3/4, 1/4; net.fast 10, net.wide 15 -> 2/5, 3/5.
SCORES = {"net": 3, "shop": 1, "net.fast": 2, "net.wide": 3, "shop.pay": 4}
# 甲 = 3/4 (2/5 * 30 + 3/5 * 10) + 1/4 * 20, and so on; equal weights: 1/2 (1/2 + 1/2) + 1/2.
PANEL_SCORES = [18.5, 29.5, 52.0]
EQUAL_SCORES = [20.0, 42.5, 37.5]


def test_the_suite_runs_on_the_database_it_was_asked_for():
    asked_for_postgres = os.environ.get("DATABASE_URL", "").startswith("postgresql")

    assert connection.vendor == ("postgresql" if asked_for_postgres else "sqlite")


def test_the_whole_story_from_a_framework_to_a_comparison():
    manager = make_account(Role.MANAGER)
    framework = import_framework(
        source=FRAMEWORK.encode("gbk"), filename="f.csv", name_zh="框架", name_en="Tree", actor=manager
    )
    round_ = hold_round(framework, manager)

    panel_version = freeze_version(aggregate_round(round_, actor=manager), actor=manager)
    data_set = add_data(framework, manager)
    equal = draft_equal_version(framework=framework, label_zh="等权", label_en="Equal", actor=manager)
    equal_version = freeze_version(equal, actor=manager)

    assert (panel_version.number, equal_version.number) == (1, 2)
    local = {row.indicator.code: row.local_weight for row in panel_version.node_weights.all()}
    assert local == {"net": 0.75, "shop": 0.25, "net.fast": 0.4, "net.wide": 0.6, "shop.pay": 1.0}
    assert list(Run.objects.values_list("status", flat=True)) == [RunStatus.QUEUED] * 2
    assert compute_waiting_runs(data_set.pk) == 2
    check_comparison(manager)
    check_publication(manager, data_set, panel_version)


def hold_round(framework, manager):
    panel = import_panel(source=PANEL.encode(), filename="p.csv", name="五人", actor=manager)
    inner = Indicator.objects.filter(framework=framework, is_leaf=False)
    round_ = draft_round(
        framework=framework,
        terms=RoundTerms(
            panel=panel,
            title_zh="第一轮",
            title_en="First round",
            parents=[None, *inner],
            rule=Rule.NORMALISED_SUM,
            quorum=5,
            minimum_panel=5,
            deadline=timezone.now() + timedelta(days=1),
        ),
        actor=manager,
    )
    round_ = open_round(ready_round(round_, actor=manager), actor=manager)
    first, *others = invitations_of(round_)
    score_item_by_item(first)
    for invitation in others:
        save_scores(claim_of(invitation), answers=SCORES, client="paper")
        seal_ballot(claim_of(invitation))
    with pytest.raises(Refused):
        aggregate_round(round_, actor=manager)
    round_ = close_round(round_, actor=manager)
    check_close(round_, first)
    return round_


def score_item_by_item(invitation):
    claim_of(invitation)
    with pytest.raises(Refused):
        save_score(claim_of(invitation), code="net", value=6, seen_revision=0, client="tab")
    for code, value in SCORES.items():
        with pytest.raises(Refused):
            seal_ballot(claim_of(invitation))
        save_score(claim_of(invitation), code=code, value=value, seen_revision=0, client=f"tab-{code}")
    receipt = seal_ballot(claim_of(invitation)).receipt
    assert seal_ballot(claim_of(invitation)).receipt == receipt


def check_close(round_, invitation):
    assert (round_.state, round_.sealed_count) == (RoundState.CLOSED, 5)
    assert not Score.objects.exists()
    assert not Ballot.objects.filter(lock__isnull=False).exists()
    assert Ballot.objects.filter(nonce="").count() == 5
    with pytest.raises(RoundNotOpen):
        save_score(claim_of(invitation), code="net", value=1, seen_revision=1, client="late")


def add_data(framework, manager):
    table = read_framework(FRAMEWORK.encode(), "f.csv")
    data = read_data(DATA.encode("utf-8-sig"), "d.csv", table)
    rows = [CityRow(unit, "", "甲省", "Province A", "华东", "East") for unit in data.units]
    cities = register_cities(rows, actor=manager)
    return add_data_set(
        terms=EditionTerms(
            framework=framework,
            name_zh="数据",
            name_en="Data",
            year=2016,
            method=use_method(),
        ),
        matrix=Matrix(
            city_ids=[city.pk for city in cities],
            leaf_codes=list(data.codes),
            values=data.values,
            totals={},
        ),
        actor=manager,
    )


def check_comparison(account):
    runs = runs_with_nodes_visible_to(account).order_by("weight_version__number")
    panel, equal = results_of(list(runs))

    assert panel.scores * 100 == pytest.approx(PANEL_SCORES)
    assert equal.scores * 100 == pytest.approx(EQUAL_SCORES)
    assert (panel.ranks.tolist(), equal.ranks.tolist()) == ([3, 2, 1], [3, 1, 2])
    assert np.abs(rank_shift(panel.ranks, equal.ranks)).tolist() == [0, 1, 1]
    assert mean_absolute_shift(panel.ranks, equal.ranks) == pytest.approx(2 / 3)


def check_publication(manager, data_set, version):
    assert not runs_with_nodes_visible_to(None).exists()
    publish_data_set(data_set, actor=manager)
    publish_version(version, actor=manager)
    assert [run.weight_version for run in runs_with_nodes_visible_to(None)] == [version]
