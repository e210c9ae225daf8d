"""What an edition is computed by where nobody says, and what its page promises and adds up."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from indexer.models import DataImport, DataSet, FrameworkMethod, Register
from indexer.services.methods import MethodChoice, choice_of, set_default_method, use_method
from tests.factories import make_account, make_framework
from tests.indexer.data.test_import_pages import GOOD, HEADER, IMPORT, check, send, store
from tests.indexer.factories import make_data_set
from tests.indexer.finished_runs import register_places
from weighting.models import Account
from weighting.services.framework_drafts import change_row, copy_framework, finish_draft
from weighting.services.frameworks import import_framework

pytestmark = pytest.mark.django_db


@pytest.fixture
def framework():
    framework = make_framework()
    register_places(3, actor=framework.created_by)
    return framework


class TestTheNextEdition:
    """What nobody says of an edition is as it was in the one before: years must be comparable."""

    LEFT_OPEN = dict.fromkeys(
        ("normalisation", "negative", "missing", "aggregation", "name_zh", "name_en"), ""
    )

    @pytest.fixture
    def series(self, analyst, framework):
        send(analyst, framework, normalisation="minmax", missing="reweight")
        store(analyst)
        return DataSet.objects.get().series_id

    def test_it_is_computed_as_the_edition_before(self, analyst, framework, series):
        send(analyst, framework, series=series, year="2017", **self.LEFT_OPEN)

        method = DataImport.objects.get().method
        assert (method.normalisation, method.missing) == ("minmax", "reweight")

    def test_what_is_said_comes_before_the_edition_before(self, analyst, framework, series):
        send(analyst, framework, series=series, year="2017", **{**self.LEFT_OPEN, "normalisation": "rank"})

        method = DataImport.objects.get().method
        assert (method.normalisation, method.missing) == ("rank", "reweight")

    def test_a_method_of_the_framework_comes_before_the_edition_before(self, analyst, framework, series):
        set_default_method(framework, choice=MethodChoice(normalisation="zscore"), actor=framework.created_by)
        send(analyst, framework, series=series, year="2017", **self.LEFT_OPEN)

        assert DataImport.objects.get().method.normalisation == "zscore"

    def test_cells_of_its_file_take_their_place_in_the_edition_before(self, analyst, stated, before):
        send(analyst, stated, series=before.series_id, year="2017", **self.LEFT_OPEN)

        method = DataImport.objects.get().method
        assert (method.normalisation, method.missing) == ("rank", "reweight")
        assert method.leaves == {"fixed": {"transform": "ln"}, "mobile": {"transform": "sqrt"}}
        assert method.nodes == {"infra": {"aggregation": "arithmetic"}}

    def test_they_do_by_the_command(self, analyst, stated, before, tmp_path):
        file = tmp_path / "data.csv"
        file.write_text(GOOD)
        series = before.series_id
        options = {"framework": stated.pk, "series": series, "year": "2017", "account": "analyst-of-series"}
        Account.objects.filter(pk=stated.created_by_id).update(username="analyst-of-series")
        call_command("import_data_set", file, **options)

        method = DataSet.objects.latest("pk").method
        assert (method.normalisation, method.leaves["fixed"]) == ("rank", {"transform": "ln"})

    def test_a_copy_of_the_framework_has_them_so_too(self, analyst, stated, before):
        draft = copy_framework(stated, actor=stated.created_by)
        change_row(draft, draft.rows[0]["key"], parent=None, cells={**draft.rows[0], "note": "another"})
        copy = finish_draft(draft, actor=stated.created_by)
        kept = FrameworkMethod.objects.get(framework=copy).cells
        assert kept["leaves"] == {"fixed": {"transform": "ln"}}

    def test_the_method_that_is_chosen_whole_comes_before_the_edition_before(self, analyst, stated, before):
        whole = use_method(leaves={"fixed": {"transform": "ln"}})
        set_default_method(stated, choice=choice_of(whole), actor=stated.created_by)
        send(analyst, stated, series=before.series_id, year="2017", **self.LEFT_OPEN)

        assert DataImport.objects.get().method == whole

    @pytest.fixture
    def stated(self):
        return import_framework(
            source=STATED.encode(), filename="f.csv", name_zh="", name_en="Stated", actor=make_account()
        )

    @pytest.fixture
    def before(self, stated):
        """A first edition that somebody chose a method for, beside the cells of the file."""
        register_places(3, actor=stated.created_by)
        said = {"normalisation": "rank", "missing": "reweight", "aggregation": "geometric"}
        return make_data_set(stated, leaves={"mobile": {"transform": "sqrt"}}, **said)


STATED = """code,parent,transform,aggregation
infra,,,arithmetic
industry,,,
fixed,infra,ln,
mobile,infra,,
retail,industry,,
finance,industry,,
travel,industry,,
"""


def test_the_page_of_an_edition_leads_to_the_newest_of_its_year(analyst, framework):
    def page_of(data_set):
        return analyst.get(reverse("indexer:data-set-detail", args=[data_set.pk])).text

    send(analyst, framework)
    store(analyst)
    first = DataSet.objects.get()
    assert "follows this one" not in page_of(first)
    for corrected in ("8", "9"):
        data = GOOD.replace("3,4,5,6,7", f"3,4,5,6,{corrected}")
        send(analyst, framework, data, series=first.series_id, name_zh="", name_en="")
        store(analyst)
    newest = DataSet.objects.latest("edition")
    assert f"Edition 3 of the data of {first.year} follows this one" in page_of(first)
    assert f'href="{reverse("indexer:data-set-detail", args=[newest.pk])}">Go to the newest' in page_of(first)
    assert "follows this one" not in page_of(newest)


def test_no_ranking_is_promised_before_there_are_weights(analyst, framework):
    send(analyst, framework)
    page = analyst.post(reverse("indexer:import-store", args=[DataImport.objects.get().pk]), follow=True)
    text = page.content.decode()

    assert "Rankings follow as soon as weights of its framework are frozen." in text
    assert "being computed" not in text
    assert reverse("weighting:version-list") + '">Look at the weight versions' in text


def test_totals_are_shown_of_what_is_known_to_add_up_alone(analyst, framework):
    leaves = framework.indicators.filter(is_leaf=True)
    units = {"fixed": "%", "mobile": "km", "retail": "EUR", "finance": "count", "travel": "EUR"}
    for code, unit in units.items():
        leaves.filter(code=code).update(unit=unit)
    leaves.filter(code="travel").update(name_en="Turnover of hotels")
    send(analyst, framework, normalisation="minmax")
    store(analyst)
    page = analyst.get(reverse("indexer:data-set-detail", args=[DataSet.objects.get().pk]))
    totals = {row["summary"].indicator.code: row["total"] for row in page.context["rows"]}

    assert {code for code, total in totals.items() if total == "–"} == {"fixed", "mobile", "retail"}
    assert "neither unit nor name says that the values add up" in page.text


def test_a_total_that_comes_with_the_data_is_shown_of_anything(analyst, framework):
    framework.indicators.filter(code="mobile").update(unit="km")
    send(analyst, framework, totals="code,total\nmobile,1234\n")
    store(analyst)
    page = analyst.get(reverse("indexer:data-set-detail", args=[DataSet.objects.get().pk]))
    totals = {row["summary"].indicator.code: row["total"] for row in page.context["rows"]}
    assert totals["mobile"].replace(",", "") == "1234"


def test_looking_at_the_import_page_makes_no_register(analyst):
    assert analyst.get(IMPORT).status_code == 200
    assert not Register.objects.exists()


def test_a_gap_leads_to_the_choice_of_how_gaps_are_treated(analyst, framework):
    gap = GOOD.replace("Xi'an,2,", "Xi'an,,")
    send(analyst, framework, gap, normalisation="minmax")
    draft = DataImport.objects.get()
    page = analyst.get(reverse("indexer:import-check", args=[draft.pk])).content.decode()

    terms = reverse("indexer:import-terms", args=[draft.pk])
    assert f'href="{terms}#id_missing"' in page
    assert 'id="id_missing"' in analyst.get(terms).content.decode()


def test_many_negative_values_of_a_column_are_one_thing_to_know(analyst):
    framework = make_framework()
    units = [city.name_en for city in register_places(9, actor=framework.created_by)]
    rows = [
        f"{unit},{at},{at + 2},{1 - 2 * (at % 2) * 3},{-at - 1},{at * at}" for at, unit in enumerate(units)
    ]
    send(analyst, framework, f"{HEADER}\n" + "\n".join(rows) + "\n", normalisation="minmax")
    notes = [row for row in check(analyst) if row[1] == "negative"]

    # Four values below zero are named one by one, and nine together.
    assert [row[3] for row in notes].count("retail") == 4
    (together,) = [row for row in notes if row[3] == "finance"]
    assert together[5].startswith(f"9 values are negative: {', '.join(units[:5])}…")
