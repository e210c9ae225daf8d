"""The internal page on which every page component is seen at once, with sample content."""

from base64 import b64encode
from functools import lru_cache
from typing import Any, TypedDict

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.views.shared.run_tabs import Tab
from weighting.forms.advanced import WithAdvanced
from weighting.permissions import MANAGERS, audience
from weighting.selectors.offers import Offered
from weighting.views.files import save_links
from weighting.views.first_steps import FirstStep


class Words(TypedDict):
    title: str
    subtitle: str
    source: str


class SampleForm(WithAdvanced, forms.Form):
    """One field of every kind, some of them wrongly filled."""

    advanced = ("note",)
    advanced_label = "Advanced"
    advanced_help = "What nearly nobody changes."

    name = forms.CharField(label="Name of the round", help_text="Experts see it at the head of the ballot.")
    deadline = forms.DateField(label="Deadline", widget=forms.DateInput(attrs={"type": "date"}))
    quorum = forms.IntegerField(
        label="Quorum", help_text="Sealed ballots needed.", min_value=1, required=False
    )
    rule = forms.ChoiceField(
        label="Rule",
        choices=[("sum", "Normalised sum"), ("mean", "Normalised mean")],
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(label="Language", choices=[("zh", "中文"), ("en", "English")])
    framework = forms.FileField(label="Framework (CSV)", required=False)
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)


class SampleFilter(forms.Form):
    q = forms.CharField(label="City", widget=forms.TextInput(attrs={"type": "search"}), required=False)
    region = forms.ChoiceField(label="Region", choices=[("", "All"), ("east", "东部 East")], required=False)


SUB_INDICES = ["基础设施 Infrastructure", "产业 Industry", "创新 Innovation", "智慧城市 Smart city"]
CITIES = [
    {
        "rank": 1,
        "name": "北京 Beijing",
        "region": "东部 East",
        "score": 10.194,
        "places": 0,
        "mark": "published",
    },
    {
        "rank": 2,
        "name": "上海 Shanghai",
        "region": "东部 East",
        "score": 6.312,
        "places": 0,
        "mark": "published",
    },
    {
        "rank": 3,
        "name": "深圳 Shenzhen",
        "region": "东部 East",
        "score": 5.871,
        "places": 1,
        "mark": "published",
    },
    {
        "rank": 4,
        "name": "广州 Guangzhou",
        "region": "东部 East",
        "score": 4.026,
        "places": -1,
        "mark": "reconstructed",
    },
    {
        "rank": 5,
        "name": "甘孜藏族自治州 Garzê Tibetan Autonomous Prefecture",
        "region": "西部 West",
        "score": 0.031,
        "places": -12,
        "mark": "reconstructed",
    },
]
PROBLEMS = [
    {
        "file": "data.csv",
        "row": 14,
        "column": "unit",
        "value": "南阳是",
        "message": "No city has this name. Nearest: 南阳, 南阳市.",
    },
    {
        "file": "data.csv",
        "row": 88,
        "column": "a12",
        "value": "-3.2",
        "message": "Give a value of 0 or more.",
    },
]
HEAT = [
    {
        "name": name,
        "number": row + 1,
        "cells": [
            {
                "text": f"{abs(row - column) * 1.2:.2f}",
                "shade": 2 * abs(row - column),
                "is_own": row == column,
            }
            for column in range(3)
        ],
    }
    for row, name in enumerate(["专家组 Panel", "等权 Equal", "反推 Implied"])
]
STATES = [
    "draft",
    "ready",
    "open",
    "closed",
    "aggregated",
    "void",
    "frozen",
    "retired",
    "queued",
    "running",
    "done",
    "failed",
    "cancelled",
]


def _sample_charts() -> dict[str, charts.Spec]:
    words: Words = {"title": "Sample", "subtitle": "sample figures", "source": "Sample"}
    moves = [
        charts.RankMove("北京 Beijing", 1, 1),
        charts.RankMove("深圳 Shenzhen", 4, 3),
        charts.RankMove("广州 Guangzhou", 3, 4),
        charts.RankMove("甘孜州 Garzê", 290, 302),
        charts.RankMove("南阳 Nanyang", 41, 34),
    ]
    parts = [(0.004, -0.001, 0.002, 0.001), (-0.002, 0.003, -0.001, -0.003), (-0.001, -0.002, 0.001, -0.001)]
    changes = [
        charts.ScoreMove(move.name, dict(zip(SUB_INDICES, values, strict=True)))
        for move, values in zip(moves, parts, strict=False)
    ]
    versions = {"专家组 Panel": (27.69, 26.39, 21.93, 23.99), "等权 Equal": (25.0, 25.0, 25.0, 25.0)}
    weights = [
        charts.NodeWeight(version, name, percent)
        for version, percents in versions.items()
        for name, percent in zip(SUB_INDICES, percents, strict=True)
    ]
    points = [
        charts.CityPoint(version, f"{i}" if i else "北京 Beijing", 10.2 / (1 + i) ** power)
        for version, power in (("专家组 Panel", 1.0), ("等权 Equal", 1.1))
        for i in range(120)
    ]
    lines = [
        charts.RankLine("北京 Beijing", [1, 1, 2]),
        charts.RankLine("深圳 Shenzhen", [2, 3, 1], marked=True),
    ]
    flows = [
        charts.Flow(0, 0, 0, 0, 8), charts.Flow(0, 0, 0, 1, 2), charts.Flow(0, 1, 1, 1, 28),
        charts.Flow(0, 1, 1, 0, 2),
    ]  # fmt: skip
    ticks = [charts.NodeWeight(str(n), SUB_INDICES[0], 25 + n / 3) for n in range(8)]
    return {
        "bump_spec": charts.bump_chart(lines, ["1", "2", "3"], unit_word="city", **words),
        "flow_spec": charts.rank_flow_chart(
            flows, ["1–10", "11–40"], ["1", "2"], units_word="cities", **words
        ),
        "ticks_spec": charts.weight_ticks_chart(ticks, "0", **words),
        "rank_spec": charts.rank_shift_chart(moves, unit_word="city", **words),
        "score_spec": charts.score_shift_chart(changes, unit_word="city", **words),
        "weights_spec": charts.weights_chart(weights, **words),
        "strip_spec": charts.distribution_strip(
            points, unit_word="city", **words, named=["北京 Beijing"], scale="log"
        ),
    }


@lru_cache(maxsize=4)
def _sample_picture(_language: str | None) -> str:
    """Return a picture as the address of an image; its words in the language that is active."""
    picture = charts.render(_sample_charts()["rank_spec"], "svg", "en")
    return "data:image/svg+xml;base64," + b64encode(picture).decode()


@audience(MANAGERS)
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every component of templates/components."""
    wrong = SampleForm({"name": "", "deadline": "2016-02-31", "quorum": "0"}, auto_id="wrong_%s")
    top = CITIES[0]["score"]
    context: dict[str, Any] = {
        "form": SampleForm(),
        "wrong_form": wrong,
        "filter_form": SampleFilter(request.GET),
        "sort": request.GET.get("sort", "rank"),
        "cities": [city | {"percent": 100 * city["score"] / top} for city in CITIES],  # type: ignore[operator]
        "offered": Offered([], not_offered=903, text="panel"),
        "problems": PROBLEMS,
        "states": STATES,
        "tabs": [
            Tab(label="Ranking", url="#", is_current=True),
            Tab(label="Map", url="#", is_current=False),
        ],
        "sub_indices": SUB_INDICES,
        "page_obj": Paginator(range(351), 50).get_page(request.GET.get("page")),
        "actions": [
            {"label": "New round", "url": "#", "kind": ""},
            {"label": "Export CSV", "url": "#", "kind": "quiet"},
        ],
        "steps": [
            {"label": "Draft", "state": "done"},
            {"label": "Ready to open", "state": "done"},
            {"label": "Open", "state": "current", "note": "61 of 97 sealed"},
            {"label": "Closed", "state": "todo"},
            {"label": "Aggregated", "state": "todo"},
        ],
        "first_steps": [
            FirstStep("导入框架 Import a framework", "The tree of indicators.", "#", is_done=True),
            FirstStep(
                "导入专家组 Import a panel", "The experts who score.", "#", is_done=False, example="panel"
            ),
        ],
        "saves": save_links("#"),
        "pairs": [{"leaf": "phones", "column": "people"}, {"leaf": "", "column": ""}],
        "pair_columns": [("辅助列 Auxiliary", [("people", "people")])],
        "pair_leaves": [("phones", "电话 Phones (phones)"), ("sites", "网站 Sites (sites)")],
        "definitions": [
            ("Rule", "Normalised sum of scores"),
            ("Manifest", "sha256:9f2c…e1"),
            ("Frozen at", None),
        ],
        "ancestors": [{"name": "基础设施 Infrastructure", "url": "#"}, {"name": "网络 Networks", "url": "#"}],
        "consequences": [
            "The link between person and ballot is destroyed.",
            "The round cannot be opened again.",
        ],
        "heat_lines": HEAT,
        **_sample_charts(),
        "sample_picture": _sample_picture(get_language()),
    }
    return render(request, "components/all.html", context)
