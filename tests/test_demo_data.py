"""The committed demo files against the facts of the 2016 report, and against the script that makes them."""

import csv
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from demo.report2016 import facts
from indexer.numeric.method.normalise import normalise
from indexer.numeric.scores.composite import composite_scores, node_scores
from indexer.numeric.scores.ranking import min_ranks
from weighting.numeric.aggregation import aggregate_scores, equal_weights
from weighting.numeric.tree import build_tree, global_weights

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "demo" / "report2016"
SUBINDICES = ("infra", "industry", "innovation", "smartcity")


def read(name):
    with (DEMO / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Demo:
    """The files as arrays, and the scores that follow from them."""

    def __init__(self):
        framework = read("framework.csv")
        self.tree = build_tree([row["code"] for row in framework], [row["parent"] for row in framework])
        leaves = [framework[leaf] for leaf in self.tree.leaves]
        data, carried = read("data.csv"), {row["code"]: float(row["total"]) for row in read("totals.csv")}
        self.columns = list(data[0])
        self.cities = [row["unit"] for row in data]
        self.raw = np.array([[float(row[leaf["code"]]) for leaf in leaves] for row in data])
        self.shares = normalise(
            self.raw,
            method="share",
            directions=np.array([int(leaf["direction"]) for leaf in leaves]),
            codes=self.tree.leaf_codes,
            totals=np.array([carried.get(leaf["code"], np.nan) for leaf in leaves]),
        )
        given = {(row["expert"], row["indicator"]): int(row["score"]) for row in read("scores.csv")}
        self.experts = [row["code"] for row in read("panel.csv")]
        self.scores = np.array([[given.pop((e, code)) for code in self.tree.codes] for e in self.experts])
        self.stray_scores = given
        self.panel = aggregate_scores(self.tree, self.scores.astype(float), "normalised_sum")
        self.implied_local = {row["code"]: float(row["local_weight"]) for row in read("weights_implied.csv")}
        self.implied = global_weights(self.tree, np.array([self.implied_local[c] for c in self.tree.codes]))
        self.equal = equal_weights(self.tree).global_
        self.published = [
            (row["unit"], row["node"], row["value"], int(row["rank"])) for row in read("published.csv")
        ]

    def totals(self, weights):
        return composite_scores(self.shares, weights[self.tree.leaves]) * 100

    def subindices(self):
        nodes = node_scores(self.tree, self.panel.global_, self.shares) * 100
        return nodes[:, [self.tree.index[code] for code in SUBINDICES]]

    def leaves_below(self, code):
        return self.tree.descendant_leaves[self.tree.index[code]]


@pytest.fixture(scope="module")
def demo():
    return Demo()


def printed(values):
    return [round(Decimal(float(value)), 4) for value in values]


def test_the_published_file_repeats_the_facts(demo):
    facts = {(row["city"], "", row["total"], int(row["rank"])) for row in read("facts/total_351.csv")}
    assert {row for row in demo.published if not row[1]} == facts
    cells = [row for row in demo.published if row[1]]
    listed = [
        ("smartcity" if row["subindex"] == "smart" else row["subindex"], row["value"], int(row["rank"]))
        for row in read("facts/subindices_top100.csv")
    ]
    assert [row[1:] for row in cells] == listed
    assert len({row[:2] for row in cells}) == 400
    assert len(demo.published) == 751


def test_short_names_of_the_top_100_tables_are_forms_of_one_city(demo):
    forms = {row["name_zh"]: {row["name_zh"], *row["aliases"].split(";")} for row in read("cities.csv")}
    units = [row[0] for row in demo.published if row[1]]
    short = [row["city"] for row in read("facts/subindices_top100.csv")]
    assert all(name in forms[unit] for name, unit in zip(short, units, strict=True))


def test_the_framework_is_the_facts_without_their_working_notes():
    facts = read("facts/framework.csv")

    assert any(row["note"] for row in facts)
    assert read("framework.csv") == [{**row, "note": ""} for row in facts]


def test_cities_repeat_the_facts_and_the_region_sizes(demo):
    cities = read("cities.csv")
    facts = [(row["city"], row["province"]) for row in read("facts/total_351.csv")]
    assert [(row["name_zh"], row["province_zh"]) for row in cities] == facts
    assert [row["name_zh"] for row in cities] == demo.cities
    assert Counter(row["region_en"] for row in cities) == {
        "East": 78, "South": 47, "North": 36, "Northeast": 36, "Southwest": 53, "Central": 49,
        "Northwest": 52,
    }  # fmt: skip


def test_no_name_or_form_stands_for_two_cities():
    cities = read("cities.csv")
    forms = Counter(
        form for row in cities for form in {row["name_zh"], *filter(None, row["aliases"].split(";"))}
    )
    assert [form for form, count in forms.items() if count > 1] == []
    assert len({row["name_en"] for row in cities}) == 351
    assert all(all(row[field] for field in row if field != "aliases") for row in cities)


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("西安市", "Xi'an"),
        ("重庆市", "Chongqing"),
        ("厦门市", "Xiamen"),
        ("六安市", "Lu'an"),
        ("长治市", "Changzhi"),
        ("台州市", "Taizhou (Zhejiang)"),
        ("泰州市", "Taizhou (Jiangsu)"),
        ("宿州市", "Suzhou (Anhui)"),
        ("乌鲁木齐市", "Urumqi"),
        ("海南州", "Hainan Prefecture"),
    ],
)
def test_english_names_are_the_established_ones(chinese, english):
    assert {row["name_zh"]: row["name_en"] for row in read("cities.csv")}[chinese] == english


def test_the_panel_is_complete_and_synthetic(demo):
    assert demo.scores.shape == (97, 99)
    assert demo.stray_scores == {}
    assert set(np.unique(demo.scores)) == {1, 2, 3, 4, 5}
    panel = read("panel.csv")
    assert all(row["email"].endswith("@example.org") for row in panel)
    assert {row["sector"] for row in panel} == {"academic", "industry", "government"}
    assert {row["language"] for row in panel} == {"zh-hans", "en"}


def test_the_panel_gives_the_four_printed_weights(demo):
    root = [demo.tree.index[code] for code in SUBINDICES]
    assert demo.scores[:, root].sum(axis=0).tolist() == [404, 385, 320, 350]
    assert [round(weight * 100, 2) for weight in demo.panel.local[root]] == [27.69, 26.39, 21.93, 23.99]


def test_the_implied_version_differs_from_the_panels_in_the_root_group_alone(demo):
    assert list(demo.implied_local) == list(demo.tree.codes)
    for code, weight in zip(demo.tree.codes, demo.panel.local, strict=True):
        root = dict(zip(SUBINDICES, (0.277, 0.264, 0.219, 0.240), strict=True))
        assert demo.implied_local[code] == root.get(code, weight)


def test_implied_weights_bring_back_every_published_total_and_rank(demo):
    totals = demo.totals(demo.implied)
    facts = [row for row in demo.published if not row[1]]
    assert [row[0] for row in facts] == demo.cities
    assert np.abs(totals - [float(row[2]) for row in facts]).max() < 0.00005
    assert printed(totals) == [Decimal(row[2]) for row in facts]
    assert min_ranks(totals).tolist() == [row[3] for row in facts] == list(range(1, 352))


def test_the_panels_weights_move_beijing_and_eleven_ranks(demo):
    totals = demo.totals(demo.panel.global_)
    assert demo.cities[0] == "北京市"
    assert round(totals[0], 3) == 10.194
    moved = np.flatnonzero(min_ranks(totals) != np.arange(1, 352))
    assert [demo.cities[city] for city in moved] == [
        "丽水市", "漳州市", "宜昌市", "荆州市", "三明市", "秦皇岛市", "鹰潭市", "玉林市", "澄迈县", "宿州市",
        "曲靖市",
    ]  # fmt: skip


def test_equal_weights_move_230_cities_against_the_panels(demo):
    equal, panel = (min_ranks(demo.totals(weights)) for weights in (demo.equal, demo.panel.global_))
    assert (equal != panel).sum() == 230


@pytest.mark.parametrize("column", range(4), ids=SUBINDICES)
def test_published_cells_come_back_in_their_order_and_the_others_stay_below(demo, column):
    values = demo.subindices()[:, column]
    facts = [row for row in demo.published if row[1] == SUBINDICES[column]]
    listed = [demo.cities.index(row[0]) for row in facts]
    assert printed(values[listed]) == [Decimal(row[2]).quantize(Decimal("0.0001")) for row in facts]
    assert min_ranks(values)[listed].tolist() == [row[3] for row in facts] == list(range(1, 101))
    assert values.min() > 0


def test_subindex_columns_sum_to_what_the_provinces_and_the_totals_leave_them(demo):
    sums = demo.subindices().sum(axis=0)
    assert sums == pytest.approx([100, 88.5845, 100, 96.355], abs=0.001)
    chinese, english = (DEMO / "note.txt").read_text(encoding="utf-8").splitlines()
    assert all(f"{total:.2f}".removesuffix(".00") in note for total in sums for note in (chinese, english))


def test_the_industry_of_26_provinces_comes_out_as_printed(demo):
    report = facts.read_report()
    industry, provinces = demo.subindices()[:, 1], np.array(report.provinces)
    shown = {
        name: (f"{industry[provinces == name].sum():.4f}", f"{figure:.4f}")
        for name, figure in facts.printed_provinces("industry").items()
    }

    assert [name for name, (computed, figure) in shown.items() if computed != figure] == [
        "北京市", "上海市", "重庆市", "江苏省", "天津市",
    ]  # fmt: skip


def test_the_rule_names_the_13_dark_horses_over_infrastructure_with_their_leads_and_no_other(demo):
    ranks = np.column_stack([min_ranks(column) for column in demo.subindices().T])
    ahead = ranks[:, [0]] - ranks[:, 1:]
    named = {demo.cities[city]: ahead[city].tolist() for city in np.flatnonzero((ahead > 20).all(axis=1))}

    assert named == {
        row["city"]: [int(row[f"{name}_ahead"]) for name in ("industry", "innovation", "smart")]
        for row in facts.read_rows("leads_over_base.csv")
    }


def test_the_20_dark_horses_over_gdp_have_their_rank_in_industry_and_innovation_together(demo):
    ranks = min_ranks(demo.subindices()[:, 1:3] @ [0.264, 0.219])
    rows = facts.read_rows("leads_over_gdp.csv")

    assert len(rows) == 20
    assert [ranks[demo.cities.index(row["city"])] for row in rows] == [
        int(row["rank_industry_and_innovation"]) for row in rows
    ]


@pytest.fixture
def limits():
    # It loads scipy's solvers, which every other test process would load for nothing.
    from demo.report2016 import limits

    return limits


def test_what_is_left_out_cannot_hold_with_the_printed_totals_and_cells(limits):
    report = facts.read_report()
    industry, smart = (limits.province_misfits(report, name) for name in ("industry", "smartcity"))

    missed = {name: round(misfit, 4) for name, misfit in industry.items() if misfit > 1e-6}
    assert missed == {
        "北京市": 0.0283,
        "上海市": 0.2401,
        "重庆市": 0.0242,
        "江苏省": 0.0127,
        "天津市": 0.0392,
    }
    assert sum(misfit > 1e-6 for misfit in smart.values()) == 13
    assert smart["广东省"] > 5.7
    totals, provinces = report.totals, np.array(report.provinces)
    printed = {
        row["province"]: float(row["total"]) for row in facts.read_rows("provinces.csv") if row["total"]
    }
    assert len(printed) == 9
    assert all(abs(totals[provinces == name].sum() - total) > 0.08 for name, total in printed.items())


def test_with_the_table_of_provinces_industry_cannot_reach_the_whole(limits):
    report = facts.read_report()

    assert limits.furthest_sum(report, "industry", sign=1) == pytest.approx(88.586, abs=0.005)
    assert limits.furthest_sum(report, "smartcity", sign=-1) == pytest.approx(96.300, abs=0.005)


def test_where_the_report_contradicts_itself():
    """The slips that the demo's README lists, from the printed figures alone."""
    report = facts.read_report()
    printed = {row["province"]: row for row in facts.read_rows("provinces.csv")}
    provinces = np.array(report.provinces)
    of_cities = {name: np.nansum(report.cells[provinces == name], axis=0) for name in printed}
    single = [name for name in printed if (provinces == name).sum() == 1]

    assert len(single) == 4
    assert all(float(printed[name]["industry"]) > of_cities[name][1] + 0.02 for name in single)
    assert all(float(printed[name]["smart"]) > of_cities[name][3] + 1 for name in single)
    sums = {name: sum(float(row[name]) for row in printed.values()) for name in ("industry", "smart")}
    assert sums == pytest.approx({"industry": 88.9299, "smart": 100.0001}, abs=1e-9)
    jiangsu = provinces == "江苏省"
    assert not np.isnan(report.cells[jiangsu, 1]).any()
    assert (float(printed["江苏省"]["industry"]), round(of_cities["江苏省"][1], 4)) == (5.2366, 5.2234)
    assert of_cities["广东省"][3] > float(printed["广东省"]["smart"]) + 5


def test_the_printed_ranks_of_industry_and_innovation_together_are_of_their_weighted_sum():
    """Each is possible with the cells that are printed; with a plain sum Haikou's is not."""
    report = facts.read_report()
    ceiling = np.nanmin(report.cells, axis=0)
    low = np.nan_to_num(report.cells)[:, 1:3]
    high = np.where(np.isnan(report.cells), ceiling, report.cells)[:, 1:3]

    def impossible(weights):
        best, worst = low @ weights, high @ weights
        found = []
        for row in facts.read_rows("leads_over_gdp.csv"):
            city, rank = report.cities.index(row["city"]), int(row["rank_industry_and_innovation"])
            if not 1 + (best > worst[city]).sum() <= rank <= (worst >= best[city]).sum():
                found.append(row["city"])
        return found

    assert impossible(np.array([0.264, 0.219])) == []
    assert impossible(np.array([1.0, 1.0])) == ["海口市"]


def test_shares_sum_to_one_but_where_the_national_totals_include_more_than_the_cities(demo):
    sums = demo.shares.sum(axis=0)
    industry, smart = demo.leaves_below("industry"), demo.leaves_below("smartcity")
    assert sums[~industry & ~smart] == pytest.approx(1, abs=1e-12)
    assert sums[industry] == pytest.approx(0.885845, abs=1e-3)
    assert ((sums[smart] > 0.9) & (sums[smart] < 1)).all()
    carried = [code for code, inside in zip(demo.tree.leaf_codes, industry | smart, strict=True) if inside]
    assert [row["code"] for row in read("totals.csv")] == carried


def test_raw_values_look_like_what_they_count(demo):
    assert demo.columns == ["unit", *demo.tree.leaf_codes]
    ranges = {"quality": (1, 5), "return_rate": (0, 1), "failure_rate": (0, 0.1)}
    for name, (low, high) in ranges.items():
        values = demo.raw[:, demo.tree.leaf_codes.index(f"smartcity.{name}")]
        assert low <= values.min() < values.max() <= high
    bounded = [code.rpartition(".")[2] in ranges for code in demo.tree.leaf_codes]
    counts = demo.raw[:, ~np.array(bounded)]
    assert (counts == np.rint(counts)).all()
    assert counts.min() >= 1


def test_the_script_makes_the_committed_files_again():
    script = [sys.executable, "demo/report2016/rebuild.py", "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "0 differences\n"), done.stdout + done.stderr
