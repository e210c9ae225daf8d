"""Methods in words: what they do, where leaves go their own way, what differs in two of them."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from indexer.dispatch import compute_with_method
from indexer.method_words import method_differences, method_words, own_ways
from indexer.models import IndexMethod, Run
from indexer.selectors.methods import names_in_method
from indexer.services.methods import use_method
from indexer.services.runs import compute_waiting_runs
from indexer.views.shared.method_rows import method_rows
from indexer.views.shared.run_names import method_names
from indexer.words import score_unit
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_data_set, make_version
from weighting.enums import Role

HDI = IndexMethod(
    normalisation="goalposts",
    aggregation="geometric",
    leaves={
        "gnipc": {"lower": 100.0, "transform": "ln", "cap": True},
        "p": {"imputation": "group_mean:region"},
    },
    nodes={"": {"coverage": 0.8}},
    floor=0.01,
    scale=1,
)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            "Goalposts; Geometric mean; smallest normalised value 0.01; scale 1; gnipc: held at the bounds "
            "yes, lower bound 100, transform ln; p: missing values group_mean:region; the index: least "
            "coverage 0.8",
        ),
        (
            "zh-hans",
            "阈值法（固定上下限）；几何平均；标准化值不低于 0.01；满分值 1；gnipc：截断于界限 是，"
            "下限 100，变换 ln；p：缺失值 group_mean:region；指数：最低覆盖率 0.8",
        ),
    ],
)
def test_a_table_is_told_in_a_line(language, expected):
    with override(language):
        assert method_words(HDI) == expected


def test_a_long_table_is_counted():
    long = IndexMethod(leaves={f"p{place}": {"transform": "ln"} for place in range(9)})
    with override("en"):
        assert method_words(long).endswith("p3: transform ln; 5 more indicators or groups in their own ways")
        assert len(own_ways(long)) == 9


@pytest.mark.parametrize(
    ("method", "unit"),
    [
        ({}, "% of the total"),
        ({"scale": 1}, "parts of the total"),
        ({"normalisation": "none", "scale": 1}, "units of the data"),
        ({"normalisation": "none"}, "hundredths of the data’s unit"),
        ({"normalisation": "target", "scale": 1000}, "points of 1000"),
        ({"normalisation": "zscore_sample", "scale": 1}, "standard deviations"),
        ({"leaves": {"p": {"normalisation": "rank"}}}, "points of 100"),
        ({"leaves": {"p": {"transform": "sqrt"}}}, "points of 100"),
        ({"nodes": {"": {"aggregation": "copeland"}}, "normalisation": "minmax"}, "points of 100"),
        ({"denominators": {"p": "q"}}, "% of the total of the prepared values"),
    ],
)
def test_percent_of_the_total_is_said_of_shares_alone(method, unit):
    with override("en"):
        assert score_unit(IndexMethod(**method)) == unit


def test_what_differs_is_told_choice_by_choice_and_row_by_row():
    other = IndexMethod(
        normalisation="minmax",
        aggregation="geometric",
        missing="zero",
        leaves={"gnipc": {"lower": 100.0}},
        floor=0.01,
        scale=1,
    )
    with override("en"):
        assert method_differences(HDI, other) == [
            ("normalisation", "Goalposts", "Min-max"),
            ("missing values", "Refuse", "Zero: the worst normalised value"),
            ("gnipc", "held at the bounds yes, lower bound 100, transform ln", "lower bound 100"),
            ("p", "missing values group_mean:region", "as the index"),
            ("the index", "least coverage 0.8", "as the index"),
        ]
        assert method_differences(HDI, HDI) == []


@pytest.mark.django_db
def test_the_api_takes_the_table_and_names_what_is_wrong_in_it(client):
    framework = make_framework()
    data_set = make_data_set(framework)
    make_version(framework)
    sign_in_staff(client, make_account(Role.ANALYST))
    code = data_set.leaf_codes[0]
    address = reverse("indexer:api-data-set-runs", args=[data_set.pk])

    def send(**method):
        return client.post(address, {"method": method}, content_type="application/json")

    asked = {
        "normalisation": "minmax",
        "leaves": {code: {"normalisation": "goalposts", "lower": 0, "upper": 100, "cap": True}},
        "nodes": {"": {"aggregation": "power:2"}},
        "scale": 1,
        "digits": 3,
    }
    answer = send(**asked)
    assert answer.status_code == 202, answer.json()
    stored = answer.json()["method"]
    assert stored["leaves"] == {
        code: {"cap": True, "lower": 0.0, "normalisation": "goalposts", "upper": 100.0}
    }
    assert (stored["nodes"], stored["scale"], stored["digits"]) == ({"": {"aggregation": "power:2"}}, 1.0, 3)
    assert use_method(**asked).sha256 == stored["sha256"]
    refused = send(leaves={code: {"lower": "x", "colour": 1}}, nodes={"": {"aggregation": "power:0"}})
    assert refused.status_code == 422
    assert len(refused.json()["blockers"]) == 3
    refused = send(leaves={"gone": {"transform": "ln"}}, normalisation="minmax")
    assert refused.status_code == 422
    assert "gone" in refused.json()["blockers"][0]
    assert send(aggregation="power:x").status_code == 422


def test_readers_are_told_who_has_no_rank_and_what_small_values_become():
    plain = {row[0] for row in method_rows(IndexMethod(), [])}
    told = {head: words for head, words, _formula in method_rows(IndexMethod(coverage=0.8, floor=0.01), [])}
    assert told.keys() - plain == {"Least coverage", "Smallest normalised value"}
    assert "more than 20 % of the weight has no score" in told["Least coverage"]
    assert "raised to 0.01" in told["Smallest normalised value"]


@pytest.mark.django_db
def test_nodes_are_called_by_name_and_code_wherever_a_page_tells_a_method(client):
    framework = make_framework()
    leaf = framework.indicators.filter(is_leaf=True).first()
    ways = {"normalisation": "zscore", "leaves": {leaf.code: {"normalisation": "rank"}}}
    own, data_set = use_method(**ways), make_data_set(framework, **ways)
    make_version(framework)
    compute_waiting_runs(data_set.pk)
    run = Run.objects.get(data_set=data_set)
    sign_in_staff(client, make_account(Role.ANALYST))
    told = {"en": f"{leaf.name_en} ({leaf.code})", "zh-hans": f"{leaf.name_zh}（{leaf.code}）"}
    for name, pk in (
        ("data-set-detail", data_set.pk),
        ("data-set-compute", data_set.pk),
        ("run-detail", run.pk),
    ):
        for language, words in told.items():
            text = client.get(
                reverse(f"indexer:{name}", args=[pk]), headers={"accept-language": language}
            ).text
            assert words in text, (name, language)
    with override("en"):
        other = use_method(normalisation="zscore")
        names = names_in_method(own, framework.pk)
        assert (told["en"], "normalisation Rank", "as the index") in method_differences(own, other, names)
        assert names_in_method(other, framework.pk) == {}
        assert method_words(own).endswith(f"{leaf.code}: normalisation Rank")


@pytest.mark.django_db
def test_lists_and_choices_of_rankings_call_nodes_by_name(client, django_assert_num_queries):
    framework = make_framework()
    leaf = framework.indicators.filter(is_leaf=True).first()
    data_set = make_data_set(framework)
    make_version(framework)
    compute_waiting_runs(data_set.pk)
    plain = Run.objects.get(data_set=data_set)
    sign_in_staff(client, make_account(Role.ANALYST))
    for normalisation in ("rank", "zscore"):
        method = use_method(normalisation="minmax", leaves={leaf.code: {"normalisation": normalisation}})
        compute_with_method(
            data_set, versions=[plain.weight_version], method=method, actor=framework.created_by
        )
    compute_waiting_runs(data_set.pk)
    runs = list(Run.objects.filter(data_set=data_set).select_related("method", "data_set").order_by("pk"))
    assert len(runs) == 3

    told = {"en": f"{leaf.name_en} ({leaf.code}): ", "zh-hans": f"{leaf.name_zh}（{leaf.code}）："}
    comparison = reverse("indexer:comparison") + "?" + "&".join(f"runs={run.pk}" for run in runs)
    pages = (reverse("indexer:run-list"), reverse("indexer:run-map", args=[plain.pk]), comparison)
    for address in pages:
        for language, words in told.items():
            text = client.get(address, headers={"accept-language": language}).text
            # Each of the two is told wherever the page tells a method at all, by name alone.
            assert words in text, (address, language)
            assert f"; {leaf.code}: " not in text, (address, language)
            assert f"；{leaf.code}：" not in text, (address, language)
    with django_assert_num_queries(1):
        assert len(set(method_names(runs))) == 3
    with django_assert_num_queries(0):
        method_names(runs[:1])
