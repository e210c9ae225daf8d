"""Names are anybody's text, and never code: in no figure does one stand outside a literal."""

import importlib
import inspect
import json
import pkgutil
import re
from dataclasses import replace

import pytest
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import weighting.charts
from indexer import charts
from indexer.charts import studies as study_charts
from indexer.models import City
from indexer.views.public.embeds import ranking_chart
from indexer.views.run.ranking import load_ranking
from tests.indexer.finished_runs import make_runs
from weighting import drawing
from weighting.charts import ScoreDistribution, distribution_chart
from weighting.lettering import looked_up, plain, set_apart

HOSTILE = [
    "datum.label",
    ":length(sequence(20000000))+1,",
    ":datum.label+",
    f"+'{'a long name that has no room ' * 5}',",
    '"]) + datum.value + (["',
    "' + alert(1) + '",
    "`${1+1}`",
    "\\",
    "\\u0022)",
    "line\u2028separator",
    "no sign \ufffe of XML \uffff \x0b",
    "two\nlines",
    "__proto__",
    "constructor",
    "{signal: 'width'}",
    "signal",
    "a.b[0]",
    "#0072b2",
    "<b>&amp;",
    "%(name)s {0}",
    "南阳“城”’",
    "😀 emoji",
    "",
    " ",
]
CODE = {"labelExpr", "expr", "calculate", "signal", "test", "filter", "as"}
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
# What the charts' own expressions are written with.
WORDS = {
    *("datum", "label", "value", "abs", "width", "height", "null", "true", "false", "format", "min", "max"),
    *("share", "change", "shift", "score", "named", "marked", "is_outlier", "size", "rank", "side", "order"),
    *("isValid", "length", "percent", "x", "y", "name", "part", "before", "after", "left", "right", "places"),
    "low",
}


def figures(a, b, c):
    """Every figure of the product, with three names wherever a name can stand."""
    caption = {"title": a, "subtitle": b, "source": c}
    word = {"unit_word": "city", **caption}
    yield from maps(a, b, c, word)
    yield from lines_and_scatters(a, b, c, word)
    yield from figures_of_studies(a, b, c, word)
    moves = [charts.RankMove(a, 1, 2), charts.RankMove(b, 30, 3), charts.RankMove(c, 3, 30)]
    changes = [charts.ScoreMove(a, {b: 0.004, c: -0.001}), charts.ScoreMove(c, {b: -0.009, c: 0.002})]
    weights = [charts.NodeWeight(a, b, 27.7), charts.NodeWeight(c, b, 25.0)]
    lines = [charts.RankLine(a, [1, 1, 2]), charts.RankLine(b, [34, 32, 1])]
    flows = [charts.Flow(0, 0, 0, 0, 9), charts.Flow(0, 0, 0, 1, 1), charts.Flow(1, 1, 1, 0, 1)]
    points = [charts.CityPoint(a, b, 10.194), charts.CityPoint(c, b, 0.2)]
    yield charts.rank_shift_chart(moves, **word)
    yield charts.score_shift_chart(changes, **word)
    yield charts.weights_chart(weights, **caption)
    yield charts.composition_chart(changes, digits=2, **word)
    yield charts.bump_chart(lines, [a, b, c], **word)
    yield charts.lorenz_chart([0, 0.1, 0.3, 1], units_word=a, **caption)
    yield charts.rank_flow_chart(flows, ["1–10", "11–20"], [a, b, c], units_word=c, **caption)
    yield charts.weight_ticks_chart(weights, c, **caption)
    yield charts.fragility_chart(
        [charts.PairDot(3, a, b, c, 0.4, "27.69 → 28.09")], [c], units_word=a, **word
    )
    yield charts.distribution_strip(points, **word, named=[b], scale="log")
    yield charts.contribution_chart([charts.Contribution(a, b, 0.1, -0.2)], values=c, **caption)
    yield charts.profile_chart(
        [charts.ProfilePoint(a, 1, 1.0, 2.0, 3.0, 4.0)],
        city=b,
        places={"province": c, "region": a},
        units=c,
        **caption,
    )
    yield charts.place_chart(
        [charts.PlaceBar(a, 2, 1.0), charts.PlaceBar(b, 1, 0.5)], units_word=c, digits=2, **caption
    )
    yield charts.dumbbell_chart([charts.WeightAndImportance(a, 30.0, 20.0, 10.0, 40.0)], **caption)
    yield charts.histogram_chart([charts.Bin(0.0, 1.0, 3)], x_title=a, units_word=b, **caption)
    yield distribution_chart(
        [ScoreDistribution(a, [1, 2, 3, 4, 5]), ScoreDistribution(b, [5, 4, 3, 2, 1])], **caption
    )


def maps(a, b, c, word):
    caption = {name: text for name, text in word.items() if name != "unit_word"}
    dots = [
        charts.MapDot(a, b, 39.9, 116.4, 1, 10.2, shift=0),
        charts.MapDot(c, b, 39.1, 117.2, 3, 2.0, shift=-1),
    ]
    yield charts.score_map(dots, b, place_word=c, **word)
    yield charts.shift_map(dots, place_word=c, **word)
    grouped = [replace(dot, group=name, score=-1.0) for dot, name in zip(dots, (a, b), strict=True)]
    yield charts.score_map(grouped, b, groups=charts.Groups(c, [a, b]), **word)
    yield charts.shift_map(grouped, groups=charts.Groups(c, [a, b]), **word)
    cells = [charts.MapCell(a, 39.9, 116.4, 3, 10.2), charts.MapCell(c, 39.1, 117.2, 1, -2.0)]
    yield charts.cell_map(cells, b, units_word=c, **caption)
    square = [[[[0.0, 1.0], [4.0, 1.0], [4.0, 5.0], [0.0, 1.0]]]]
    areas = [charts.MapArea(a, 1, 2.0, 0, square), charts.MapArea(b, 0, 0.0, None, square)]
    yield charts.border_map(areas, [c], b, **word)


def lines_and_scatters(a, b, c, word):
    caption = {name: text for name, text in word.items() if name != "unit_word"}
    furthest = [charts.SeriesPoint(a, 1, 2.0, 3.0, 0.1, False)]
    furthest.append(charts.SeriesPoint(b, 2, 9.0, 1.0, 4.0, True))
    behind = charts.Behind((3.0, 2.0), [charts.ScatterCell(0.0, 5.0, 0.0, 5.0, 3)], c)
    for logarithmic in (False, True):
        axes = charts.Axes(b, c, logarithmic)
        line = charts.Line(0.5, 1.0)
        yield charts.series_scatter(furthest, axes=axes, line=line, named=1, behind=behind, **word)
    years = [charts.YearPoint(2020, 1, 1, 2), charts.YearPoint(2021, 3)]
    for are_ranks in (True, False):
        yield charts.years_chart(
            [charts.YearLine(a, years), charts.YearLine(b, years[:1])],
            value=c,
            are_ranks=are_ranks,
            **caption,
        )


def figures_of_studies(a, b, c, word):
    caption = {name: text for name, text in word.items() if name != "unit_word"}
    interval = study_charts.RankInterval(a, 1, 1.0, 1.0, 1.5, 2.0, 3.0)
    amounts = [study_charts.Amount(a, 1.0, 0.5, 1.5, part=b), study_charts.Amount(b, 2.0, 1.0, 3.0, part=c)]
    yield study_charts.interval_chart([interval], **word)
    yield study_charts.rank_heat_chart([study_charts.RankShare(a, 1, 40.0)], share_word="%", **word)
    yield study_charts.shift_histogram([(0.0, 1.0, 60.0), (1.0, 2.0, 40.0)], share_word="%", **caption)
    yield study_charts.amount_chart(amounts, unit=c, **caption)
    yield study_charts.sobol_chart(amounts, **caption)
    yield study_charts.acceptability_chart(amounts, **word)


def code_in(part, key=""):
    """Every string of a spec that Vega runs."""
    if isinstance(part, dict):
        for name, inner in part.items():
            if name not in ("values", "usermeta") or name == "usermeta":
                yield from code_in(inner, name)
    elif isinstance(part, list):
        for inner in part:
            yield from code_in(inner, key)
    elif isinstance(part, str) and key in CODE - {"as"}:
        yield part


def foreign_words(expression):
    """Words of an expression, its literals taken out, that no chart of ours writes."""
    return set(re.findall(r"[^\W\d]\w*", LITERAL.sub("", expression))) - WORDS


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stands_in_no_expression_but_as_a_literal(name):
    named = 3 * f"{name} "
    for names in ((name, "乙", "丙"), ("甲", name, "丙"), (named, named + "b", name)):
        for spec in figures(*names):
            assert [code for code in code_in(spec) if foreign_words(code)] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=120), st.text(max_size=60))
def test_no_text_at_all_becomes_code(one, other):
    for spec in figures(one, other, "丙"):
        assert [code for code in code_in(spec) if foreign_words(code)] == []


@pytest.mark.parametrize("place", range(0, len(HOSTILE), 3))
def test_every_figure_is_drawn_whatever_the_names(place):
    one, other, third = (HOSTILE[(place + more) % len(HOSTILE)] for more in range(3))
    for spec in figures(one, f"{other} and a name that has no room beside the drawing" * 3, third):
        assert charts.render(spec, "svg", "en").startswith(b"<svg")


def chart_functions():
    """Every function that draws a figure with a caption."""
    modules = [weighting.charts]
    modules += [
        importlib.import_module(f"indexer.charts.{info.name}")
        for info in pkgutil.iter_modules(charts.__path__)
    ]
    return [
        function
        for module in modules
        for _name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and function.__annotations__.get("return") == drawing.Spec
        and {"title", "subtitle", "source"} <= set(inspect.signature(function).parameters)
        and not function.__name__.startswith("_")
    ]


def test_every_chart_is_among_the_figures():
    parts = (figures, maps, lines_and_scatters, figures_of_studies)
    source = "".join(map(inspect.getsource, parts))
    names = [function.__name__ for function in chart_functions()]
    assert len(names) > 18
    assert [name for name in names if f"{name}(" not in source] == []


def test_every_chart_takes_its_names_as_plain_texts():
    drawn = chart_functions()
    assert [function.__name__ for function in drawn if not hasattr(function, "__wrapped__")] == []


def test_the_check_sees_a_name_that_is_put_into_an_expression():
    """The control: what was done once, by replacing within an expression."""
    name = ":datum.label+length(sequence(9))+"
    built = looked_up({name: ["x"]}, "datum.label").replace("datum.label", '["a"][datum.value]')
    assert foreign_words(built) or LITERAL.sub("", built).count('"')
    assert foreign_words("datum.label + sequence(9)") == {"sequence"}


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ('Kreis "Dreistein" & Umland', "Kreis “Dreistein” & Umland"),
        ('"A" ("B"), 5" long', "“A” (“B”), 5” long"),
        ('"', "”"),
    ],
)
def test_what_is_quoted_in_a_name_is_opened_and_closed(name, drawn):
    assert plain(name) == drawn


def test_a_mark_whose_words_are_plain_is_not_made_anew():
    marks = [charts.SeriesPoint(name, 1, 2.0, 3.0, 0.0, is_outlier=False) for name in ("Oslo", 'The "A"')]

    drawn = plain(marks)
    assert drawn[0] is marks[0]
    assert (drawn[1].name, drawn[1].value) == ("The “A”", 2.0)


def test_a_number_stays_behind_a_name_that_is_written_from_right_to_left():
    """What follows such a name belongs to it for Unicode's algorithm: 15. … (5–18) was drawn as (18–5)."""
    assert set_apart("نهر") == "\u2068نهر\u2069"
    assert [set_apart(name) for name in ("Tana (Norway)", "黄河", "አዋሽ")] == ["Tana (Norway)", "黄河", "አዋሽ"]


@pytest.mark.django_db
def test_the_picture_of_a_published_ranking_sets_such_names_apart():
    run, _other = make_runs([[1] * 5, [2] * 5])
    City.objects.filter(pk=run.data_set.city_ids[1]).update(name_zh="نهر", name_en="نهر")
    with override("en"):
        spec = ranking_chart(load_ranking(run))
    assert "1. \u2068نهر\u2069" in json.dumps(spec, ensure_ascii=False)
