"""How each indicator is treated: the table of a method is tried without being stored, then used."""

import html
import re
from copy import deepcopy

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import FrameworkMethod, IndexMethod, Run
from indexer.selectors.runs import result_of
from indexer.services.registers import CityRow, register_cities
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, said, sign_in_staff
from tests.indexer.data.test_method_by_leaf import imported
from tests.indexer.factories import make_data_set, make_version
from tests.indexer.numeric.published import column, numbers, rows_of
from weighting.enums import Role
from weighting.models import Framework

pytestmark = pytest.mark.django_db

FRAMEWORK = """code,parent
health,
education,
income,
le,health
eys,education
mys,education
gnipc,income
"""
# Positions in the file; "r" is the index itself.
HUMAN_DEVELOPMENT = {
    "r1-aggregation": "arithmetic",
    "r3-lower": "20", "r3-upper": "85", "r4-lower": "0", "r4-upper": "18",
    "r5-lower": "0", "r5-upper": "15", "r6-lower": "100", "r6-upper": "75000", "r6-transform": "ln",
}  # fmt: skip
OF_INDEX = {
    "normalisation": "goalposts", "negative": "reflect", "missing": "refuse", "outliers": "keep",
    "aggregation": "geometric", "scale": "1", "version": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def data_set_of_the_file(undone_after_the_file):
    """Life expectancy, schooling and income of 2021 as they were published, by shares and equal weights."""
    rows = rows_of("hdi_2019_2021.csv")
    values = numbers(rows, [f"{code}_2021" for code in ("le", "eys", "mys", "gnipc")])
    made = make_data_set(imported(FRAMEWORK), values=values)
    make_version(made.framework)
    compute_waiting_runs(made.pk)
    return made


@pytest.fixture
def data_set(data_set_of_the_file):
    return deepcopy(data_set_of_the_file)


@pytest.fixture
def analyst(client):
    return sign_in_staff(client, make_account(Role.ANALYST, username="analyst"))


def whole_table(**cells):
    """Every field of the rows as a browser sends it, empty but for the cells."""
    leaf = ["transform", "parameter", "normalisation", "lower", "upper", "target", "reference", "cap"]
    fields = {f"r{n}-{name}": "" for n in (3, 4, 5, 6) for name in [*leaf, "imputation", "outliers"]}
    fields |= {f"r{n}-{name}": "" for n in ("", 0, 1, 2) for name in ("aggregation", "parameter", "coverage")}
    return fields | cells


def send(client, data_set, act="try", *, part=False, **changes):
    headers = {"HX-Request": "true", "HX-Target": "results"} if part else None
    address = reverse("indexer:data-set-method-table", args=[data_set.pk])
    return client.post(
        address, OF_INDEX | {"act": act, "page": "1"} | whole_table(**changes), headers=headers
    )


def words_of(response):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


class TestTrying:
    def test_it_tells_what_the_table_does_to_the_ranks_and_stores_nothing(self, analyst, data_set):
        stored = IndexMethod.objects.count(), Run.objects.count()

        whole = send(analyst, data_set, **HUMAN_DEVELOPMENT)
        part = send(analyst, data_set, part=True, **HUMAN_DEVELOPMENT)

        assert (whole.status_code, part.status_code) == (200, 200)
        own, _cities = result_of(Run.objects.select_related("data_set", "method").get())
        published = _published_ranks()
        moved = re.search(r"Cities that move (\d+) of 191", words_of(whole))
        assert moved
        # Ranks by unrounded scores part few countries that the print has level.
        assert abs(int(moved[1]) - int((own.ranks != published).sum())) <= 15
        assert "<html" not in part.content.decode()
        assert moved[0] in words_of(part)
        assert "What each row does" in words_of(part)
        assert (IndexMethod.objects.count(), Run.objects.count()) == stored

    def test_what_each_row_does_is_told_against_the_table_without_it(self, analyst, data_set):
        cells = {"aggregation": "arithmetic", "r6-transform": "ln", "r3-lower": "20"}
        said = words_of(send(analyst, data_set, **cells))

        rows = re.findall(r"(le|gnipc) (?:transform|lower bound) (?:ln|20) (\d+)", said)
        assert [name for name, _moved in rows] == ["le", "gnipc"]
        assert int(rows[1][1]) > 0

    def test_raw_and_normalised_values_stand_beside_each_other(self, analyst, data_set):
        page = analyst.get(reverse("indexer:data-set-method-table", args=[data_set.pk])).content.decode()

        assert page.count('<svg class="spread"') == 2 * 4
        assert "What this does to the ranks" not in page

    def test_a_table_like_the_own_method_moves_nobody(self, analyst, data_set):
        said = words_of(send(analyst, data_set, normalisation="share", aggregation="arithmetic", scale="100"))
        assert "Cities that move 0 of 191" in said
        assert "No rank changes." in said


def _published_ranks():
    return column(rows_of("hdi_2019_2021.csv"), "hdi_rank_2021").astype(int)


class TestFaults:
    def test_all_faults_are_named_at_once_at_their_rows_and_nothing_typed_is_lost(self, analyst, data_set):
        cells = {
            "r3-lower": "ninety", "r4-lower": "20", "r4-upper": "18", "r5-target": "9",
            "r6-transform": "boxcox:", "r-aggregation": "power:", "r1-coverage": "1.5", "r2-parameter": "2",
        }  # fmt: skip

        answer = send(analyst, data_set, "compute", floor="-1", **cells)

        said, page = words_of(answer), answer.content.decode()
        assert answer.status_code == 422
        for fault in (
            "le, lower bound “ninety”: This is not a number.",
            "eys, lower bound “20”: The lower bound is not below the upper bound.",
            "mys, target “9”: The normalisation of this indicator makes no use of the cell.",
            "gnipc: “boxcox” needs a number beside it.",
            "the index: “power” needs a number beside it.",
            "education, least coverage “1.5”: A coverage is a share from 0 to 1.",
            "income: No choice of this row takes this number.",
            "The floor is a number above zero",
        ):
            assert fault in said
        assert 'value="ninety"' in page
        assert page.count('class="is-wrong"') == 7
        assert '<option value="boxcox:" selected>' in page
        assert not Run.objects.exclude(method=data_set.method).exists()

    def test_what_the_data_refuse_is_named_at_the_row(self, analyst, data_set):
        answer = send(analyst, data_set, **HUMAN_DEVELOPMENT | {"r3-lower": "100", "r3-upper": ""})

        assert answer.status_code == 422
        row = answer.content.decode().split('<tr id="row-r3" class="is-wrong">')[1].split("</tr>")[0]
        assert "The lower bound is not below the upper bound, or the data lie beyond it" in html.unescape(row)

    def test_carried_rows_of_other_hands_break_nothing(self, analyst, data_set):
        for rows in ("[1]", "{", '{"le": 3}', '{"gone": {"lower": "1"}}', '{"\\ud800": {"x": "\\udc00"}}'):
            assert send(analyst, data_set, rows=rows, **HUMAN_DEVELOPMENT).status_code == 200
        address = reverse("indexer:data-set-method-table", args=[data_set.pk])
        assert analyst.post(address, {"page": "x", "go": "99999", "version": "77"}).status_code == 422


class TestRowsTogether:
    def test_ticked_groups_stand_for_all_indicators_below(self, analyst, data_set):
        sent = {"pick": ["education", "gnipc"], "set-normalisation": "minmax", "set-aggregation": "minimum"}

        page = send(analyst, data_set, "set", **sent).content.decode()

        for row in ("r4", "r5", "r6"):
            assert _chosen(page, f"{row}-normalisation") == "minmax"
        assert _chosen(page, "r3-normalisation") == ""
        assert _chosen(page, "r1-aggregation") == "minimum"
        assert _chosen(page, "r2-aggregation") == ""

    def test_rows_of_other_pages_are_carried_along(self, analyst, data_set, monkeypatch):
        monkeypatch.setattr("indexer.forms.method_table.PAGE_ROWS", 5)
        table = whole_table(**HUMAN_DEVELOPMENT)
        first = {name: text for name, text in table.items() if name[1] < "5"}
        address = reverse("indexer:data-set-method-table", args=[data_set.pk])

        page = analyst.post(address, OF_INDEX | {"page": "1", "go": "2"} | first).content.decode()
        carried = html.unescape(re.search(r'name="rows" value="([^"]*)"', page)[1])
        rest = {name: text for name, text in table.items() if name[1] >= "5"}
        answer = analyst.post(address, OF_INDEX | {"page": "2", "rows": carried, "act": "compute"} | rest)

        assert 'name="r5-lower"' in page
        assert 'name="r3-lower"' not in page
        assert answer.status_code == 302
        method = Run.objects.exclude(method=data_set.method).get().method
        assert method.leaves["le"] == {"lower": 20.0, "upper": 85.0}
        assert set(method.leaves) == {"le", "eys", "mys", "gnipc"}


def _chosen(page, name):
    field = page.split(f'<select name="{name}"')[1].split("</select>")[0]
    found = re.search(r'<option value="([^"]*)" selected', field)
    return found[1] if found else ""


class TestUsing:
    def test_human_development_comes_out_as_published(self, analyst, data_set):
        answer = send(analyst, data_set, "compute", **HUMAN_DEVELOPMENT)

        assert answer.status_code == 302
        compute_waiting_runs(data_set.pk)
        run = Run.objects.select_related("data_set", "method").exclude(method=data_set.method).get()
        result, _cities = result_of(run)
        assert np.abs(result.scores - column(rows_of("hdi_2019_2021.csv"), "hdi_2021")).max() <= 0.0005
        assert not FrameworkMethod.objects.filter(framework=data_set.framework).exists()

    def test_all_versions_are_computed_where_that_is_asked(self, analyst, data_set):
        make_version(data_set.framework, tilt=1.0)
        send(analyst, data_set, "compute", all_versions="1", **HUMAN_DEVELOPMENT)
        assert Run.objects.exclude(method=data_set.method).count() == 2

    def test_gaps_are_filled_by_groups_that_tell_units_apart_alone(self, analyst, data_set):
        page = analyst.get(reverse("indexer:data-set-method-table", args=[data_set.pk])).content.decode()
        assert "group_mean:" not in page

        south = CityRow(
            **said("name", "南城", "South"), **said("province", "乙省", "B"), **said("region", "华东", "East")
        )
        register_cities([south], actor=data_set.framework.created_by)
        page = analyst.get(reverse("indexer:data-set-method-table", args=[data_set.pk])).content.decode()
        assert "group_mean:province" in page
        assert "group_mean:region" not in page

    def test_managers_keep_it_for_the_framework_and_analysts_for_their_own(self, client, analyst, data_set):
        assert send(analyst, data_set, "keep", **HUMAN_DEVELOPMENT).status_code == 200
        assert not FrameworkMethod.objects.filter(framework=data_set.framework).exists()

        sign_in_staff(client, data_set.framework.created_by)
        assert send(client, data_set, "keep", **HUMAN_DEVELOPMENT).status_code == 302
        kept = FrameworkMethod.objects.get(framework=data_set.framework).method
        assert kept.leaves["gnipc"] == {"lower": 100.0, "transform": "ln", "upper": 75000.0}

        FrameworkMethod.objects.all().delete()
        maker = make_account(Role.ANALYST)
        Framework.objects.filter(pk=data_set.framework_id).update(created_by=maker)
        sign_in_staff(client, maker)
        page = client.get(reverse("indexer:data-set-method-table", args=[data_set.pk])).text
        assert 'value="keep"' in page
        assert send(client, data_set, "keep", **HUMAN_DEVELOPMENT).status_code == 302
        assert FrameworkMethod.objects.get(framework=data_set.framework).method == kept

    def test_a_data_set_that_is_too_large_is_computed_without_being_tried(
        self, analyst, data_set, monkeypatch
    ):
        monkeypatch.setattr("indexer.selectors.trials.MOST_VALUES", 10)
        assert "too large to be tried" in words_of(send(analyst, data_set, **HUMAN_DEVELOPMENT))
        assert send(analyst, data_set, "compute", **HUMAN_DEVELOPMENT).status_code == 302
