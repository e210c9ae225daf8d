"""What tables come in beside CSV and XLSX: old and open workbooks, archives of a portal, packed files."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from openpyxl import Workbook

from indexer.intake.files import UPLOAD, Limits, read_file
from indexer.models import City, DataImport
from indexer.selectors.import_reviews import review_of
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.data.reading import read
from weighting.enums import Role
from weighting.readers import ProblemLog
from weighting.readers.decisions import Decisions
from weighting.readers.forms import read_table
from weighting.readers.rows import MOST_LISTED
from weighting.readers.table import Reading, as_form

CSV = b"country,a,b\nAlbania,76.5,13.25\nNamibia,59.3,NA\n"
OLD = Path(__file__).parents[2] / "data" / "yearbook.xls"
SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet"


def archive(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return file.getvalue()


def open_document(*table, encrypts=False, cells="", rows="", **parts):
    """Return a workbook of OpenDocument with a sheet of these rows."""

    def cell(value):
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell {cells} office:value-type="float" office:value="{value}"/>'

    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    written = "".join(f"<table:table-row {rows}>{''.join(map(cell, row))}</table:table-row>" for row in table)
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="Table 1">{written}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = "<manifest><encryption-data/></manifest>" if encrypts else "<manifest/>"
    described = {"mimetype": SPREADSHEET, "META-INF/manifest.xml": manifest, "content.xml": content}
    return archive(**{**described, **parts})


ROWS = (("country", "a", "b"), ("Albania", 76.5, 13.25), ("Namibia", 59.3, "NA"))
CONTAINERS = {
    "t.xls": OLD.read_bytes,
    "t.ods": lambda: open_document(*ROWS),
    "t.csv.gz": lambda: gzip.compress(CSV),
    "t.zip": lambda: archive(**{"folder/t.csv": CSV}),
    "t_with_notes.zip": lambda: archive(
        **{"API_t.csv": CSV, "Metadata_Country.csv": b"code,note\nALB,x\n", "__MACOSX/._API_t.csv": b"x"}
    ),
    "t_of_a_workbook.zip": lambda: archive(**{"t.ods": open_document(*ROWS)}),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_table_is_read_whatever_it_comes_in(name):
    sheet, asked, _likely = read(CONTAINERS[name](), name=name)
    assert (asked, sheet.units, sheet.columns) == ({}, ("Albania", "Namibia"), ("a", "b"))
    assert sheet.values[:, 0].tolist() == [76.5, 59.3]
    assert (sheet.values[0, 1], sheet.kept) == (13.25, {(1, 1): "NA"})


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_form_is_read_whatever_it_comes_in(name):
    log = ProblemLog(name)
    table = read_table(CONTAINERS[name](), log, as_form(Decisions({"sheet": "Table 1"}), "register"))
    assert (log.problems, table.header) == ([], ("country", "a", "b"))
    assert [row.cells[:2] for row in table.rows][:2] == [["Albania", "76.5"], ["Namibia", "59.3"]]


def test_the_first_sheet_with_numbers_of_an_old_workbook_is_read_and_its_cover_is_offered():
    sheet, asked, likely = read(OLD.read_bytes(), name="t.xls")
    assert (asked, likely["sheet"], sheet.left_out) == (
        {},
        "Table 1",
        ("Table 1. Lives", "Source: an office"),
    )


def test_which_of_two_tables_in_an_archive_is_asked_and_read_as_chosen():
    data = archive(
        **{"2019.csv": b"country,a\nAlbania,1.5\nChad,2\n", "2020.csv": b"country,a\nAlbania,3.5\n"}
    )
    log, reading = ProblemLog("t.zip"), Reading(is_form=False, kind="data")
    assert read_file(data, "t.zip", log, reading=reading) is None
    assert [(problem.key, "2019.csv, 2020.csv" in problem.message) for problem in log.problems] == [
        ("resource", True)
    ]
    assert read(data, name="t.zip", resource="2020.csv")[0].values.tolist() == [[3.5]]


@pytest.mark.parametrize("described", [True, False])
def test_of_many_tables_to_choose_from_the_first_are_told(described):
    names = [f"{number:03}{'y' * 200}.csv" for number in range(300)]
    tables = dict.fromkeys(names, CSV)
    data = package(*({"path": name} for name in names), **tables) if described else archive(**tables)
    log, decisions = ProblemLog("t.zip"), Decisions()
    assert read_file(data, "t.zip", log, reading=Reading(decisions, is_form=False, kind="data")) is None
    (problem,) = log.problems
    assert names[0][:50] in problem.message
    assert "…" in problem.message
    assert len(problem.message) < 2000
    assert [made.options for made in decisions.made if made.kind == "resource"] == [tuple(names)]


def bomb():
    return gzip.compress(bytes(UPLOAD.bytes + 1))


def package(*resources, **parts):
    return archive(**{"datapackage.json": json.dumps({"resources": resources}), **parts})


def crowd():
    """Return an archive of parts whose list alone would keep a web process for seconds, were it longer."""
    return archive(**{"a.csv": CSV}, **{str(number): b"" for number in range(MOST_LISTED)})


REFUSED = {
    "an archive of many parts": ("t.zip", crowd, "too many parts"),
    "many parts in a packed file": ("t.zip.gz", lambda: gzip.compress(crowd()), "too many parts"),
    "a workbook of many parts": ("t.xlsx", crowd, "too many parts"),
    "a package that names one table again and again": (
        "t.zip", lambda: package(*[{"path": "a.csv"}] * 1001, **{"a.csv": CSV}), "cannot be read",
    ),
    "a package with a book for a name": (
        "t.zip", lambda: package({"path": "a.csv", "name": "x" * 301}, **{"a.csv": CSV}), "cannot be read",
    ),
    "an archive without a table": ("t.zip", lambda: archive(**{"a.doc": b"x"}), "not an XLSX workbook"),
    "a packed file that unfolds": ("t.csv.gz", bomb, "Unpacked, the file is larger than 32 MB"),
    "a packed file that is cut off": ("t.csv.gz", lambda: gzip.compress(CSV)[:-9], "packed file is damaged"),
    "a packed file that is none": ("t.csv.gz", lambda: b"\x1f\x8b" + CSV, "packed file is damaged"),
    "an old workbook that is none": ("t.xls", lambda: b"\xd0\xcf\x11\xe0" + bytes(600), "cannot be read as"),
    "a password on an old workbook": (
        "t.xls", lambda: b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "by a password",
    ),
    "a password on an open one": ("t.ods", lambda: open_document(*ROWS, encrypts=True), "by a password"),
    "macros in an open one": ("t.ods", lambda: open_document(*ROWS, **{"Basic/a": "x"}), "holds macros"),
    "entities in an open one": (
        "t.ods", lambda: open_document(*ROWS, **{"content.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a/>'}),
        "declares XML entities",
    ),
    "a billion cells that are one": (
        "t.ods",
        lambda: open_document(
            *ROWS, cells='table:number-columns-repeated="4000"', rows='table:number-rows-repeated="1000000"'
        ),
        "cannot be read as an XLSX",
    ),
    "too many columns": ("t.ods", lambda: open_document(["x"] * 4001, [1] * 4001), "more than 4000 columns"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_damaged_locked_or_too_large_is_refused_with_words(kind):
    name, make, words = REFUSED[kind]
    log = ProblemLog(name)
    assert read_file(make(), name, log) is None
    assert [words in str(problem) for problem in log.problems] == [True], log.problems


def test_what_a_packed_file_may_hold_is_what_a_file_may_hold():
    data, log = CSV + b"Chad,1.5,2.5\n" * 40, ProblemLog("t.csv.gz")
    assert read_file(gzip.compress(data), "t.csv.gz", log, Limits(bytes=len(data), cells=1000))
    assert not read_file(gzip.compress(data), "t.csv.gz", log, Limits(bytes=len(data) - 1, cells=1000))


@pytest.mark.parametrize("name", ["t.xls", "t.csv.gz", "t.zip"])
def test_a_name_that_says_something_else_is_still_refused(name):
    log = ProblemLog("t.parquet")
    assert read_file(CONTAINERS[name](), "t.parquet", log) is None
    assert "ends with “.parquet”" in str(log.problems[0])


def in_percent(*values, style="0.0%"):
    book = Workbook()
    book.active.append(["country", "a", "b"])
    for name, value in zip(("Albania", "Namibia", "Chad"), values, strict=False):
        book.active.append([name, value, 2.5])
        book.active.cell(book.active.max_row, 2).number_format = style
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("style", ["0%", "0.00%", '0.0" "%'])
def test_a_cell_that_is_shown_in_percent_is_read_so_and_may_be_a_fraction_by_choice(style):
    sheet, asked, likely = read(in_percent(0.455, 0.07, style=style), name="t.xlsx")
    assert (asked, likely["percent:a"], sheet.values[:, 0].tolist()) == ({}, "percent", [45.5, 7])
    sheet, *_decisions = read(in_percent(0.455, 0.07, style=style), name="t.xlsx", percent="fraction")
    assert sheet.values[:, 0].tolist() == [0.455, 0.07]


def test_a_unit_that_a_format_says_in_words_is_no_percent():
    sheet, _asked, likely = read(in_percent(0.455, 0.07, style='0.0" % of GDP"'), name="t.xlsx")
    assert ("percent:a" in likely, sheet.values[:, 0].tolist()) == (False, [0.455, 0.07])


def shown_in_percent(before="", rows=1):
    """Return a workbook of OpenDocument whose last two rows show 0.455 and 0.07 in percent."""
    data = open_document(("country", "a", "b"))
    content = zipfile.ZipFile(io.BytesIO(data)).read("content.xml").decode()
    share = '<table:table-cell office:value-type="percentage" office:value="{}"/>'
    name = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    written = "".join(
        f"<table:table-row {again}>{name.format(unit)}{share.format(value)}</table:table-row>"
        for unit, value, again in (
            ("Albania", "0.455", ""),
            ("Namibia", "7.0000000000000007E-2", f'table:number-rows-repeated="{rows}"'),
        )
    )
    content = content.replace("</table:table>", f"{before}{written}</table:table>")
    return open_document(**{"content.xml": content})


BLANK = '<table:table-row table:number-rows-repeated="7"><table:table-cell/></table:table-row>'


@pytest.mark.parametrize(
    ("before", "rows", "values"),
    [
        ("", 1, [45.5, 7]),
        (
            '<table:table-row table:number-rows-repeated="7"><table:table-cell/></table:table-row>',
            1,
            [45.5, 7],
        ),
        ("", 3, [45.5, 7, 7, 7]),
    ],
)
def test_an_open_document_says_itself_what_it_shows_in_percent(before, rows, values):
    data = shown_in_percent(before, rows)
    sheet, asked, likely = read(data, name="t.ods")
    assert (asked, likely["percent:a"], sheet.values[:, 0].tolist()) == ({}, "percent", values)
    sheet, *_decisions = read(data, name="t.ods", percent="fraction")
    assert sheet.values[:, 0].tolist() == pytest.approx([value / 100 for value in values])


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["t.xls", "t.ods", "t.csv.gz", "t_with_notes.zip"])
def test_the_page_takes_it_and_reads_it_again_by_choices(client, name):
    account = make_account(Role.ANALYST, username="anna")
    call_command("import_register", countries=True, account="anna", verbosity=0)
    framework = make_framework(tree={"a": {}, "b": {}}, owner=account)
    sign_in_staff(client, account)
    sent = {"framework": framework.pk, "register": City.objects.get(code="NAM").register_id}
    file = SimpleUploadedFile(name, CONTAINERS[name]())
    client.post(reverse("indexer:data-set-import"), {**sent, "name_en": "Data", "year": 2020, "file": file})
    draft = DataImport.objects.get()
    assert review_of(draft).content.values[:, 0].tolist() == [76.5, 59.3]
    client.post(reverse("indexer:import-mapping", args=[draft.pk]), {"reading-missing": "text"})
    draft.refresh_from_db()
    assert draft.texts == [[1, 1, "NA"]]


def test_a_command_takes_it(tmp_path):
    (tmp_path / "framework.csv").write_text("code,parent\na,\nb,\n")
    (tmp_path / "t.csv.gz").write_bytes(CONTAINERS["t.csv.gz"]())
    call_command(
        "read_table", tmp_path / "t.csv.gz", framework=tmp_path / "framework.csv", register="countries",
        out=tmp_path / "out",
    )  # fmt: skip
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert (report["to_settle"], report["file"]) == ([], "t.csv.gz")
