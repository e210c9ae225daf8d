from types import SimpleNamespace

import numpy as np
import pytest
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import override

from indexer.models import City
from indexer.templatetags.table_cells import (
    change_bar,
    heat_cells,
    line_cells,
    place_cells,
    rank_shift,
    score_cell,
    unit_name,
)
from indexer.views.shared.tables import Cell, raw_number
from tests.factories import make_account, sign_in_staff
from tests.indexer.finished_runs import make_runs
from weighting.enums import Role

FEW, MANY = 3, 60


def templates_of_all_lines(client, page, units):
    tilts = (None, 1.0, 2.0) if page == "many" else (None, 1.0)
    runs = make_runs(np.random.default_rng(1).random((units, 5)) + 0.1, tilts=tilts)
    asked = {"size": "all", "runs": [run.pk for run in runs]}
    address = reverse("indexer:run-detail", args=[runs[0].pk]) if page == "ranking" else "/compare/"
    response = client.get(address, asked, headers={"HX-Request": "true", "HX-Target": "results"})
    assert len(response.context["rows"]) == units
    return [template.name for template in response.templates]


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["ranking", "pair", "many"])
def test_the_lines_of_a_table_include_no_templates(client, page):
    sign_in_staff(client, make_account(Role.ANALYST))
    few = templates_of_all_lines(client, page, FEW)
    # Each shift is drawn once: there may be as many as there are places, and no more.
    more = [name for name in templates_of_all_lines(client, page, MANY) if name != "components/_shift.html"]
    assert more == [name for name in few if name != "components/_shift.html"]


def test_a_line_of_a_matrix_is_shaded_but_for_a_thing_beside_itself():
    line = [{"text": "<1", "shade": 5, "is_own": False}, {"text": "–", "shade": 0, "is_own": True}]

    own = '<td class="num"><span class="muted">–</span></td>'
    assert heat_cells(line) == f'<td class="num heat-5">&lt;1</td>{own}'


def test_a_unit_is_written_as_text():
    province = SimpleNamespace(name="<i>", region=SimpleNamespace(name="R & D"))
    unit = City(name_en="<b>A&B</b>", code='"7')
    with override("en"):
        assert unit_name(unit) == '&lt;b&gt;A&amp;B&lt;/b&gt; <small class="unit-code">&quot;7</small>'
    cells = place_cells(SimpleNamespace(province=province), ["province", "region"])
    assert cells == '<td class="nowrap">&lt;i&gt;</td><td class="nowrap">R &amp; D</td>'
    assert place_cells(SimpleNamespace(province=province), []) == ""


@pytest.mark.parametrize(
    ("language", "words"), [("en", "published in the report"), ("zh-hans", "报告已公布")]
)
def test_marks_speak_the_reader_s_language(language, words):
    with override(language):
        assert words in score_cell(Cell("1.5", "published", 50.0, ("imputed",)))


def test_a_score_has_a_bar_where_its_column_has_any():
    assert score_cell(Cell("<1")) == "&lt;1"
    bar = score_cell(Cell("1.5", percent=50.0))
    assert '<rect width="50.00%" height="100%"/>' in bar
    assert bar.endswith('<span class="num">1.5</span></span>')


def test_shifts_and_changes_say_their_direction():
    with override("en"):
        assert "up" in rank_shift(3)
        assert "down" in rank_shift(np.int64(-3))
        assert "unchanged" in rank_shift(0)
    bar = change_bar({"text": "−1", "up": False, "percent": 20.0, "offset": 30.0})
    assert '<rect class="bar-down" x="30.00%" width="20.00%"' in bar


def test_a_line_of_a_report_has_a_head_words_and_numbers():
    line = ["<A>", "R & D", "1", mark_safe("<b>2</b>")]
    words, numbers = "<td>R &amp; D</td>", '<td class="num">1</td><td class="num"><b>2</b></td>'
    assert line_cells(line, 2) == '<th scope="row">&lt;A&gt;</th>' + words + numbers
    assert line_cells(line[:2], 1) == '<th scope="row">&lt;A&gt;</th><td class="num">R &amp; D</td>'


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1965.0, "year", "1965"),
        (1992.5, "年", "1992.5"),
        (1965.0, "years", "1,965"),
        (1965.0, "mm", "1,965"),
        (-3200.0, "year", "−3,200"),
        (float("nan"), "year", "–"),
    ],
)
def test_years_of_the_calendar_are_no_thousands(value, unit, text):
    assert raw_number(value, unit) == text
