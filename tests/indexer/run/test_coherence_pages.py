import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest
from django.urls import reverse

from indexer import audit_files
from indexer.audit_files import TABLES
from indexer.selectors import coherence as coherence_selectors
from indexer.services.runs import compute_waiting_runs
from indexer.views.shared.coherence_words import is_far
from tests.factories import make_framework
from tests.indexer.factories import make_data_set, make_version
from tests.indexer.finished_runs import make_runs, random_values

pytestmark = pytest.mark.django_db


def page_of(run, query=""):
    return reverse("indexer:run-coherence", args=[run.pk]) + query


def file_of(analyst, run, table):
    address = reverse("indexer:run-coherence-export", args=[run.pk])
    answer = analyst.get(address, {"table": table})
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def api_of(analyst, run, table, **query):
    return analyst.get(reverse("indexer:api-run-audit", args=[run.pk, table]), query)


def test_the_page_holds_weight_beside_importance(analyst):
    run = make_runs(random_values(30), tilts=[1.0])[0]
    response = analyst.get(page_of(run))
    text = response.content.decode()
    members = response.context["members"]
    shares = [float(row["variance"].removesuffix(" %").replace("−", "-")) for row in members]
    assert sum(shares) == pytest.approx(100, abs=0.2)
    assert "of the weight and" in response.context["title"]
    assert "data-spec" in text
    assert response.context["figure"].spec["usermeta"]["title"].endswith("of the importance")
    # Every group of the framework can be opened.
    groups = [row["node"] for row in response.context["groups"] if row["node"]]
    for node in groups:
        opened = analyst.get(page_of(run, f"?group={node.code}"))
        assert opened.context["whole"] == node.name
        assert len(opened.context["members"]) == node.children.count()


def test_what_the_findings_say(analyst):
    """Of two siblings one is the other turned round."""
    rng = np.random.default_rng(3)
    values = rng.normal(100, 10, size=(40, 5))
    framework = make_framework()
    leaves = list(framework.indicators.filter(is_leaf=True).order_by("position"))
    groups = {}
    for at, leaf in enumerate(leaves):
        groups.setdefault(leaf.parent, []).append(at)
    parent, members = max(groups.items(), key=lambda item: len(item[1]))
    first, second = members[:2]
    values[:, second] = 200 - values[:, first]
    run = make_runs(values, tilts=[None], framework=framework)[0]
    query = f"?group={parent.code}" if parent else ""

    context = analyst.get(page_of(run, query)).context

    grave = [finding.text for finding in context["findings"] if finding.is_grave]
    assert any("1 pair contradicts itself" in text and "(r = −1.00)" in text for text in grave)
    flags = [cell["flag"] for line in context["heat"] for cell in line["cells"]]
    assert flags.count("bad") == 2
    assert all(finding.advice for finding in context["findings"])


def test_members_that_move_together_are_not_called_unimportant():
    """All have a quarter of the importance and their own part of the variance, whatever they weigh."""
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    view = SimpleNamespace(weights=weights, shares=np.full(4, 0.25), variance=weights)
    assert not any(is_far(view, at) for at in range(4))
    # Positive control: where both say less, and where there is no variance to share out.
    view.variance = np.array([0.4, 0.31, 0.19, 0.1])
    assert [is_far(view, at) for at in range(4)] == [True, True, True, True]
    view.variance = np.full(4, np.nan)
    assert [is_far(view, at) for at in range(4)] == [True, False, False, True]


def test_work_that_is_too_much_for_a_page_is_left_to_the_file(analyst, monkeypatch):
    monkeypatch.setattr(coherence_selectors, "MOST_WORK", 10)
    run = make_runs(random_values(8), tilts=[1.0])[0]
    response = analyst.get(page_of(run))
    assert {row["shift"] for row in response.context["members"]} == {"–"}
    assert "would take too long here" in response.text
    assert all(row["shift_without"] for row in file_of(analyst, run, "indicators"))


def test_a_large_index_is_answered_without_what_takes_too_long(analyst, monkeypatch):
    run = make_runs(random_values(15), tilts=[1.0])[0]
    whole = {name: file_of(analyst, run, name) for name in ("importance", "indicators")}
    assert all(row["low"] and row["high"] for row in whole["importance"])
    monkeypatch.setattr(audit_files, "MOST_SCORED", 10)
    monkeypatch.setattr(audit_files, "MOST_DRAWN", 10)
    hurried = {name: file_of(analyst, run, name) for name in whole}
    assert {row.pop("low") + row.pop("high") for row in hurried["importance"]} == {""}
    assert {row.pop("shift_without") for row in hurried["indicators"]} == {""}
    for name, rows in hurried.items():
        for row, full in zip(rows, whole[name], strict=True):
            assert row.items() <= full.items()


def test_intervals_that_take_too_long_are_left_out_and_a_study_offered(analyst, monkeypatch):
    run = make_runs(random_values(30), tilts=[1.0])[0]
    whole = analyst.get(page_of(run)).context
    monkeypatch.setattr(coherence_selectors, "MOST_DRAWN", 10)
    hurried = analyst.get(page_of(run)).context

    assert not whole["whole_audit"]
    assert all(row["interval"] != "–" for row in whole["members"])
    assert hurried["whole_audit"]["may_ask"]
    assert all(row["interval"] == "–" for row in hurried["members"])
    assert "band" not in hurried["figure"].subtitle
    told = ("weight", "importance", "linear", "smooth", "variance")
    assert [[row[name] for name in told] for row in hurried["members"]] == [
        [row[name] for name in told] for row in whole["members"]
    ]


def test_what_is_missing_is_named(analyst):
    values = random_values(12)
    values[3, :2] = values[4, 0] = np.nan
    run = make_runs(values, tilts=[None], missing="reweight")[0]

    context = analyst.get(page_of(run)).context

    assert context["availability"]["missing"] == 3
    assert [row["count"] for row in context["availability"]["units"]] == [3, 4]
    assert [row["available"] for row in context["availability"]["indicators"]] == ["83.3 %", "91.7 %"]


@pytest.mark.parametrize("cities", [1, 2, 4])
def test_few_cities_and_constant_columns_are_no_fault(analyst, cities):
    run = make_runs(np.ones((cities, 5)), tilts=[None])[0]
    response = analyst.get(page_of(run))
    assert response.status_code == 200
    assert "nothing to hold beside its weight" in response.context["title"]
    for table in TABLES:
        assert api_of(analyst, run, table).status_code == 200


def test_files_and_api_tell_the_same(analyst):
    run = make_runs(random_values(15), tilts=[1.0])[0]
    for name, table in TABLES.items():
        rows = file_of(analyst, run, name)
        answer = api_of(analyst, run, name, limit=1000).json()
        assert answer["count"] == len(rows)
        assert list(answer["results"][0]) == list(table.columns)
        for row, same in zip(rows, answer["results"], strict=True):
            for column in table.columns:
                assert row[column] == ("" if same[column] is None else str(same[column]))


def test_tables_are_paged_and_unknown_ones_named(analyst):
    run = make_runs(random_values(15), tilts=[1.0])[0]
    page = api_of(analyst, run, "units", limit=4, offset=12).json()
    assert len(page["results"]) == 3
    answer = api_of(analyst, run, "loadings")
    assert answer.status_code == 404
    assert "correlations, groups" in answer.json()["detail"]
    export = reverse("indexer:run-coherence-export", args=[run.pk])
    assert analyst.get(export, {"table": "loadings"}).status_code == 404
    assert analyst.get(page_of(run, "?group=nowhere")).status_code == 200


def test_the_page_takes_as_many_queries_for_many_cities_as_for_few(analyst, django_assert_num_queries):
    for count in (1, 3, 40):
        framework = make_framework()
        data_set = make_data_set(framework, values=random_values(count))
        make_version(framework)
        compute_waiting_runs(data_set.pk)
        run = data_set.runs.get()
        analyst.get(page_of(run))
        with django_assert_num_queries(14):
            analyst.get(page_of(run))


def test_the_picture_is_that_of_the_group_asked_for(analyst):
    run = make_runs(random_values(15), tilts=[1.0])[0]
    address = reverse("indexer:run-picture", args=[run.pk, "importance", "svg"])
    group = next(row["node"] for row in analyst.get(page_of(run)).context["groups"] if row["node"])
    whole, part = (analyst.get(address, query).content.decode() for query in ({}, {"group": group.code}))
    assert part != whole
    assert "<svg" in part
