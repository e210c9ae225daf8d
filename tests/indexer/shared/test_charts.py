"""Figures: they render, they say their words in Chinese, and their colours can be told apart."""

import itertools
import json
import re
import socket
from collections import Counter
from pathlib import Path

import pytest

from indexer import charts
from indexer.charts.names import NamedPoint, place_names
from weighting import drawing
from weighting.confined import Broke
from weighting.lettering import most_lines

CAPTION = {"title": "南阳上升两位", "subtitle": "位次变化（位）", "source": "数据：2016 报告（重构值）"}
# The register's words stand in tooltips.
WORD = {"unit_word": "county", **CAPTION}
MOVES = [
    charts.RankMove("北京", 1, 1),
    charts.RankMove("南阳", 34, 32),
    charts.RankMove("甘孜州", 301, 304),
    charts.RankMove("深圳", 3, 4),
]
CHANGES = [
    charts.ScoreMove("北京", {"基础设施": 0.004, "产业": -0.001}),
    charts.ScoreMove("甘孜州", {"基础设施": -0.009, "产业": 0.002}),
]
WEIGHTS = [charts.NodeWeight("专家组", "基础设施", 27.69), charts.NodeWeight("等权", "基础设施", 25.0)]
POINTS = [charts.CityPoint("专家组", "北京", 10.194), charts.CityPoint("专家组", "南阳", 0.2)]
LINES = [charts.RankLine("北京", [1, 1]), charts.RankLine("南阳", [34, 32])]
FLOWS = [charts.Flow(0, 0, 0, 0, 9), charts.Flow(0, 0, 0, 1, 1), charts.Flow(0, 1, 1, 0, 1)]
PAIRS = [charts.PairDot(3, "深圳 · 广州", "宽带", "基础设施", 0.4, "27.69 → 28.09")]
DOTS = [
    charts.MapDot("北京", "北京市", 39.9, 116.4, 1, 10.2, shift=0),
    charts.MapDot("天津", "天津市", 39.1, 117.2, 3, 2.0, shift=-1),
    charts.MapDot("乌鲁木齐", "新疆", 43.8, 87.6, 2, 0.5, shift=7),
]

FIGURES = {
    "rank shift": (charts.rank_shift_chart(MOVES, **WORD), ["南阳", "甘孜州", "34 → 32"]),
    "score shift": (charts.score_shift_chart(CHANGES, **WORD), ["北京", "基础设施", "产业"]),
    "weights": (charts.weights_chart(WEIGHTS, **CAPTION), ["专家组", "等权", "27.69"]),
    "composition": (charts.composition_chart(CHANGES, digits=2, **WORD), ["北京", "基础设施", "产业"]),
    "bump": (charts.bump_chart(LINES, ["专家组", "等权"], **WORD), ["北京 1", "南阳 34", "等权"]),
    "map": (charts.score_map(DOTS, "%", **WORD), ["北京", "乌鲁木齐", "10"]),
    "shift map": (charts.shift_map(DOTS, **WORD), ["乌鲁木齐", "moves down"]),
    "lorenz": (
        charts.lorenz_chart([0, 0.1, 0.3, 1], units_word="counties", **CAPTION),
        ["if all held the same"],
    ),
    "flow": (
        charts.rank_flow_chart(
            FLOWS, ["1–10", "11–20"], ["专家'组", "等权"], units_word="counties", **CAPTION
        ),
        ["1–10", "专家'组"],
    ),
    "ticks": (charts.weight_ticks_chart(WEIGHTS, "等权", **CAPTION), ["基础设施", "25.00"]),
    "fragility": (
        charts.fragility_chart(PAIRS, ["基础设施"], units_word="counties", **WORD),
        ["基础设施", "0.01"],
    ),
    "strip": (charts.distribution_strip(POINTS, **WORD, named=["北京"], scale="log"), ["专家组", "北京"]),
}


def values(spec):
    return spec["data"]["values"]


@pytest.mark.parametrize("name", FIGURES)
def test_svg_holds_title_unit_source_and_labels(name):
    spec, labels = FIGURES[name]
    svg = charts.render(spec, "svg", "zh-hans").decode()
    for text in [*CAPTION.values(), *labels]:
        assert text in svg
    assert 'lang="zh-hans"' in svg
    assert "Noto Sans CJK SC" in svg


def test_png_is_a_picture():
    assert charts.render(FIGURES["rank shift"][0], "png", "en").startswith(b"\x89PNG")


@pytest.mark.parametrize("name", FIGURES)
def test_spec_is_plain_json_that_the_page_can_carry(name):
    assert json.loads(json.dumps(FIGURES[name][0])) == FIGURES[name][0]


def test_rank_shift_leaves_out_the_unmoved_and_orders_from_rise_to_fall():
    assert [(row["name"], row["shift"]) for row in values(FIGURES["rank shift"][0])] == [
        ("南阳", 2),
        ("深圳", -1),
        ("甘孜州", -3),
    ]


def test_rank_shift_keeps_the_biggest_movers():
    spec = charts.rank_shift_chart(MOVES, **WORD, limit=1)
    assert [row["name"] for row in values(spec)] == ["甘孜州"]


def test_score_shift_parts_add_up_to_the_total():
    rows = [row for row in values(FIGURES["score shift"][0]) if row["name"] == "甘孜州"]
    assert sum(row["change"] for row in rows) == pytest.approx(rows[0]["total"])


def test_a_flow_is_as_wide_as_its_cities_and_bands_do_not_overlap():
    rows = values(FIGURES["flow"][0])
    assert {row["flow"]: round(row["high"] - row["low"], 6) for row in rows} == {
        "0:0:0:0": 9,
        "0:0:0:1": 1,
        "0:1:1:0": 1,
    }
    for end in (min, max):
        x = end(row["x"] for row in rows)
        spans = sorted((row["low"], row["high"]) for row in rows if row["x"] == x)
        assert all(above[1] <= below[0] for above, below in itertools.pairwise(spans))


def test_unmarked_lines_fade_only_where_some_are_marked():
    plain = charts.bump_chart(LINES, ["1", "2"], **WORD)
    marked = charts.bump_chart([*LINES, charts.RankLine("深圳", [3, 2], marked=True)], ["1", "2"], **WORD)
    assert plain["layer"][0]["encoding"]["opacity"] == {"value": 1}
    assert marked["layer"][0]["encoding"]["opacity"]["value"] < 1


def test_nothing_moved_still_draws():
    spec = charts.rank_shift_chart(MOVES[:1], **WORD)
    assert b"<svg" in charts.render(spec, "svg", "en")


@pytest.mark.confined
def test_rendering_reads_no_address():
    spec, _ = FIGURES["weights"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.json"
        with pytest.raises(Broke):
            charts.render({**spec, "data": {"url": address}}, "svg", "en")
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_page_knows_every_colour_of_the_palette():
    tokens = (Path(__file__).parents[3] / "static" / "css" / "tokens.css").read_text().split("@media")[0]
    named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", tokens))
    assert {name: named[name] for name in drawing.PALETTE} == drawing.PALETTE
    assert len(set(drawing.PALETTE.values())) == len(drawing.PALETTE)


def test_pictures_are_drawn_in_the_dark_colours_of_the_page():
    tokens = (Path(__file__).parents[3] / "static" / "css" / "tokens-dark.css").read_text()
    named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", tokens))
    assert {name: named[name] for name in drawing.PALETTE} == drawing.DARK


def lms(colour):
    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [((c + 0.055) / 1.055) ** 2.4 if c > 0.04045 else c / 12.92 for c in rgb]


# Viénot, Brettel & Mollon (1999): what a dichromat sees, in linear RGB.
PROTAN = [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]
DEUTAN = [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]


@pytest.mark.parametrize("eye", [PROTAN, DEUTAN], ids=["protan", "deutan"])
def test_series_colours_stay_apart_for_a_dichromat(eye):
    seen = [[sum(k * c for k, c in zip(row, lms(s), strict=True)) for row in eye] for s in drawing.SERIES[:4]]
    for i, a in enumerate(seen):
        for b in seen[:i]:
            assert sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 > 0.1


def names_on(layers):
    """Return the names that a map writes, by side: dots, then halos, then letters."""
    return {
        (mark["align"], mark["dy"]): layer["transform"][0]["filter"]["oneOf"]
        for layer in layers
        if (mark := layer["mark"]).get("type") == "text" and "stroke" not in mark
    }


def test_a_map_names_the_largest_dots_where_they_have_room():
    """Tianjin lies beside Beijing, whose dot is larger: its name makes room, or is left out."""
    dots = [charts.MapDot(f"城{n}", "", 39.9 + n / 90, 116.4 + n / 90, n, 10.0 - n) for n in range(9)]
    far = charts.MapDot("乌鲁木齐", "", 43.8, 87.6, 10, 0.5)
    spec = charts.score_map([*dots, far], "%", **WORD)
    for layers in (spec["layer"], spec["usermeta"]["narrow"]["layer"]):
        named = [name for names in names_on(layers).values() for name in names]
        assert "城0" in named
        assert "乌鲁木齐" in named
        assert len(named) < 6


def test_names_beside_points_stay_inside_and_off_each_other():
    points = [NamedPoint("right edge", 195, 50), NamedPoint("first", 20, 20), NamedPoint("second", 21, 20)]
    crowd = [NamedPoint(f"crowd {n}", 100, 100) for n in range(5)]
    names = place_names([*points, *crowd], width=200, height=200, most=6)
    assert names["left"][0] == "right edge"
    assert names["right"] == ["first", "crowd 0"]
    assert names["left"] == ["right edge", "crowd 1"]
    assert not {"second", "crowd 2", "crowd 3", "crowd 4"} & {n for side in names.values() for n in side}
    assert sum(map(len, place_names(points, width=200, height=200, most=1).values())) == 1


def test_on_a_narrow_screen_long_names_stand_above_their_lines_and_short_ones_beside():
    short = FIGURES["rank shift"][0]["usermeta"]["narrow"]
    assert "axis" not in short["encoding"]["y"]
    long = "Service value (query services x1, transaction services x3)"
    changes = [charts.ScoreMove(long, {"基础设施": 0.004}), CHANGES[0]]
    spec = charts.score_shift_chart(changes, **WORD)
    narrow = spec["usermeta"]["narrow"]
    axis = narrow["encoding"]["y"]["axis"]
    assert narrow["height"] > spec["height"]
    assert axis["labelAlign"] == "left"
    assert json.dumps(["", "北京"]) in axis["labelExpr"]
    svg = charts.render({**spec, **narrow}, "svg", "en").decode()
    assert "Service value (query services x1" in svg
    assert "…" not in svg


def test_versions_without_room_for_their_names_are_numbered_and_listed():
    names = [f"Weights of the panel, revision {n}" for n in range(4)]
    lines = [charts.RankLine("Garzê", [3, 1, 2, 4]), charts.RankLine("Xi'an", [1, 2, 3, 5])]
    spec = charts.bump_chart(lines, names, **WORD)
    narrow = {**spec, **spec["usermeta"]["narrow"]}
    svg = charts.render(narrow, "svg", "en").decode()
    words = re.findall(r"<(?:text|tspan)[^>]*>([^<]+)", svg)
    assert {"1", "2", "3", "4"} <= set(words)
    assert all(f"{number}: {name}" in words for number, name in enumerate(names, 1))
    few = charts.bump_chart(lines, ["专家组权重（分指数权重与报告所列一致）", "等权"], **WORD)
    assert few["encoding"]["x"]["axis"]["title"] is None


def test_english_pictures_hold_straight_quotes_and_chinese_ones_their_own():
    spec = charts.rank_shift_chart(
        MOVES, unit_word="county", title="The nation’s “mean”", subtitle="", source=""
    )
    assert "The nation&#39;s" in (svg := charts.render(spec, "svg", "en").decode()) or "The nation's" in svg
    assert "“" not in svg
    assert "“mean”" in charts.render(spec, "svg", "zh-hans").decode()


def test_a_map_is_equal_area_with_its_parallels_a_sixth_of_the_way_in():
    projection = FIGURES["map"][0]["projection"]
    south, north = 39.1 - 2, 43.8 + 2
    assert projection["type"] == "conicEqualArea"
    assert projection["parallels"] == pytest.approx(
        [south + (north - south) / 6, north - (north - south) / 6], abs=0.06
    )
    assert projection["rotate"] == pytest.approx([-(117.2 + 87.6) / 2, 0], abs=0.06)


def test_scores_below_zero_get_a_colour_of_their_own_on_a_map():
    dots = [*DOTS, charts.MapDot("甘孜", "四川省", 30.0, 102.0, 4, -3.0)]
    colour = charts.score_map(dots, "%", **WORD)["layer"][2]["encoding"]["color"]
    assert colour["scale"]["domain"] == ["above zero", "below zero"]
    assert "field" not in FIGURES["map"][0]["layer"][2]["encoding"]["color"]


def test_a_name_above_its_line_touches_neither_its_own_marks_nor_those_of_the_line_before():
    long = "Service value (query services x1, transaction services x3)"
    moves = [charts.ScoreMove(long, {"基础设施": 0.004}), CHANGES[0]]
    narrow = charts.score_shift_chart(moves, **WORD)["usermeta"]["narrow"]
    each = narrow["height"] / 2
    gap = each * narrow["encoding"]["y"]["scale"]["paddingInner"]
    axis = narrow["encoding"]["y"]["axis"]
    # Pixels below the marks of the line before; lines of letters are counted from the middle of the first.
    top = gap + (each - gap) / 2 + axis["labelOffset"] - axis["labelLineHeight"] / 2
    lines = most_lines([long], drawing.SMALL, drawing.NARROW)

    assert top >= 4
    assert gap - top - lines * axis["labelLineHeight"] >= 4


@pytest.mark.parametrize(("count", "points"), [(2, 9), (7, 9), (13, 5), (50, 2)])
def test_bands_of_flow_bend_as_far_as_there_is_room(count, points):
    """Fifty versions, with as many points for each of their bands as two have, made a page of 8 MB."""
    versions = [f"v{number}" for number in range(count)]
    flows = [charts.Flow(step, 0, 0, step % 2, 10) for step in range(count - 1)]
    spec = charts.rank_flow_chart(flows, ["1–10", "11–20"], versions, units_word="counties", **CAPTION)
    assert set(Counter(row["flow"] for row in values(spec)).values()) == {points}
    first = [row["x"] for row in values(spec) if row["flow"] == "0:0:0:0"]
    assert (first[0], first[-1]) == (0.06, 0.94)
