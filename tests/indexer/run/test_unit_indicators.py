"""A unit down to its indicators: every figure against a recomputation, whatever the method and the gaps."""

import csv
import io
import json

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import City, Run
from indexer.selectors.node_scores import node_scores_of
from indexer.services.data_sets import publish_data_set
from indexer.studies.weights import AS_THEY_ARE
from tests.factories import make_framework
from tests.indexer.composites import scores_by_name
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.study_runs import make_study
from weighting.models import Indicator, NodeWeight
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db

UNITS = 9


def made(**method):
    """A run in which less is better on the second leaf, with gaps where the method takes them."""
    framework = make_framework()
    leaves = list(framework.indicators.filter(is_leaf=True).order_by("position"))
    type(leaves[1]).objects.filter(pk=leaves[1].pk).update(direction=-1, unit="%")
    values = random_values(UNITS)
    if method.get("missing", "refuse") != "refuse":
        values[4, 0] = values[2, 3] = np.nan
    return make_runs(values, tilts=[2.0], framework=framework, **method)[0], values


def asked(client, run, place=4, **query):
    address = reverse("indexer:api-run-unit-indicators", args=[run.pk, run.data_set.city_ids[place]])
    answer = client.get(address, query).json()
    return answer, {row["indicator"]: row for row in answer["results"]}


METHODS = [
    {},
    {"missing": "reweight"},
    {"missing": "mean", "normalisation": "minmax"},
    {"missing": "zero", "normalisation": "minmax"},
    {"missing": "median", "normalisation": "rank", "aggregation": "geometric"},
    {"missing": "reweight", "normalisation": "minmax", "nodes": {"infra": {"aggregation": "power:2"}}},
    {"missing": "mean", "normalisation": "minmax", "nodes": {"": {"aggregation": "copeland"}}},
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: json.dumps(method))
def test_every_figure_of_a_unit_is_that_of_the_run(analyst, method):
    run, values = made(**method)
    run = Run.objects.get(pk=run.pk)
    subject = node_scores_of(run)
    answer, rows = asked(analyst, run)
    leaves = [node for node in subject.nodes if node.is_leaf]
    assert set(rows) == {node.code for node in subject.nodes}
    for column, leaf in enumerate(leaves):
        row, scores = rows[leaf.code], subject.scores_on(leaf)
        raw = values[4, column]
        assert row["raw"] == (None if np.isnan(raw) else raw)
        assert row["direction"] == (-1 if column == 1 else 1)
        assert row["score"] == (None if np.isnan(scores[4]) else pytest.approx(100 * scores[4]))
        if not np.isnan(scores[4]):
            assert row["rank"] == 1 + (scores > scores[4]).sum()
            assert row["ranked"] == np.isfinite(scores).sum()
    # Where lower is better the unit with the lowest raw value is first, and its raw value stands there.
    lowest = int(values[:, 1].argmin())
    assert asked(analyst, run, lowest)[1][leaves[1].code]["rank"] == 1
    assert asked(analyst, run, lowest)[1][leaves[1].code]["raw"] == values[lowest, 1]

    own, other = subject.result.scores[[4, subject.cities.ids.index(answer["other"])]]
    parts = [rows[leaf.code]["part"] for leaf in leaves]
    gaps = [rows[leaf.code]["gap"] for leaf in leaves]
    if method.get("nodes", {}).get("", {}).get("aggregation") == "copeland":
        assert set(parts) == set(gaps) == {None}
    else:
        assert sum(gaps) == pytest.approx(100 * (own - other), abs=1e-10)
    if method in METHODS[:4]:
        assert sum(parts) == pytest.approx(100 * own, abs=1e-10)
    if method.get("missing") == "reweight":
        assert rows[leaves[0].code]["weight"] == 0
        assert sum(rows[leaf.code]["weight"] for leaf in leaves) == pytest.approx(1)
        assert answer["imputed"] == 0
    if method.get("missing") in ("mean", "median", "zero"):
        assert rows[leaves[0].code]["changes"] == ["imputed"]
        assert answer["imputed"] == pytest.approx(rows[leaves[0].code]["weight"])
        assert rows[leaves[0].code]["imputed"] == 1
        known = np.delete(values[:, 0], 4)
        filled = {"mean": known.mean(), "median": np.median(known), "zero": None}[method["missing"]]
        assert rows[leaves[0].code]["treated"] == (filled and pytest.approx(filled))


def test_page_and_file_say_the_same_as_the_api(analyst):
    run, _values = made(missing="mean", normalisation="minmax")
    city = run.data_set.city_ids[4]
    rows = asked(analyst, run)[1]
    address = reverse("indexer:run-unit-indicators", args=[run.pk, city])
    text = analyst.get(address, headers={"accept-language": "en"}).text
    assert "lower is better" in text
    assert "filled in" in text
    assert "What was filled in is a guess" in text
    file = analyst.get(address + "export/", {"format": "json"}).json()
    lines = {line["code"]: line for line in file["rows"]}
    for code, row in rows.items():
        for name in ("raw", "treated", "score", "weight", "part", "rank", "imputed", "peer_median", "gap"):
            assert lines[code][name] == row[name]
    assert analyst.get(address + "export/", {"format": "xlsx"}).status_code == 200


def test_peers_and_order_by_choice(analyst):
    run, values = made(normalisation="minmax")
    _answer, nearest = asked(analyst, run)
    _answer, province = asked(analyst, run, peers="province", order="worst", limit=3)
    ranks = [row["rank"] for row in asked(analyst, run, order="worst")[0]["results"]]
    assert ranks == sorted(ranks, reverse=True)
    assert len(province) == 3
    codes = [node.code for node in Indicator.objects.filter(framework=run.data_set.framework, is_leaf=True)]
    whole = asked(analyst, run, peers="province")[1]
    # All but Xi'an and Garze lie in Henan.
    inside = [0, 3, 5, 6, 7, 8]
    assert whole[codes[0]]["peers"] == 7
    assert whole[codes[0]]["peer_median"] == pytest.approx(np.median(values[inside, 0]))
    assert nearest[codes[0]]["peers"] <= 7
    against = run.data_set.city_ids[8]
    answer, rows = asked(analyst, run, against=against)
    assert answer["other"] == against
    assert rows[codes[0]]["other_raw"] == values[8, 0]
    branch = asked(analyst, run, node="infra")[1]
    assert 0 < len(branch) < len(rows)
    page = reverse("indexer:run-unit-indicators", args=[run.pk, run.data_set.city_ids[4]])
    for bad in ({"peers": "x"}, {"order": "x"}, {"against": "999999"}, {"node": "x"}):
        assert analyst.get(f"/api/v1{page}", bad).status_code == 400
        assert analyst.get(page, bad).status_code == 200


def test_strangers_see_no_raw_value_before_an_edition_is_released(client):
    run, values = made(normalisation="zscore")
    publish_data_set(run.data_set, actor=run.data_set.created_by)
    publish_version(run.weight_version, actor=run.data_set.created_by)
    _answer, rows = asked(client, run)
    for row in rows.values():
        assert {row[name] for name in ("raw", "treated", "peer_median", "other_raw")} == {None}
    assert any(row["score"] is not None for row in rows.values())
    address = reverse("indexer:run-unit-indicators", args=[run.pk, run.data_set.city_ids[4]])
    assert "Raw values are shown once" in client.get(address, headers={"accept-language": "en"}).text
    raw = [f"{value:.4g}" for value in values[4]]
    assert not [text for text in raw if text in client.get(address).text]
    table = list(csv.DictReader(io.StringIO(client.get(address + "export/").content.decode("utf-8-sig"))))
    assert {line["Raw value"] for line in table} == {""}


def test_a_unit_without_a_rank_is_told_why_and_shown_what_it_has(analyst):
    framework = make_framework()
    values = random_values(UNITS)
    values[4, :4] = np.nan
    run = make_runs(values, tilts=[None], framework=framework, missing="reweight", coverage=0.6)[0]
    answer, rows = asked(analyst, run)
    assert answer["rank"] is None
    assert answer["other"] is None
    assert {row["part"] for row in rows.values()} == {row["gap"] for row in rows.values()} == {None}
    assert any(row["rank"] for row in rows.values() if row["is_leaf"])
    address = reverse("indexer:run-unit-indicators", args=[run.pk, run.data_set.city_ids[4]])
    assert "less than the 60 % asked for" in analyst.get(address, headers={"accept-language": "en"}).text


def test_the_study_that_varies_the_imputation_is_named(analyst):
    run, _values = made(missing="mean", normalisation="minmax")
    assert asked(analyst, run)[0]["imputation_studies"] == []
    same = {"weights": AS_THEY_ARE.name, "draws": 100}
    make_study(run, "choices", imputation=["zero", "mean"], **same, seed=1)
    study = make_study(run, "choices", imputation=["zero", "mean"], **same, seed=2)
    make_study(run, "choices", normalisation=["minmax", "rank"], **same)
    assert study.pk in asked(analyst, run)[0]["imputation_studies"]
    assert len(asked(analyst, run)[0]["imputation_studies"]) == 2
    city = run.data_set.city_ids
    for name in ("run-unit-indicators", "run-city"):
        assert f"/studies/{study.pk}/" in analyst.get(reverse(f"indexer:{name}", args=[run.pk, city[4]])).text
    # Nothing of this unit was filled in.
    assert asked(analyst, run, 0)[0]["imputation_studies"] == []


@pytest.mark.parametrize("count", [2, 6])
def test_the_page_takes_the_same_queries_for_any_number_of_units(analyst, count, django_assert_num_queries):
    run = make_runs(random_values(count), tilts=[None])[0]
    address = reverse("indexer:run-unit-indicators", args=[run.pk, run.data_set.city_ids[0]])
    # Session, account, run, scores, nodes, cities, provinces; values; local weights.
    with django_assert_num_queries(11):
        analyst.get(address)


def test_the_ranking_on_a_leaf_holds_raw_values_and_direction(analyst):
    run, values = made(missing="mean", normalisation="share")
    code = Indicator.objects.filter(framework=run.data_set.framework, is_leaf=True)[1].code
    address = reverse("indexer:run-detail", args=[run.pk])
    text = analyst.get(address, {"node": code}, headers={"accept-language": "en"}).text
    assert "Lower is better: the lowest raw value is first" in text
    # What a reflected failure rate is a part of is no total of the data.
    assert "once turned around" in text
    assert "% of the total" not in text.replace("% of the total once turned around", "")
    file = analyst.get(address + "export/", {"node": code, "format": "json"}).json()["rows"]
    answer = analyst.get(f"/api/v1/runs/{run.pk}/nodes/{code}/ranking/").json()["results"]
    for rows in (file, answer):
        assert [row["raw"] for row in rows] == sorted(values[:, 1])
        assert [row["rank"] for row in rows] == list(range(1, UNITS + 1))
    scores = scores_by_name(run)
    leaves = [node.code for node in Indicator.objects.filter(framework=run.data_set.framework, is_leaf=True)]
    parts = {}
    for leaf in leaves:
        for row in analyst.get(f"/api/v1/runs/{run.pk}/nodes/{leaf}/ranking/").json()["results"]:
            parts[row["unit"]] = parts.get(row["unit"], 0) + row["part"]
    assert parts == pytest.approx({unit: 100 * score for unit, score in scores.items()})


def test_how_much_is_filled_in_stands_beside_every_rank(analyst):
    run, _values = made(missing="median", normalisation="minmax")
    leaves = Indicator.objects.filter(framework=run.data_set.framework, is_leaf=True)
    weights = dict(
        NodeWeight.objects.filter(version=run.weight_version).values_list("indicator", "global_weight")
    )
    own = weights[leaves[0].pk], weights[leaves[3].pk]
    told = analyst.get(f"/api/v1/runs/{run.pk}/ranking/").json()["results"]
    file = analyst.get(f"/runs/{run.pk}/export/", {"format": "json"}).json()["rows"]
    city = {pk: City.objects.get(pk=run.data_set.city_ids[pk]).name_zh for pk in (4, 2)}
    for rows, name in ((told, "unit"), (file, "city_zh")):
        shares = {row[name]: row["imputed"] for row in rows}
        assert {unit for unit, share in shares.items() if share} == set(city.values())
        assert [shares[city[4]], shares[city[2]]] == pytest.approx(own)
    text = analyst.get(f"/runs/{run.pk}/", headers={"accept-language": "en"}).text
    assert f"{100 * own[0]:.1f} %" in text
    assert "What was filled in is a guess" in text
    plain = make_runs(random_values(3), tilts=[None])[0]
    assert "filled in" not in analyst.get(f"/runs/{plain.pk}/", headers={"accept-language": "en"}).text
