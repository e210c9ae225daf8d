"""Rules of who leads: all of, any of, together, over a score or a series; the report's two tables by rule."""

import csv
import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy
from django.urls import reverse

from indexer.selectors import lead_rules
from indexer.selectors.lead_rules import ALL, ANY, TOGETHER, LeadRule, find_leads
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.profiles import Leads
from tests.indexer.factories import make_series
from tests.indexer.finished_runs import make_runs

FACTS = Path(__file__).resolve().parents[3] / "demo" / "report2016" / "facts"
CITIES = 351
# Five leaves in two groups (alpha: two, beta: three), six cities; shares of each column sum to 1.
VALUES = np.array(
    [[9, 9, 1, 1, 1], [8, 8, 2, 2, 2], [7, 7, 3, 3, 3], [3, 3, 7, 7, 7], [2, 2, 8, 8, 8], [1, 1, 9, 9, 9]]
)


def facts(name):
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Ranks:
    """Leads as the rules read them: ranks of cities on scores, which the report prints."""

    def __init__(self, columns):
        self._columns = columns

    def ranks_on(self, node):
        return self._columns[node.code]


def node(code):
    return SimpleNamespace(code=code)


def test_the_reports_dark_horses_over_their_infrastructure_come_out_by_rule():
    """13 cities, each with its three printed leads; everybody else is as good everywhere."""
    rows = facts("leads_over_base.csv")
    names = ("industry", "innovation", "smart")
    printed = np.array([[int(row[f"{name}_ahead"]) for name in names] for row in rows])
    base = np.arange(1.0, CITIES + 1)
    # A city whose largest lead is 246 is at least 247th in infrastructure.
    places = np.linspace(CITIES - len(rows), CITIES - 1, len(rows)).astype(int)
    others = {name: base.copy() for name in ("industry", "innovation", "smartcity")}
    for at, place in enumerate(places.tolist()):
        for column, name in enumerate(others):
            others[name][place] -= printed[at, column]
    others["industry"][0:200] -= 21
    leads = Ranks({"infra": base, **others})
    rule = LeadRule([node(name) for name in others], ALL, node("infra"), 20)

    found = find_leads(leads, rule)

    assert {lead.position for lead in found} == set(places.tolist())
    least = dict(zip(places.tolist(), printed.min(axis=1).tolist(), strict=True))
    assert {lead.position: lead.places for lead in found} == least
    assert len(find_leads(leads, LeadRule(rule.nodes, ANY, rule.base, 20))) == 213


def test_the_reports_dark_horses_over_gdp_come_out_by_rule(monkeypatch):
    rows = facts("leads_over_gdp.csv")
    together, gdp = np.arange(1.0, CITIES + 1), np.arange(1.0, CITIES + 1)
    for row in rows:
        gdp[int(row["rank_industry_and_innovation"]) - 1] = int(row["rank_gdp"])
    monkeypatch.setattr(lead_rules, "score_together", lambda leads, nodes: -together)
    rule = LeadRule([node("industry"), node("innovation")], TOGETHER, node("gdp"), 67)

    found = find_leads(Ranks({"gdp": gdp}), rule)

    expected = [(int(row["rank_industry_and_innovation"]), int(row["rank_gdp"])) for row in rows]
    assert sorted((lead.rank, lead.rank + lead.places) for lead in found) == sorted(expected)
    assert found[0].places == 155


@pytest.mark.django_db
def test_rules_are_put_together_on_the_page_and_say_the_same_in_the_file_and_the_api(analyst):
    run = make_runs(VALUES, tilts=[1.0])[0]
    ids = run.data_set.city_ids
    series = make_series(ids, [1.0, 2, 3, 4, 5, 6], actor=run.data_set.created_by)
    roots = [n.code for n in run.data_set.framework.indicators.filter(parent=None)]
    page = reverse("indexer:run-leads", args=[run.pk])
    over = {"over": f"series:{series.pk}", "places": "0"}

    def positions(**asked):
        response = analyst.get(page, over | asked)
        assert response.status_code == 200
        return [ids.index(row["city"].pk) for row in response.context["rows"]]

    # The series ranks the last city first; the first three cities lead in the first group alone.
    assert sorted(positions(node=roots[0])) == [0, 1, 2]
    assert positions(node=roots[0], second=roots[1], join="all") == []
    assert sorted(positions(node=roots[0], second=roots[1], join="any")) == [0, 1, 2]
    assert positions(node=roots[0], within="1") == [0]
    asked = over | {"node": roots[0], "second": roots[1], "join": "together"}
    response = analyst.get(page, asked)
    text = analyst.get(f"{page}export/", asked).content.decode("utf-8-sig")
    told = analyst.get(reverse("indexer:api-run-leads", args=[run.pk]), asked).json()["results"]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["places"] for row in response.context["rows"]] == [int(row["Lead, places"]) for row in rows]
    assert [lead["lead"] for lead in told] == [int(row["Lead, places"]) for row in rows]
    assert {lead["indicator"] for lead in told} <= {"+".join(roots[:2])}
    assert "by their weights" in response.content.decode()


@pytest.mark.django_db
def test_together_is_the_sum_by_the_versions_weights(analyst):
    run = make_runs(VALUES, tilts=[3.0])[0]
    weights = {row.indicator.code: row.global_weight for row in run.weight_version.node_weights.all()}
    leads = Leads(node_scores_of(run))
    nodes = [n for n in leads.scores.nodes if n.parent_id is None][:2]

    expected = sum(weights[n.code] * leads.scores.scores_on(n) for n in nodes)

    assert lead_rules.score_together(leads, nodes) == pytest.approx(expected)
    ranks = lead_rules.ranks_of_rule(leads, LeadRule(nodes, TOGETHER, None, 0))[:, 0]
    assert ranks.tolist() == scipy.stats.rankdata(-expected, method="min").tolist()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"node": "composite", "second": "composite", "over": "first"}, "second"),
        ({"node": "composite", "second": "first", "join": "together", "over": "second"}, "join"),
        ({"node": "first", "second": "second"}, "over"),
        ({"node": "first", "over": "series:999"}, "over"),
        ({"node": "first", "over": "composite", "within": "0"}, "within"),
    ],
)
def test_a_rule_that_says_nothing_is_refused_beside_its_field(analyst, asked, field):
    run = make_runs(VALUES, tilts=[None])[0]
    first, second = [n.code for n in run.data_set.framework.indicators.filter(parent=None)][:2]
    codes = {"first": first, "second": second}
    sent = {name: codes.get(value, value) for name, value in asked.items()}

    response = analyst.get(reverse("indexer:run-leads", args=[run.pk]), sent)

    assert response.status_code == 400
    assert field in response.context["form"].errors
