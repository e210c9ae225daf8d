"""The figure of a round's scores: its parts meet in the middle, and it says its words."""

import json

import pytest
from django.utils.translation import override

from weighting import charts
from weighting.drawing import PALETTE, render

CAPTION = {"title": "南阳", "subtitle": "ballots", "source": "round 1"}
ITEMS = [
    charts.ScoreDistribution("光纤", [1, 2, 4, 2, 1]),
    charts.ScoreDistribution("Mobile", [0, 0, 0, 0, 7]),
    charts.ScoreDistribution("Radio", [8, 0, 0, 0, 0]),
]


def parts_of(name):
    spec = charts.distribution_chart(ITEMS, **CAPTION)
    return [row for row in spec["data"]["values"] if row["name"] == name]


@pytest.mark.parametrize(
    ("name", "start", "end"), [("光纤", -50, 50), ("Mobile", 0, 100), ("Radio", -100, 0)]
)
def test_the_middle_of_the_threes_is_zero(name, start, end):
    parts = parts_of(name)
    assert parts[0]["start"] == pytest.approx(start)
    assert parts[-1]["end"] == pytest.approx(end)
    assert [a["end"] for a in parts[:-1]] == pytest.approx([b["start"] for b in parts[1:]])
    assert sum(part["share"] for part in parts) == pytest.approx(100)
    assert parts[2]["start"] + parts[2]["end"] == pytest.approx(0)


def test_every_colour_can_be_exchanged_for_the_readers():
    assert set(charts.COLOURS) <= set(PALETTE.values())
    assert len(set(charts.COLOURS)) == 5


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_it_renders_with_its_words_and_numbers(language):
    with override(language):
        svg = render(charts.distribution_chart(ITEMS, **CAPTION), "svg", language).decode()
        words = charts.score_words()
    for text in ["光纤", "Mobile", "南阳", "round 1", *words]:
        assert text in svg
    assert svg.count("abs(") == 0


def test_a_spec_is_plain_json():
    assert json.loads(json.dumps(charts.distribution_chart(ITEMS, **CAPTION)))["height"] == 3 * charts.ROW
