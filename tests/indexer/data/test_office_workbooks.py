"""A workbook as an office keeps it: a sheet a year, units of one name, a row of all of them, merged heads."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from indexer.intake.files import read_file, reading_of_data
from indexer.intake.hints import Hints, is_aggregate
from indexer.intake.sheets import read_sheet
from indexer.models import City, DataImport, DataSet
from indexer.selectors.stored_values import unpack_values
from indexer.services.data_imports import DataFile, Terms, start_import
from tests.factories import make_framework
from weighting.readers import ProblemLog
from weighting.readers.decisions import Decisions

pytestmark = pytest.mark.django_db
LEAVES = ("fixed", "mobile", "retail", "finance", "travel")
YEARS = (2019, 2020, 2021)
# Two of twelve rivers have one name, and the later sheets turn them round.
RIVERS = [(f"River {letter}", ("North", "South")[place % 2]) for place, letter in enumerate("ABCDEFGHIJ")]
BLACK = [("Black River", "North"), ("Black River", "South")]


def value(name, country, year):
    return round(year - 2000 + RIVERS.index((name, country)) / 10 if "Black" not in name else year % 100, 1)


def book(years=YEARS, others=(), names=str, alike=BLACK):
    """A sheet for each year, with titles, a group above the indicators, a row of all and a note below."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for year in years:
        sheet = workbook.create_sheet(names(year))
        rows = [*RIVERS, *(alike if year == years[0] else reversed(alike))]
        sheet.append(["Condition of our rivers"])
        sheet.append([])
        sheet.append(["Basin", "Country", "Lines", None, "Trade", None, "travel"])
        sheet.append([None, None, "fixed", "mobile", "retail", "finance", None])
        sheet.merge_cells("G3:G4")
        for place, (name, country) in enumerate(rows):
            rest = [2 + place, 3 + place, 4 + place, 5 + (country == "South")]
            sheet.append([name, country, value(name, country, year), *rest])
        sheet.append(["All basins", None, 99, 99, 99, 99, 99])
        sheet.append([])
        sheet.append(["Source: the commission."])
    for name in others:
        workbook.create_sheet(name).append(["What is measured, and by whom."])
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def read(content, *, asked=None, **choices):
    log, hints = ProblemLog("book.xlsx"), Hints(year=asked)
    decisions = Decisions(choices)
    file = read_file(content, "book.xlsx", log, reading=reading_of_data(decisions, hints))
    sheet = read_sheet(file, log, hints)
    log.raise_if_any()
    return file, sheet, {made.key: made for made in decisions.made}


@pytest.fixture
def framework(owner):
    return make_framework()


def send(client, framework, content, **fields):
    file = SimpleUploadedFile("rivers.xlsx", content)
    sent = {"framework": framework.pk, "name_en": "Rivers", "normalisation": "minmax", "file": file}
    return client.post(reverse("indexer:data-set-import"), sent | fields, follow=True)


def test_sheets_called_by_years_are_the_years_of_the_file():
    file, sheet, made = read(book())
    assert (file.sheet, sheet.years) == ("2021", ("2019", "2020", "2021"))
    assert (made["year"].value, made["year"].how) == ("", "open")
    # Those of other years are no sheets that were passed over.
    assert file.other_sheets == ()
    for year in YEARS:
        for found in (read(book(), asked=year), read(book(), year=str(year))):
            assert found[0].sheet == str(year)
            assert sheet_value(found[1]) == year - 2000


def sheet_value(sheet):
    return sheet.values[sheet.units.index("River A"), sheet.columns.index("Lines / fixed")]


def test_a_year_stands_in_a_name_and_sheets_of_no_year_stay_on_offer():
    content = book(others=("Notes",), names=lambda year: f"Data {year}")
    file, sheet, made = read(content, asked=2020)
    assert (file.sheet, sheet.years, file.other_sheets) == (
        "Data 2020",
        ("2019", "2020", "2021"),
        ("Notes",),
    )
    assert made["sheet"].options == ("Data 2020", "Notes")
    # Who names a sheet means it, unless a year is named, too: pages send both.
    assert read(content, sheet="Data 2019")[0].sheet == "Data 2019"
    assert read(content, sheet="Data 2019", year="2021")[0].sheet == "Data 2021"
    log = ProblemLog("book.xlsx")
    reading = reading_of_data(Decisions({"sheet": "Notes"}), Hints(year=2020))
    assert read_file(content, "book.xlsx", log, reading=reading).sheet == "Notes"


def test_one_sheet_of_a_year_or_two_of_one_year_say_nothing_of_others():
    for content in (
        book(years=(2020,), others=("Notes",)),
        book(years=(2020, 2021), names=lambda year: f"2020 {year}" if year == 2020 else "Rest"),
    ):
        _file, sheet, made = read(content)
        assert sheet.years == ()
        assert "year" not in made


def test_a_name_that_goes_down_two_rows_takes_nothing_from_its_neighbour():
    _file, sheet, _made = read(book(), asked=2020)
    assert sheet.columns == (
        *("Country", "Lines / fixed", "Lines / mobile", "Trade / retail", "Trade / finance", "travel"),
    )


def test_units_of_one_name_are_told_apart_by_what_groups_them(client, framework):
    send(client, framework, book())
    draft = DataImport.objects.get()
    address = reverse("indexer:import-register", args=[draft.pk])
    # The column that only groups is not the one of units, and the row of all is no unit.
    assert draft.unit_column == "Basin"
    page = client.get(address).content.decode()
    assert "11 units in the column “Basin”" in page
    refused = client.post(address, {"name_en": "Rivers"})
    assert refused.status_code == 422
    assert "“Black River” stands in 2 rows." in refused.content.decode()
    assert not City.objects.filter(register__name_en="Rivers").exists()

    made = client.post(address, {"name_en": "Rivers", "group": "Country"}, follow=True).content.decode()
    assert "1 row of the file needs a look" in made
    rivers = City.objects.filter(register__name_en="Rivers")
    assert rivers.count() == 12
    draft.refresh_from_db()
    cities = {str(city.pk): (city.name_en, city.province.name_en) for city in rivers}
    gone_to = [cities.get(to) for to, _how in draft.row_targets]
    assert gone_to == [*RIVERS, *reversed(BLACK), None]

    mapping = reverse("indexer:import-mapping", args=[draft.pk])
    client.post(mapping, {"reading-aggregates": "left out", "leave-out-columns": "1"})
    client.post(reverse("indexer:import-store", args=[draft.pk]), {"every_year": "1"})
    editions = list(DataSet.objects.order_by("year"))
    assert [one.year for one in editions] == list(YEARS)
    for edition in editions:
        found = {
            cities[str(pk)]: row for pk, row in zip(edition.city_ids, unpack_values(edition), strict=True)
        }
        assert set(found) == {*RIVERS, *BLACK}
        for (name, country), row in found.items():
            assert row[0] == value(name, country, edition.year)
            assert row[4] == 5 + (country == "South")


def test_a_register_has_the_units_of_every_sheet(client, framework):
    content = book(alike=BLACK[:1])
    workbook = load_workbook(BytesIO(content))
    # A river that was given up: it stands in the first sheet alone, in front of its neighbours.
    workbook["2019"].insert_rows(5)
    for column, cell in enumerate(["Old River", "South", 5.5, 1, 2, 3, 6], 1):
        workbook["2019"].cell(5, column, cell)
    out = BytesIO()
    workbook.save(out)
    send(client, framework, out.getvalue())
    address = reverse("indexer:import-register", args=[DataImport.objects.get().pk])
    assert "12 units in the column “Basin”" in client.get(address).content.decode()
    client.post(address, {"name_en": "Rivers", "group": "Country"})
    assert City.objects.get(register__name_en="Rivers", name_en="Old River").province.name_en == "South"
    assert City.objects.filter(register__name_en="Rivers").count() == 12


def test_next_years_workbook_is_not_read_by_the_sheet_of_the_last(client, framework, owner):
    send(client, framework, book(), year="2020")
    draft = DataImport.objects.get()
    client.post(
        reverse("indexer:import-register", args=[draft.pk]), {"name_en": "Rivers", "group": "Country"}
    )
    mapping = reverse("indexer:import-mapping", args=[draft.pk])
    client.post(
        mapping, {"reading-aggregates": "left out", "reading-sheet": "2020", "leave-out-columns": "1"}
    )
    client.post(reverse("indexer:import-store", args=[draft.pk]))
    (edition,) = DataSet.objects.all()
    assert edition.year == 2020
    terms = Terms(
        framework=framework, series=edition.series, register=edition.series.register, name_en="", year=2021,
        method=edition.method,
    )  # fmt: skip
    following = start_import(data=DataFile(book(), "rivers.xlsx"), totals=None, terms=terms, actor=owner)
    assert following.reading["sheet"] == "2021"


def test_the_command_writes_each_sheet_of_a_year(tmp_path, capsys):
    (tmp_path / "book.xlsx").write_bytes(book(alike=BLACK[:1]))
    (tmp_path / "f.csv").write_text("code,parent\ntop,\n" + "".join(f"{leaf},top\n" for leaf in LEAVES))
    (tmp_path / "choices.json").write_text('{"reading": {"aggregates": "left out"}}')
    call_command(
        *("read_table", str(tmp_path / "book.xlsx"), "--framework", str(tmp_path / "f.csv")),
        *("--year", "all", "--choices", str(tmp_path / "choices.json"), "--out", str(tmp_path / "out")),
    )
    written = sorted(path.name for path in (tmp_path / "out").iterdir() if path.suffix == ".csv")
    assert len(written) == len(YEARS), written


@pytest.mark.parametrize("label", ["All basins", "All 38 basins", "Overall", "全部", "所有流域", "各市合计"])
def test_rows_of_all_units_are_asked_about(label):
    assert is_aggregate(label)


@pytest.mark.parametrize("label", ["All Saints", "Alder", "Allemagne", "All Souls"])
def test_names_that_begin_so_are_not(label):
    assert not is_aggregate(label)
