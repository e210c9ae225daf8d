"""A file whose units nobody has brought before: a register is found, offered or made of them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from indexer.intake.hints import is_aggregate
from indexer.intake.new_units import UnitFacts, UnitTable, rows_of_units
from indexer.models import City, DataImport, DataSet, Province, Register
from indexer.services.registers import default_register
from tests.factories import make_framework
from weighting.readers.table import Table
from weighting.services.api_tokens import make_api_token

pytestmark = pytest.mark.django_db
LEAVES = "fixed,mobile,retail,finance,travel"
# Two years with units that are not the same, codes with zeros before, and a name that begins as a region's.
UNIVERSITIES = f"""university,land,key,year,{LEAVES}
Uppsala,Sweden,0101,2017,1,2,3,4,5
Lund,Sweden,0102,2017,2,3,4,5,6
Oslo,Norway,0201,2017,3,4,5,6,8
Lund,Sweden,0102,2018,2,3,4,5,7
Oslo,Norway,0201,2018,3,4,5,6,7
Middle East Technical University,Türkiye,0301,2018,4,5,6,7,9
"""
COUNTRIES = f"country,{LEAVES}\nNorway,1,2,3,4,5\nChad,2,3,4,5,6\nCHE,3,4,5,6,7\n"


@pytest.fixture
def framework(owner):
    return make_framework()


@pytest.fixture
def headers(owner):
    return {"Authorization": f"Bearer {make_api_token(owner, name='units')}"}


def send(client, framework, text, **fields):
    file = SimpleUploadedFile("table.csv", text.encode())
    sent = {"framework": framework.pk, "name_en": "Universities", "normalisation": "minmax", "file": file}
    return client.post(reverse("indexer:data-set-import"), sent | fields, follow=True)


def test_a_register_is_made_of_the_units_of_all_years(client, framework):
    page = send(client, framework, UNIVERSITIES)
    draft = DataImport.objects.get()
    address = reverse("indexer:import-register", args=[draft.pk])
    assert page.redirect_chain[-1][0] == address
    assert "4 units in the column “university”" in page.content.decode()
    assert draft.year == 2018
    # Until there is one, the check leads back.
    assert client.get(reverse("indexer:import-check", args=[draft.pk])).url == address
    sent = {"name_en": "Universities of the world", "unit_en": "university", "units_en": "universities"}
    client.post(address, sent | {"code": "key", "group": "land"})

    register = Register.objects.get(name_en="Universities of the world")
    found = City.objects.filter(register=register).values_list("name_en", "code", "province__name_en")
    assert sorted(found) == [
        ("Lund", "0102", "Sweden"),
        ("Middle East Technical University", "0301", "Türkiye"),
        ("Oslo", "0201", "Norway"),
        ("Uppsala", "0101", "Sweden"),
    ]
    # What the register holds by now nobody is asked for again.
    draft.refresh_from_db()
    assert dict(zip(draft.columns, draft.column_targets, strict=True))["land"] == ["aside", "chosen"]
    client.post(reverse("indexer:import-store", args=[draft.pk]), {"every_year": "1"})
    assert [(one.year, len(one.city_ids)) for one in DataSet.objects.order_by("year")] == [
        (2017, 3),
        (2018, 3),
    ]
    assert {one.series.register for one in DataSet.objects.all()} == {register}


def test_the_page_offers_columns_that_say_one_thing_of_each_unit(client, framework):
    page = send(client, framework, UNIVERSITIES).content.decode()
    fields = page.partition('name="code"')[2]
    codes, _group, groups = fields.partition('name="group"')
    assert 'value="key"' in codes
    assert 'value="land"' in groups.partition("</select>")[0]
    assert not [head for head in ("land", "fixed", "year") if f'value="{head}"' in codes]
    # What is called a key is one, unless somebody says otherwise.
    assert '<option value="key" selected>' in codes


@pytest.mark.parametrize(
    ("heads", "likely"),
    [
        (["Beds", "ID"], "ID"),
        (["Hospital ID", "key"], "Hospital ID"),
        (["机构编号"], "机构编号"),
        (["ISO3"], "ISO3"),
        (["Beds", "Acid", "monkey"], ""),
    ],
)
def test_a_column_of_codes_is_known_by_its_head(heads, likely):
    assert UnitFacts(2, ["A", "B"], heads, []).likely_code == likely


def test_a_group_spelt_otherwise_in_one_year_makes_no_second_unit():
    columns = [["A", "B", "C"] * 2, ["X", "X", "Y", "X", "Xx", "Y"], ["2017"] * 3 + ["2018"] * 3]
    table = Table(("unit", "land", "year"), columns, range(6))
    years = UnitTable(table, "unit", ["A", "B", "C"], has_years=True)
    rows = rows_of_units(years, everything=("", "All"), group="land")
    assert [(row.name_en, row.province_en) for row in rows] == [("A", "X"), ("B", "X"), ("C", "Y")]
    # Of one year, a name under two groups is two units, such as a county of each of two states.
    once = UnitTable(
        Table(("unit", "land"), [["A", "A", "B"], ["X", "Y", "X"]], range(3)), "unit", ["A", "B"]
    )
    rows = rows_of_units(once, everything=("", "All"), group="land")
    assert [(row.name_en, row.province_en) for row in rows] == [("A", "X"), ("A", "Y"), ("B", "X")]


@pytest.mark.parametrize("header", [",,fixed,mobile,retail,finance,travel,", "u" * 300 + "," + LEAVES])
def test_units_are_those_that_were_read_whatever_heads_their_column(client, framework, header):
    before, behind = ("0,", ",9") if header.startswith(",") else ("", "")
    rows = [f"{before.replace('0', str(row))}{unit},1,2,3,4,{row}{behind}" for row, unit in enumerate("PQR")]
    send(client, framework, "\n".join([header, *rows]) + "\n", year="2020")
    address = reverse("indexer:import-register", args=[DataImport.objects.get().pk])
    client.post(address, {"name_en": "Letters"})
    found = City.objects.filter(register__name_en="Letters").values_list("name_en", flat=True)
    assert sorted(found) == ["P", "Q", "R"]


def test_a_register_that_has_the_units_is_found(client, framework):
    page = send(client, framework, f"city,{LEAVES}\nCity 1,1,2,3,4,5\nCity 2,2,3,4,5,6\n", year="2016")
    draft = DataImport.objects.get()
    assert draft.register == default_register()
    assert page.redirect_chain[-1][0] == reverse("indexer:import-check", args=[draft.pk])


def test_countries_are_offered_the_register_of_countries(client, framework):
    page = send(client, framework, COUNTRIES, year="2020").content.decode()
    assert "Take the countries of the world" in page
    draft = DataImport.objects.get()
    client.post(reverse("indexer:import-register", args=[draft.pk]), {"countries": "1"})
    draft.refresh_from_db()
    assert draft.register.name_en == "Countries of the world"
    assert all(to for to, _how in draft.row_targets)


def test_a_second_file_of_countries_finds_their_register(client, framework):
    send(client, framework, COUNTRIES, year="2020")
    client.post(reverse("indexer:import-register", args=[DataImport.objects.get().pk]), {"countries": "1"})
    send(client, framework, COUNTRIES, year="2021")
    assert DataImport.objects.latest("pk").register.name_en == "Countries of the world"


def test_a_file_without_years_asks_for_one(client, framework):
    page = send(client, framework, COUNTRIES)
    assert page.status_code == 422
    assert "The file does not say of which year it is." in page.content.decode()
    assert not DataImport.objects.exists()


def test_two_units_with_one_code_are_named_and_nothing_is_made(client, framework):
    send(client, framework, UNIVERSITIES.replace("0102,2018", "0201,2018").replace("0102,2017", "0201,2017"))
    address = reverse("indexer:import-register", args=[DataImport.objects.get().pk])
    # What is offered is one to one; a hand may still name another column.
    page = client.post(address, {"name_en": "U", "code": "key"})
    assert page.status_code == 422
    assert not Register.objects.filter(name_en="U").exists()


def test_the_api_makes_one_too_and_names_what_is_wrong(client, framework, headers):
    file = SimpleUploadedFile("table.csv", UNIVERSITIES.encode())
    sent = {"framework": framework.pk, "name_en": "U", "normalisation": "minmax", "file": file}
    body = client.post("/api/v1/imports/", sent, headers=headers).json()
    assert (body["register"], body["year"], body["can_be_stored"]) == (None, 2018, False)
    address = f"/api/v1/imports/{body['id']}/"

    def change(**said):
        return client.patch(address, said, content_type="application/json", headers=headers)

    assert change(new_register={}).status_code == 400
    wrong = change(new_register={"name_en": "Places", "code": "kee"})
    assert wrong.status_code == 422
    assert "no column “kee”" in wrong.json()["blockers"][0]
    twice = change(new_register={"name_en": "Places", "code": "land"})
    assert "Sweden stands with" in twice.json()["blockers"][0]
    assert not Register.objects.filter(name_en="Places").exists()
    answer = change(
        new_register={"name_en": "Places", "code": "key", "group": "land"}, leave_out_columns=True
    ).json()
    assert answer["can_be_stored"]
    assert Province.objects.filter(region__register=answer["register"]).count() == 3


def test_the_command_makes_one_too(tmp_path, framework, owner):
    path = tmp_path / "table.csv"
    path.write_text(UNIVERSITIES)
    named = {"framework": framework.pk, "account": owner.username, "name_en": "U", "year": "all"}
    named |= {"normalisation": "minmax", "leave_out_columns": True}
    with pytest.raises(CommandError, match="No register has these units"):
        call_command("import_data_set", path, **named)
    assert not DataImport.objects.exists()
    call_command("import_data_set", path, new_register="Places", code_column="key", **named)
    assert City.objects.filter(register__name_en="Places").count() == 4
    assert DataSet.objects.count() == 2


def test_the_command_brings_the_countries_with_the_first_file_that_is_stored(tmp_path, framework, owner):
    path = tmp_path / "table.csv"
    named = {"framework": framework.pk, "account": owner.username, "name_en": "C", "year": "2020"}
    named |= {"register": "countries", "normalisation": "minmax"}
    path.write_text(COUNTRIES.replace("2,3,4", "2,x,4"))
    with pytest.raises(CommandError, match="“x”"):
        call_command("import_data_set", path, **named)
    assert not Register.objects.filter(name_en="Countries of the world").exists()
    path.write_text(COUNTRIES)
    call_command("import_data_set", path, **named)
    path.write_text(COUNTRIES.replace("2,3,4", "2,9,4"))
    call_command("import_data_set", path, **{**named, "year": "2021", "name_en": "D"})
    assert Register.objects.filter(name_en="Countries of the world").count() == 1


def test_regions_are_told_from_units_that_are_called_after_one():
    sums = ["Middle East & North Africa", "South Asia (IDA & IBRD)", "Latin America & the Caribbean", "OECD"]
    sums += [
        "Ensemble",
        "Ensemble des régions",
        "Moyenne nationale",
        "Moyenne de l’UE",
        "Gesamt",
        "Promedio nacional",
    ]
    sums += ["European Union (27)", "OECD members", "Sub-Saharan Africa", "European Union - 27 countries"]
    units = [
        "Moyenne Guinée",
        "Ensemble Inter",
        "Middle East Technical University",
        "South Asian University",
        "Latin American Institute",
    ]
    assert list(map(is_aggregate, sums)) == [True] * len(sums)
    assert list(map(is_aggregate, units)) == [False] * len(units)
