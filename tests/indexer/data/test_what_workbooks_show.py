"""What a workbook shows otherwise than it keeps is asked about: hidden rows, scaled or struck numbers."""

import io
import json
import struct
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from openpyxl import Workbook
from openpyxl.styles import Font

from indexer.intake.files import read_file
from indexer.intake.hints import Hints
from indexer.intake.sheets import read_sheet
from indexer.models import City, DataImport
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.data.reading import read
from tests.indexer.data.test_other_containers import open_document
from weighting.enums import Role
from weighting.readers import ProblemLog
from weighting.readers.table import Reading
from weighting.readers.workbooks import old
from weighting.readers.workbooks.reading import answer_of
from weighting.readers.workbooks.scan import Limits


def workbook(*rows, change):
    """Return a workbook of the rows, with what was done to its sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


TABLE = (("country", "a", "b"), ("Albania", 1.5, 2), ("Namibia", 9.5, 9), ("Chad", 2.5, 3))
WHOLE = [[1.5, 2], [9.5, 9], [2.5, 3]]
SHOWN = [[1.5, 2], [2.5, 3]]


def hide_row(sheet):
    sheet.row_dimensions[3].hidden = True


def filter_away(sheet):
    sheet.auto_filter.ref = "A1:C4"
    sheet.auto_filter.add_filter_column(0, ["Albania", "Chad"])
    hide_row(sheet)


def fold(sheet):
    sheet.row_dimensions.group(3, 3, hidden=True)


@pytest.mark.parametrize("hide", [hide_row, filter_away, fold])
def test_rows_that_a_workbook_does_not_show_are_left_out_and_read_by_choice(hide):
    data = workbook(*TABLE, change=hide)
    sheet, asked, likely = read(data, name="t.xlsx")
    assert (asked, likely["hidden_rows"]) == ({}, "left out")
    assert (sheet.units, sheet.values.tolist(), sheet.lines) == (("Albania", "Chad"), SHOWN, (2, 4))
    sheet, _asked, likely = read(data, name="t.xlsx", hidden_rows="kept")
    assert (sheet.values.tolist(), "hidden_rows" in likely) == (WHOLE, False)


@pytest.mark.parametrize("marks", [0, 3])
def test_columns_that_a_workbook_does_not_show_are_left_out_and_read_by_choice(marks):
    """Cells with a style of their own are walked through one by one, others by rows."""

    def hide(sheet):
        sheet.column_dimensions["B"].hidden = True
        sheet["C2"].number_format = "0" * (1 + marks)

    data = workbook(*TABLE, change=hide)
    log, reading = ProblemLog("t.xlsx"), Reading(is_form=False, kind="data")
    table = read_file(data, "t.xlsx", log, reading=reading).table
    (made,) = (made for made in table.decisions.made if made.kind == "hidden_columns")
    assert (made.value, made.how, made.samples) == ("left out", "likely", ("B", "a"))
    assert table.header == ("country", "b")
    assert read(data, name="t.xlsx", hidden_columns="kept")[0].values[:, 0].tolist() == [1.5, 9.5, 2.5]


def test_where_all_but_the_names_is_hidden_it_is_the_table():
    def hide(sheet):
        for row in (2, 3, 4):
            sheet.row_dimensions[row].hidden = True

    sheet, _asked, likely = read(workbook(*TABLE, change=hide), name="t.xlsx")
    assert (likely["hidden_rows"], sheet.values.tolist()) == ("kept", WHOLE)


def test_hidden_rows_and_columns_without_anything_in_them_are_no_question():
    def hide(sheet):
        sheet.row_dimensions[7].hidden = True
        sheet.column_dimensions["F"].hidden = True

    sheet, _asked, likely = read(workbook(*TABLE, change=hide), name="t.xlsx")
    assert (sheet.values.tolist(), likely) == (WHOLE, {})


MERGED = (
    ("country", "sex", "a", None),
    (None, None, "men", "women"),
    ("Albania", "f", 1.5, 2),
    (None, "t", 2.5, 3),
    ("Chad", "f", 3.5, 4),
    (None, "t", 4.5, 5),
)


def test_merged_cells_name_what_is_shown_of_them():
    """A filter by sex, and a hidden column, leave names to rows and columns that hold none themselves."""

    def hide(sheet):
        for cells in ("A3:A4", "A5:A6", "C1:D1"):
            sheet.merge_cells(cells)
        for row in (3, 5):
            sheet.row_dimensions[row].hidden = True
        sheet.column_dimensions["C"].hidden = True

    sheet, asked, likely = read(workbook(*MERGED, change=hide), name="t.xlsx")
    assert (likely["hidden_rows"], likely["hidden_columns"]) == ("left out", "left out")
    assert (sheet.units, sheet.columns[-1], asked) == (("Albania", "Chad"), "a / women", {})
    assert sheet.values[:, -1].tolist() == [3, 5]


@pytest.mark.parametrize("how", ["collapse", "filter"])
def test_an_open_document_says_itself_what_it_does_not_show(how):
    data = open_document(*TABLE)
    content = zipfile.ZipFile(io.BytesIO(data)).read("content.xml").decode()
    rows = content.split("<table:table-row")
    columns = '<table:table-column/><table:table-column table:visibility="collapse"/><table:table-row'
    hidden = f' table:visibility="{how}"'
    content = rows[0] + columns + "<table:table-row".join([*rows[1:3], hidden + rows[3], *rows[4:]])
    data = open_document(**{"content.xml": content})
    sheet, _asked, likely = read(data, name="t.ods")
    assert (likely["hidden_rows"], likely["hidden_columns"]) == ("left out", "left out")
    assert (sheet.columns, sheet.units, sheet.values.tolist()) == (("b",), ("Albania", "Chad"), [[2], [3]])
    sheet, *_decisions = read(data, name="t.ods", hidden_rows="kept", hidden_columns="kept")
    assert sheet.values.tolist() == WHOLE


def test_merged_cells_of_an_open_document_name_what_is_shown_of_them():
    data = open_document(
        ("country", "sex", "a"), *((name, sex, 2.5) for name in ("Albania", "Chad") for sex in "ft")
    )
    head, *rows = zipfile.ZipFile(io.BytesIO(data)).read("content.xml").decode().split("<table:table-row")
    for row in (1, 3):
        hidden = ' table:visibility="filter"' + rows[row]
        rows[row] = hidden.replace("<table:table-cell", '<table:table-cell table:number-rows-spanned="2"', 1)
        rows[row + 1] = rows[row + 1].replace("Albania", "").replace("Chad", "")
    content = "<table:table-row".join([head, *rows])
    sheet, _asked, likely = read(open_document(**{"content.xml": content}), name="t.ods")
    assert (likely["hidden_rows"], sheet.units) == ("left out", ("Albania", "Chad"))


def shown_as(style):
    def change(sheet):
        for row in (2, 3):
            sheet.cell(row, 2).number_format = style

    return workbook(("country", "a", "b"), ("Albania", 1234567, 2.5), ("Chad", 45000, 3.5), change=change)


@pytest.mark.parametrize(
    ("style", "by_word", "as_shown"),
    [
        ("#,##0,", [1234567, 45000], [1234.567, 45]),
        ("_-* #,##0.0,,_-;[Red]-0", [1234567, 45000], [1.234567, 0.045]),
        ('0.0" million"', [1234567e6, 45000e6], [1234567, 45000]),
        ("0.0万", [1234567e4, 45000e4], [1234567, 45000]),
    ],
)
def test_numbers_that_a_workbook_shows_in_thousands_or_millions_are_asked_about(style, by_word, as_shown):
    data = shown_as(style)
    _sheet, asked, _likely = read(data, name="t.xlsx")
    assert asked == {"words:a": ""}
    for choice, values in (("multiply", by_word), ("drop", as_shown)):
        sheet, asked, _likely = read(data, name="t.xlsx", words__a=choice)
        assert (asked, sheet.values[:, 0].tolist()) == ({}, values)


@pytest.mark.parametrize(
    "style", ['0.0,,"M"', '0!.0,"万"', "0!.0,", '#,##0" kg"', "#,##0.00", "[$€-407] #,##0", '0.0," thousand"']
)
def test_a_format_that_says_what_it_leaves_out_changes_no_number(style):
    sheet, asked, likely = read(shown_as(style), name="t.xlsx")
    assert (sheet.values[:, 0].tolist(), asked, likely) == ([1234567, 45000], {}, {})


def styled(*styles):
    def change(sheet):
        for row, style in enumerate(styles, start=2):
            sheet.cell(row, 2).number_format = style

    return workbook(*TABLE, change=change)


@pytest.mark.parametrize(
    ("styles", "key", "samples"),
    [
        (('"€"0.0', "[$$-409]0.0", '"€"0.0'), "currency:a", ("€1.5", "$9.5", "€2.5")),
        (('0.0" kg"', "0.0\\ \\m\\l", "0.0"), "words:a", ("1.5 kg → 1.5", "9.5 ml → 9.5")),
        (('General" kg"', 'General" ml"', "General"), "words:a", ("1.5 kg → 1.5", "9.5 ml → 9.5")),
    ],
)
def test_what_formats_count_otherwise_within_a_column_is_asked_about(styles, key, samples):
    log, reading = ProblemLog("t.xlsx"), Reading(is_form=False, kind="data")
    file = read_file(styled(*styles), "t.xlsx", log, reading=reading)
    read_sheet(file, log, Hints())
    assert [(made.key, made.samples) for made in file.table.decisions.open] == [(key, samples)]
    sheet, *_decisions = read(styled(*styles), name="t.xlsx", **{key.replace(":", "__"): "drop"})
    assert sheet.values.tolist() == WHOLE


@pytest.mark.parametrize(
    "styles", [('0.0" kg"', '0.00" kg"', "0.0"), ('"€"0', "[$€-407]0.0", "0"), ('0.0" kg";"- "0', "0.0", "0")]
)
def test_one_word_for_all_numbers_of_a_column_is_no_question(styles):
    sheet, asked, likely = read(styled(*styles), name="t.xlsx")
    assert (sheet.values.tolist(), asked, likely) == (WHOLE, {}, {})


def strike(sheet):
    sheet["B3"].font = Font(strike=True)
    sheet["C2"].font = Font(strike=False)
    sheet["A4"].font = Font(strike=True)


def test_numbers_that_are_struck_through_are_asked_about():
    data = workbook(*TABLE, change=strike)
    log, reading = ProblemLog("t.xlsx"), Reading(is_form=False, kind="data")
    (made,) = read_file(data, "t.xlsx", log, reading=reading).table.decisions.open
    assert (made.key, made.samples, made.options) == ("struck", ("B3: 9.5",), ("kept", "gap"))
    assert read(data, name="t.xlsx", struck="kept")[0].values.tolist() == WHOLE
    sheet, asked, _likely = read(data, name="t.xlsx", struck="gap")
    assert (asked, str(sheet.values.tolist())) == ({}, "[[1.5, 2.0], [nan, 9.0], [2.5, 3.0]]")


@pytest.mark.django_db
def test_page_api_and_command_ask_about_what_a_workbook_does_not_show(client, tmp_path):
    account = make_account(Role.ANALYST, username="anna")
    call_command("import_register", countries=True, account="anna", verbosity=0)
    framework = make_framework(tree={"a": {}, "b": {}}, owner=account)
    sign_in_staff(client, account)
    register = City.objects.get(code="TCD").register_id
    sent = {"framework": framework.pk, "register": register, "name_en": "Data", "year": 2020}
    data = workbook(*TABLE, change=hide_row)
    page = client.post(
        reverse("indexer:data-set-import"), {**sent, "file": SimpleUploadedFile("t.xlsx", data)}, follow=True
    )
    draft = DataImport.objects.get()
    assert "The workbook does not show this, so it is left out." in page.text
    assert draft.units == ["Albania", "Chad"]
    mapping = reverse("indexer:import-mapping", args=[draft.pk])
    assert "Rows that the workbook does not show" in client.get(mapping).text
    assert "工作簿未显示的行" in client.get(mapping, headers={"accept-language": "zh-hans"}).text
    client.post(mapping, {"reading-hidden_rows": "kept"})
    draft.refresh_from_db()
    assert draft.units == ["Albania", "Namibia", "Chad"]
    check = reverse("indexer:import-check", args=[draft.pk])
    assert "does not show this" not in client.get(check).text
    body = client.post("/api/v1/imports/", {**sent, "file": SimpleUploadedFile("t.xlsx", data)}).json()
    (made,) = (made for made in body["decisions"] if made["key"] == "hidden_rows")
    assert (made["value"], made["options"]) == ("left out", ["left out", "kept"])
    assert made["samples"] == ["3", "Namibia"]

    (tmp_path / "framework.csv").write_text("code,parent\na,\nb,\n")
    (tmp_path / "t.xlsx").write_bytes(data)
    given = {"framework": tmp_path / "framework.csv", "out": tmp_path / "out"}
    call_command("read_table", tmp_path / "t.xlsx", **given)
    choices = json.loads((tmp_path / "out" / "choices.json").read_text(encoding="utf-8"))
    assert choices["reading"]["hidden_rows"] == "left out"
    (tmp_path / "choices.json").write_text('{"reading": {"hidden_rows": "kept"}}')
    call_command("read_table", tmp_path / "t.xlsx", choices=tmp_path / "choices.json", **given)
    assert "Namibia,9.5,9.0" in (tmp_path / "out" / "data.csv").read_text()


SHOWN_OTHERWISE = (Path(__file__).parents[2] / "data" / "shown_otherwise.xls").read_bytes()
LIMITS = Limits(rows=20_000, columns=4000, cells=400_000, takes_formulas=False, seeks_numbers=True)
CHOSEN = {"words__b": "multiply", "struck": "kept"}


def small_sectors(data):
    """Return an old workbook anew as one that lies in sectors of 64 bytes, as small ones may."""
    book = old._stream_of(data).rstrip(b"\0") + b"\0\0"
    book += bytes(-len(book) % 64)
    small = len(book) // 64
    root = -(-len(book) // 512)
    end, free = 0xFFFFFFFE, 0xFFFFFFFF

    def entry(name, kind, child, start, size):
        words = name.encode("utf-16-le")
        head = words.ljust(64, b"\0") + struct.pack("<HBB3I", len(words) + 2, kind, 1, free, free, child)
        return head + bytes(36) + struct.pack("<IQ", start, size)

    listing = entry("Root Entry", 5, 1, 3, len(book)) + entry("Workbook", 2, free, 0, len(book)) + bytes(256)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<5H6x8I", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 2, 1, end)
    head += struct.pack("<I109I", 0, 0, *[free] * 108)
    table = [0xFFFFFFFD, end, end, *range(4, 3 + root), end]
    numbers = [*range(1, small), end]
    sectors = [struct.pack(f"<{len(words)}I", *words).ljust(512, b"\xff") for words in (table, numbers)]
    return head + sectors[0] + listing + sectors[1] + book.ljust(512 * root, b"\0")


@pytest.mark.parametrize("make", [lambda data: data, small_sectors], ids=["large sectors", "small ones"])
def test_an_old_workbook_says_itself_what_it_shows_otherwise(make):
    data = make(SHOWN_OTHERWISE)
    _sheet, asked, likely = read(data, name="t.xls")
    assert asked == {"words:b": "", "struck": ""}
    assert (likely["hidden_rows"], likely["hidden_columns"], likely["percent:a"]) == (
        *("left out", "left out"),
        "percent",
    )
    sheet, asked, _likely = read(data, name="t.xls", **CHOSEN)
    assert (sheet.columns, sheet.units, asked) == (("a", "b", "c"), ("Albania", "Chad", "Togo"), {})
    assert sheet.values.tolist() == [[45.5, 1234567, 1.5], [7, 45000, 2.5], [25, 81000, 3.5]]
    kept = {"hidden_rows": "kept", "hidden_columns": "kept"}
    sheet, *_decisions = read(data, name="t.xls", percent="fraction", **CHOSEN, **kept)
    assert (sheet.columns, sheet.values[1].tolist()) == (("a", "b", "c", "d"), [0.5, 2345678, 9.5, 2])
    sheet, *_decisions = read(data, name="t.xls", **{**CHOSEN, "struck": "gap"})
    assert str(sheet.values[2].tolist()) == "[25.0, 81000.0, nan]"


def test_an_old_workbook_that_is_damaged_anywhere_is_read_or_refused_with_words():
    """What leads from one sector to the next may lead anywhere, also back."""
    for place in (*range(28, 120, 2), *range(512, len(SHOWN_OTHERWISE), 61)):
        for value in (b"\0\0", b"\xff\xff", b"\x02\0"):
            data = SHOWN_OTHERWISE[:place] + value + SHOWN_OTHERWISE[place + 2 :]
            answer = answer_of(data, LIMITS)
            assert "rows" in answer or [fault["kind"] for fault in answer["faults"]] == ["unreadable"], place
