"""A file of several years becomes an edition of each in one act: by page, API and command."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from indexer.models import DataImport, DataSet, Run
from indexer.selectors.data_sets import unpack_values
from indexer.services.data_imports import DataFile, Terms, start_import
from indexer.services.methods import use_method
from indexer.services.registers import default_register
from indexer.services.yearly_imports import store_every_year
from tests.factories import make_framework
from tests.indexer.factories import make_version
from weighting.exceptions import Refused

pytestmark = pytest.mark.django_db
LEAVES = ("fixed", "mobile", "retail", "finance", "travel")
YEARS = (2019, 2020, 2021)


def long_file(years=YEARS, units=("City 1", "City 2"), factor=1):
    """A row for each unit and year; the values tell both."""
    rows = [
        ",".join([unit, str(year), *(str(factor * (place + year % 100)) for _leaf in LEAVES)])
        for place, unit in enumerate(units, 1)
        for year in years
    ]
    return "\n".join([",".join(["unit", "year", *LEAVES]), *rows]) + "\n"


@pytest.fixture
def framework(analyst):
    framework = make_framework()
    make_version(framework)
    return framework


def begin(framework, analyst, text, year=2020):
    terms = Terms(
        framework=framework,
        register=default_register(),
        name_en="Yearbook",
        year=year,
        method=use_method(),
    )
    return start_import(data=DataFile(text.encode(), "years.csv"), totals=None, terms=terms, actor=analyst)


def check_family():
    editions = list(DataSet.objects.order_by("year"))
    assert [(one.year, one.edition) for one in editions] == [(year, 1) for year in YEARS]
    assert len({one.series_id for one in editions}) == 1
    assert [one.previous for one in editions] == [None, *editions[:-1]]
    assert [unpack_values(one)[:, 0].tolist() for one in editions] == [
        [1 + year % 100, 2 + year % 100] for year in YEARS
    ]
    assert Run.objects.count() == len(YEARS)
    assert not DataImport.objects.exists()


def test_the_page_offers_an_edition_of_each_year_and_makes_them(client, framework, analyst):
    draft = begin(framework, analyst, long_file())
    page = client.get(reverse("indexer:import-check", args=[draft.pk])).content.decode()
    assert "each of the 3 years, 2019 to 2021" in page
    answer = client.post(reverse("indexer:import-store", args=[draft.pk]), {"every_year": "1"}, follow=True)
    assert "3 editions are stored. This is that of 2021." in answer.content.decode()
    check_family()


def test_a_file_of_one_year_offers_nothing_more_and_is_refused(client, framework, analyst):
    draft = begin(framework, analyst, long_file([2020]))
    assert "every_year" not in client.get(reverse("indexer:import-check", args=[draft.pk])).content.decode()
    with pytest.raises(Refused, match="not of several years"):
        store_every_year(draft, actor=analyst)


def test_the_api_answers_with_every_edition(client, framework, analyst):
    draft = begin(framework, analyst, long_file(), year=2018)
    answer = client.post(reverse("indexer:api-import-store-years", args=[draft.pk]))
    assert (answer.status_code, [one["year"] for one in answer.json()]) == (201, list(YEARS))
    check_family()


def test_what_keeps_one_year_back_keeps_all_back_and_says_which(client, framework, analyst):
    text = long_file() + "City 3,2019,1,x,1,1,1\n"
    draft = begin(framework, analyst, text)
    answer = client.post(reverse("indexer:api-import-store-years", args=[draft.pk]))
    assert answer.status_code == 422
    (blocker,) = answer.json()["blockers"]
    assert blocker.startswith("2019: ")
    assert "City 3" in blocker
    assert DataImport.objects.count() == 1
    assert not DataSet.objects.exists()


def test_a_correction_is_of_the_year_that_was_shown(framework, analyst):
    draft = begin(framework, analyst, long_file())
    draft.corrections = [[0, 0, "77"]]
    draft.save()
    store_every_year(draft, actor=analyst)
    assert [unpack_values(one)[0, 0] for one in DataSet.objects.order_by("year")] == [20, 77, 22]


def test_totals_of_one_year_are_not_those_of_another(framework, analyst):
    draft = begin(framework, analyst, long_file())
    draft.totals = {"fixed": 100.0}
    draft.save()
    with pytest.raises(Refused, match="totals are of one year"):
        store_every_year(draft, actor=analyst)


def test_a_year_of_which_the_file_holds_no_value_is_passed_over_and_named(
    client, framework, analyst, tmp_path
):
    empty = "City 1,2022,,,,,\nCity 2,2022,,,,,\nNowhere,2022,,,,,\n"
    draft = begin(framework, analyst, long_file() + empty)
    page = client.post(reverse("indexer:import-store", args=[draft.pk]), {"every_year": "1"}, follow=True)
    assert "The file holds no value of 2022." in page.content.decode()
    check_family()
    unknown = begin(
        framework, analyst, long_file(factor=3) + empty.replace("Nowhere,2022,", "Nowhere,2022,1")
    )
    with pytest.raises(Refused, match="2022: row"):
        store_every_year(unknown, actor=analyst)
    nothing = begin(framework, analyst, f"city,year,{','.join(LEAVES)}\nCity 1,2022,,,,,\nCity 1,2023,,,,,\n")
    with pytest.raises(Refused, match="no value of any year"):
        store_every_year(nothing, actor=analyst)


def test_one_command_makes_them(framework, tmp_path):
    path = tmp_path / "years.csv"
    path.write_text(long_file(), encoding="utf-8")
    named = {"framework": framework.pk, "account": "anna", "name_en": "Yearbook"}
    with pytest.raises(CommandError, match="Write a year"):
        call_command("import_data_set", path, year="each", **named)
    call_command("import_data_set", path, year="all", **named)
    check_family()
