"""Runs of two editions of a framework: what is common is compared, and changes are split exactly."""

import csv
import io

import numpy as np
import pytest
from django.urls import reverse

from indexer.selectors.city_change import city_change_of
from indexer.selectors.comparison import compare_runs
from indexer.selectors.runs import load_runs
from tests.factories import make_framework
from tests.indexer.finished_runs import make_runs, random_values
from weighting.models import Indicator
from weighting.numeric.tree import NO_PARENT
from weighting.services.framework_drafts import (
    add_row,
    change_row,
    copy_framework,
    finish_draft,
    remove_row,
    reopen_framework,
)

pytestmark = pytest.mark.django_db

TREE = {
    "access": {"fixed": {}, "mobile": {}, "price": {}},
    "industry": {"shops": {}, "deep": {"patents": {}, "staff": {}}},
}
GAPS = np.where(np.random.default_rng(3).random((8, 6)) < 0.15, np.nan, random_values(8, 6, seed=2))
METHODS = {
    "arithmetic": {},
    "geometric": {"aggregation": "geometric"},
    "rescaled": {"missing": "reweight"},
    "mixed": {
        "normalisation": "rank",
        "aggregation": "harmonic",
        "nodes": {"industry": {"aggregation": "geometric"}},
        "missing": "reweight",
    },
    "mpi": {"normalisation": "minmax", "aggregation": "mpi"},
}


def next_edition(framework):
    """Copy a tree, take one leaf out, add one, move one, give another a new name, and turn one around."""
    actor = framework.created_by
    draft = copy_framework(framework, actor=actor)
    keys = {row["code"]: row["key"] for row in draft.rows}
    cells = {row["code"]: {k: v for k, v in row.items() if k not in ("key", "parent")} for row in draft.rows}
    remove_row(draft, keys["price"])
    new = {"code": "speed", "name_zh": "速度", "name_en": "Speed", "direction": "1"}
    add_row(draft, parent=keys["access"], cells=new)
    change_row(draft, keys["staff"], parent=keys["access"], cells=cells["staff"])
    renamed = cells["mobile"] | {"name_zh": "手机", "name_en": "Phones"}
    change_row(draft, keys["mobile"], parent=keys["access"], cells=renamed)
    turned = cells["shops"] | {"direction": "-1", "unit": "per 1,000"}
    change_row(draft, keys["shops"], parent=keys["industry"], cells=turned)
    draft.refresh_from_db()
    return finish_draft(draft, actor=actor)


def two_editions(*, values=None, tilts=(None, 2.0), **method):
    """Compute a framework and its next edition for eight places; the first version of each."""
    first = make_framework(TREE)
    values = random_values(8, 6) if values is None else values
    before = make_runs(values, tilts=tilts[:1], framework=first, **method)[0]
    after = make_runs(random_values(8, 6, seed=9), tilts=tilts[1:], framework=next_edition(first), **method)[
        0
    ]
    return before, after


def compared(*runs):
    account = runs[0].data_set.created_by
    return compare_runs(load_runs(account, [run.pk for run in runs]))


def ask(*runs, **more):
    return {"runs": [run.pk for run in runs], **more}


@pytest.mark.parametrize("name", METHODS)
def test_parts_add_up_at_every_node_whatever_came_went_or_moved(name):
    method = METHODS[name]
    values = GAPS if method.get("missing") else None
    both = compared(*two_editions(values=values, **method))
    parts = both.change_in(slice(None)).total
    assert parts[:, both.tree.groups[0]].sum(axis=1) == pytest.approx(both.score_changes, abs=1e-12)
    for group in both.tree.groups[1:]:
        parent = both.tree.parents[group[0]]
        assert parts[:, group].sum(axis=1) == pytest.approx(parts[:, parent], abs=1e-12)
    assert np.abs(both.score_changes).max() > 0.01


def test_a_part_of_a_sum_is_what_the_node_weighs_and_scores_on_each_side():
    both = compared(*two_editions())
    for node in range(len(both.tree)):
        sides = []
        for at in (0, 1):
            scores = [both.scores_of(at, city)[node] for city in range(len(both.cities))]
            sides.append(both.weights[node, at] * np.nan_to_num(scores))
        assert both.change_in(slice(None)).total[:, node] == pytest.approx(sides[1] - sides[0], abs=1e-12)


def test_a_node_below_another_one_goes_from_there_and_comes_here():
    both = compared(*two_editions())
    staff = [at for at, node in enumerate(both.nodes) if node.code == "staff"]
    above = [both.nodes[at].parent.code for at in staff]
    assert above == ["deep", "access"]
    assert [[both.has_node(side, at) for side in (0, 1)] for at in staff] == [[True, False], [False, True]]
    # Those of one code are told apart by what they lie in.
    city = city_change_of(both, both.cities.ids[0], 1)
    assert len({branch.node.pk for branch in city.branches}) == len(both.nodes)
    # Its own rows are as they were: the nodes of a comparison are copies.
    own = Indicator.objects.get(framework=both.runs[1].data_set.framework, code="staff")
    assert (own.parent.code, own.parent.framework_id) == ("access", own.framework_id)


def test_a_leaf_that_became_a_branch_is_another_node():
    first = make_framework({"access": {}, "industry": {}})
    second = make_framework({"access": {"fixed": {}, "mobile": {}}, "industry": {}})
    runs = [
        make_runs(random_values(6, leaves), tilts=[1.0], framework=framework)[0]
        for framework, leaves in ((first, 2), (second, 3))
    ]
    both = compared(*runs)
    assert [node.code for node in both.nodes] == ["access", "industry", "access", "fixed", "mobile"]
    roots = both.tree.parents == NO_PARENT
    assert both.change_in(slice(None)).total[:, roots].sum(axis=1) == pytest.approx(
        both.score_changes, abs=1e-12
    )


def test_the_page_says_what_is_not_in_both_and_the_file_too(analyst):
    runs = two_editions()
    page = analyst.get(reverse("indexer:comparison"), ask(*runs))
    text = page.content.decode()
    for said in (
        "Runs here follow two editions of",
        "New: Speed.",
        "Gone: Indicator price.",
        "Moved: Indicator staff (from Indicator deep to Indicator access).",
        "Renamed: Indicator mobile → Phones.",
        "Counted the other way round: Indicator shops.",
        "In another unit of measurement: Indicator shops (– → per 1,000).",
        "the parts still add up exactly",
    ):
        assert said in text
    file = analyst.get(reverse("indexer:comparison-export"), ask(*runs, format="json")).json()
    assert "New: Speed." in str(file)
    rows = csv.DictReader(
        io.StringIO(analyst.get(reverse("indexer:comparison-export"), ask(*runs)).content.decode("utf-8-sig"))
    )
    for row in rows:
        parts = [float(v) for name, v in row.items() if name.startswith("Contribution of")]
        assert sum(parts) == pytest.approx(float(row["Change of the score"]), abs=1e-12)


def test_the_page_of_a_unit_shows_no_weight_where_a_tree_has_no_node(analyst):
    runs = two_editions()
    city = runs[0].data_set.city_ids[0]
    page = analyst.get(reverse("indexer:city-change", args=[city]), ask(*runs))
    assert page.status_code == 200
    lines = [line for root in page.context["tree"] for line in root["children"]]
    speed = next(line for line in lines if line["node"].code == "speed")
    assert speed["local"][0] == "–"
    assert speed["values"][0] == "–"
    assert speed["local"][1] != "–"
    file = analyst.get(reverse("indexer:city-change-export", args=[city]), ask(*runs, format="json"))
    assert "New: Speed." in str(file.json())


def test_the_api_tells_both_trees(analyst):
    runs = two_editions()
    query = f"?runs={runs[0].pk},{runs[1].pk}"
    (tree,) = analyst.get(f"/api/v1/comparisons/{query}").json()["trees"]
    assert tree == {
        "framework": runs[1].data_set.framework_id,
        "came": ["speed"],
        "went": ["price"],
        "moved": ["staff"],
        "renamed": ["mobile"],
        "turned": ["shops"],
        "remeasured": ["shops"],
    }
    city = runs[0].data_set.city_ids[0]
    change = analyst.get(f"/api/v1/comparisons/cities/{city}/{query}").json()
    speed = next(node for node in change["nodes"] if node["code"] == "speed")
    assert (speed["in_before"], speed["in_after"], speed["score_before"]) == (False, True, None)
    roots = sum(
        node["through_weights"] + node["through_values"] for node in change["nodes"] if not node["parent"]
    )
    assert roots == pytest.approx(change["score_after"] - change["score_before"], abs=1e-9)


def test_methods_that_form_a_common_node_otherwise_are_not_split():
    first = make_framework(TREE)
    before = make_runs(random_values(8, 6), tilts=[None], framework=first)[0]
    after = make_runs(
        random_values(8, 6),
        tilts=[None],
        framework=next_edition(first),
        nodes={"access": {"aggregation": "geometric"}},
    )[0]
    both = compared(before, after)
    assert both.why_not_split() == "formed"
    assert both.change is None


def test_editions_are_offered_beside_each_other_and_strange_trees_are_not(analyst):
    before, after = two_editions()
    strange = make_runs(random_values(8, 2), tilts=[None], framework=make_framework({"x1": {}, "x2": {}}))[0]
    page = analyst.get(reverse("indexer:comparison"), ask(before, after))
    assert {option["run"].pk for option in page.context["options"]} == {before.pk, after.pk}
    refused = analyst.get(reverse("indexer:comparison"), ask(before, strange))
    assert refused.status_code == 400
    assert "there is nothing to compare" in refused.content.decode()


@pytest.mark.parametrize("trees", [1, 3])
def test_the_queries_do_not_grow_with_the_trees(analyst, trees, django_assert_num_queries):
    runs = make_runs(random_values(8, 6), tilts=[None, 1.0], framework=make_framework(TREE))
    for number in range(trees):
        framework = make_framework({"access": {"fixed": {}, f"new{number}": {}}})
        runs += make_runs(random_values(8, 2), tilts=[None], framework=framework)
    # Two more than for one data set: the ranks of all runs, whether they rank anybody in common, and what
    # the frameworks came from.
    with django_assert_num_queries(17):
        analyst.get(reverse("indexer:comparison"), ask(*runs))


def renamed_edition(framework, codes, *, new=()):
    """Copy a tree with other codes, and new nodes below access."""
    actor = framework.created_by
    draft = copy_framework(framework, actor=actor)
    rows = {row["code"]: row for row in draft.rows}
    for code, other in codes.items():
        row = rows[code]
        cells = {name: said for name, said in row.items() if name not in ("key", "parent")}
        change_row(draft, row["key"], parent=row["parent"], cells={**cells, "code": other})
    for code in new:
        cells = {"code": code, "name_en": f"New {code}", "direction": "1"}
        add_row(draft, parent=rows["access"]["key"], cells=cells)
    draft.refresh_from_db()
    return finish_draft(draft, actor=actor)


def test_a_node_of_another_code_in_a_copy_is_the_same_node():
    first = make_framework(TREE)
    second = renamed_edition(first, {"mobile": "cellular", "deep": "depth"})
    third = renamed_edition(second, {"cellular": "wireless"})
    assert third.former_codes == {"wireless": "cellular"}
    runs = [
        make_runs(random_values(8, 6, seed=seed), tilts=[None], framework=framework)[0]
        for seed, framework in ((1, first), (2, third))
    ]
    both = compared(*runs)
    assert len(both.nodes) == len(both.frameworks[first.pk])
    (change,) = both.tree_changes.values()
    assert [(one.code, other.code) for one, other in change.renamed] == [
        ("mobile", "wireless"),
        ("deep", "depth"),
    ]
    assert (change.came, change.went, change.moved) == ([], [], [])
    mobile = next(at for at, node in enumerate(both.nodes) if node.code == "mobile")
    assert both.change_in(slice(None)).values[:, mobile].any()


def test_a_new_node_under_a_code_that_was_another_ones_is_new():
    first = make_framework(TREE)
    second = renamed_edition(first, {"mobile": "cellular"}, new=["mobile"])
    assert second.former_codes == {"cellular": "mobile", "mobile": ""}
    runs = [
        make_runs(random_values(8, leaves), tilts=[None], framework=framework)[0]
        for leaves, framework in ((6, first), (7, second))
    ]
    (change,) = compared(*runs).tree_changes.values()
    assert [node.name_en for node in change.came] == ["New mobile"]
    assert [(one.code, other.code) for one, other in change.renamed] == [("mobile", "cellular")]


def test_a_framework_that_is_replaced_keeps_what_its_nodes_were_and_its_copies_follow():
    first = make_framework(TREE)
    second = renamed_edition(first, {"mobile": "cellular"})
    third = renamed_edition(second, {"fixed": "landline"})
    draft = reopen_framework(second, actor=second.created_by)
    row = next(one for one in draft.rows if one["code"] == "cellular")
    cells = {name: said for name, said in row.items() if name not in ("key", "parent")}
    change_row(draft, row["key"], parent=row["parent"], cells={**cells, "code": "handset"})
    draft.refresh_from_db()
    replaced = finish_draft(draft, actor=second.created_by)
    replaced.refresh_from_db()
    third.refresh_from_db()
    assert (replaced.came_from, replaced.former_codes) == (first, {"handset": "mobile"})
    assert (third.came_from, third.former_codes) == (replaced, {"landline": "fixed", "cellular": "handset"})
