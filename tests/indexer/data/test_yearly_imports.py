"""A file of several years becomes an edition of each in one act: by page, API and command."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from indexer.models import DataImport, DataSet, Run
from indexer.selectors.stored_values import unpack_values
from indexer.services.data_imports import Terms, start_import
from indexer.services.import_reading import DataFile
from indexer.services.methods import use_method
from indexer.services.registers import default_register
from indexer.services.yearly_imports import AlreadyStored, store_every_year
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
def framework(owner):
    framework = make_framework()
    make_version(framework)
    return framework


def begin(framework, owner, text, year=2020):
    terms = Terms(
        framework=framework,
        register=default_register(),
        name_en="Yearbook",
        year=year,
        method=use_method(),
    )
    return start_import(data=DataFile(text.encode(), "years.csv"), totals=None, terms=terms, actor=owner)


@pytest.mark.parametrize("missing", ["reweight", "mean"])
def test_a_unit_without_a_value_in_a_year_is_left_out_of_it_where_it_cannot_be_computed(
    framework, owner, missing
):
    """A panel in which one begins a year later; of a method that fills gaps in it stays."""
    lines = long_file((2020, 2021), ("City 1", "City 2", "City 3")).splitlines()
    bare = "City 3,2020" + "," * len(LEAVES)
    text = "\n".join(bare if line.startswith("City 3,2020") else line for line in lines)
    draft = begin(framework, owner, text, year=2021)
    draft.method = use_method(normalisation="minmax", missing=missing)
    draft.save()
    store_every_year(draft, actor=owner)
    first, second = DataSet.objects.order_by("year")
    assert (len(first.city_ids), len(second.city_ids)) == (2 if missing == "reweight" else 3, 3)


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


def test_the_page_offers_an_edition_of_each_year_and_makes_them(client, framework, owner):
    draft = begin(framework, owner, long_file())
    page = client.get(reverse("indexer:import-check", args=[draft.pk])).content.decode()
    assert "each of the 3 years, 2019 to 2021" in page
    answer = client.post(reverse("indexer:import-store", args=[draft.pk]), {"every_year": "1"}, follow=True)
    assert "3 editions are stored. This is that of 2021." in answer.content.decode()
    check_family()


def test_a_file_of_one_year_offers_nothing_more_and_is_refused(client, framework, owner):
    draft = begin(framework, owner, long_file([2020]))
    assert "every_year" not in client.get(reverse("indexer:import-check", args=[draft.pk])).content.decode()
    with pytest.raises(Refused, match="does not hold several years"):
        store_every_year(draft, actor=owner)


def test_the_api_answers_with_every_edition(client, framework, owner):
    draft = begin(framework, owner, long_file(), year=2018)
    answer = client.post(reverse("indexer:api-import-store-years", args=[draft.pk]))
    assert (answer.status_code, [one["year"] for one in answer.json()]) == (201, list(YEARS))
    check_family()


def test_what_keeps_one_year_back_keeps_all_back_and_says_which(client, framework, owner):
    text = long_file() + "City 3,2019,1,x,1,1,1\n"
    draft = begin(framework, owner, text)
    answer = client.post(reverse("indexer:api-import-store-years", args=[draft.pk]))
    assert answer.status_code == 422
    (blocker,) = answer.json()["blockers"]
    assert blocker.startswith("2019: ")
    assert "City 3" in blocker
    assert DataImport.objects.count() == 1
    assert not DataSet.objects.exists()


def test_a_correction_is_of_the_year_that_was_shown(framework, owner):
    draft = begin(framework, owner, long_file())
    draft.corrections = [[0, 0, "77"]]
    draft.save()
    store_every_year(draft, actor=owner)
    assert [unpack_values(one)[0, 0] for one in DataSet.objects.order_by("year")] == [20, 77, 22]


def test_totals_of_one_year_are_not_those_of_another(framework, owner):
    draft = begin(framework, owner, long_file())
    draft.totals = {"fixed": 100.0}
    draft.save()
    with pytest.raises(Refused, match="totals are of one year"):
        store_every_year(draft, actor=owner)


def test_a_year_of_which_the_file_holds_no_value_is_passed_over_and_named(client, framework, owner, tmp_path):
    empty = "City 1,2022,,,,,\nCity 2,2022,,,,,\nNowhere,2022,,,,,\n"
    draft = begin(framework, owner, long_file() + empty)
    page = client.post(reverse("indexer:import-store", args=[draft.pk]), {"every_year": "1"}, follow=True)
    assert "The file holds no value of 2022." in page.content.decode()
    check_family()
    unknown = begin(framework, owner, long_file(factor=3) + empty.replace("Nowhere,2022,", "Nowhere,2022,1"))
    with pytest.raises(Refused, match="2022: row"):
        store_every_year(unknown, actor=owner, already=AlreadyStored("skip"))
    nothing = begin(framework, owner, f"city,year,{','.join(LEAVES)}\nCity 1,2022,,,,,\nCity 1,2023,,,,,\n")
    with pytest.raises(Refused, match="no value of any year"):
        store_every_year(nothing, actor=owner)


def test_one_command_makes_them(framework, tmp_path):
    path = tmp_path / "years.csv"
    path.write_text(long_file(), encoding="utf-8")
    named = {"framework": framework.pk, "account": "anna", "name_en": "Yearbook"}
    with pytest.raises(CommandError, match="Write a year"):
        call_command("import_data_set", path, year="each", **named)
    call_command("import_data_set", path, year="all", **named)
    check_family()


def years_and_editions():
    return sorted(DataSet.objects.values_list("year", "edition"))


ALL_ONCE = [(year, 1) for year in YEARS]


def test_years_that_are_stored_stop_the_file_until_somebody_says_what_becomes_of_them(
    client, framework, owner
):
    store_every_year(begin(framework, owner, long_file()), actor=owner)
    draft = begin(framework, owner, long_file([*YEARS, 2022]))
    check = reverse("indexer:import-check", args=[draft.pk])
    page = client.get(check).content.decode()
    assert "2019, 2020, 2021 are stored already" in page
    store = reverse("indexer:import-store", args=[draft.pk])
    answer = client.post(store, {"every_year": "1", "stored": "stop"}, follow=True)
    assert "Editions of 2019, 2020, 2021 are stored already." in answer.content.decode()
    assert years_and_editions() == ALL_ONCE
    answer = client.post(store, {"every_year": "1", "stored": "skip"}, follow=True)
    text = answer.content.decode()
    assert "1 edition is stored, that of 2022." in text
    assert "Stored before, and left as they are: 2019, 2020, 2021." in text
    assert years_and_editions() == [*ALL_ONCE, (2022, 1)]


def test_stored_years_whose_values_differ_are_corrected_with_a_reason(client, framework, owner):
    store_every_year(begin(framework, owner, long_file()), actor=owner)
    # One year says what it said before.
    corrected = (
        long_file().replace("City 1,2020,21", "City 1,2020,77").replace("City 2,2021,23", "City 2,2021,9")
    )
    draft = begin(framework, owner, corrected)
    store = reverse("indexer:api-import-store-years", args=[draft.pk])
    refused = client.post(store, {"stored": "correct"}, content_type="application/json")
    assert (refused.status_code, "Say why 2019, 2020, 2021" in str(refused.json())) == (422, True)
    sent = {"stored": "correct", "reason": "The yearbook was revised."}
    made = client.post(store, sent, content_type="application/json")
    assert (made.status_code, [one["year"] for one in made.json()]) == (201, [2020, 2021])
    assert years_and_editions() == sorted([*ALL_ONCE, (2020, 2), (2021, 2)])
    newest = DataSet.objects.get(year=2020, edition=2)
    assert (newest.note, newest.previous.edition) == ("The yearbook was revised.", 1)
    assert unpack_values(newest)[0, 0] == 77


def test_a_file_all_of_whose_years_are_stored_says_so(framework, owner):
    store_every_year(begin(framework, owner, long_file()), actor=owner)
    draft = begin(framework, owner, long_file())
    for already in (AlreadyStored("skip"), AlreadyStored("correct", "New figures.")):
        with pytest.raises(Refused, match="is stored already, and stays as it is"):
            store_every_year(draft, actor=owner, already=already)
    assert years_and_editions() == ALL_ONCE


def test_the_command_leaves_stored_years_or_corrects_them(framework, tmp_path, capsys):
    path = tmp_path / "years.csv"
    path.write_text(long_file([2019, 2020]), encoding="utf-8")
    named = {"framework": framework.pk, "account": "anna", "name_en": "Yearbook", "year": "all"}
    call_command("import_data_set", path, **named)
    path.write_text(long_file(factor=2), encoding="utf-8")
    with pytest.raises(CommandError, match="--stored skip, or --stored correct"):
        call_command("import_data_set", path, **named)
    call_command("import_data_set", path, **named, stored="skip")
    assert "2019: stored before, and left as it is" in capsys.readouterr().out
    assert years_and_editions() == ALL_ONCE
    call_command("import_data_set", path, **named, stored="correct", note="Revised.")
    assert years_and_editions() == [(2019, 1), (2019, 2), (2020, 1), (2020, 2), (2021, 1)]
