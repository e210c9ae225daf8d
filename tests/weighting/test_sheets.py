import html
import json
import re
import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from tests.factories import fill_ballot, make_account, make_round
from tests.weighting.uploads import PANEL_CSV
from weighting.enums import Medium, RoundState, Rule
from weighting.exceptions import Refused
from weighting.manifest import hash_receipt
from weighting.models import AuditEntry, Ballot, Indicator, Panel
from weighting.readers import FileProblems, read_panel
from weighting.readers.workbooks import reading as limits
from weighting.selectors.rounds import enterable_in, receipts_of
from weighting.services import sheets
from weighting.services.rounds import close_round
from weighting.services.sheet_form import sheet_form
from weighting.services.sheets import import_sheet, import_sheets

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def round_(manager):
    return make_round(manager=manager, sealed=1)


def filled(round_, said=lambda place: place % 5 + 1, change=lambda sheet: None):
    """The round's form with a score for every item, as a spreadsheet program would save it."""
    book = load_workbook(BytesIO(sheet_form(round_)))
    sheet = book.worksheets[0]
    head = next(row[0].row for row in sheet.iter_rows() if row[0].value == "code")
    lines = [row for row in range(head + 1, sheet.max_row + 1) if sheet.cell(row, 1).value]
    for place, row in enumerate(lines):
        sheet.cell(row, 5).value = said(place)
    change(sheet)
    return saved(book)


def saved(book):
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def problems_of(source, invitation):
    with pytest.raises(FileProblems) as found:
        import_sheet(invitation, source=source, filename="f.xlsx", actor=make_account())
    return found.value.problems


def invitation_of(round_, code="E004"):
    return round_.invitations.get(expert__code=code)


def test_a_form_is_there_whatever_signs_its_words_hold(round_):
    """XML has none for some, of which a title that was pasted may have one."""
    round_.title_zh = round_.title_en = "Year\x0b one\ufffe _x0042_"
    Indicator.objects.filter(framework=round_.framework).update(name_en="Net\x1b\uffff")
    texts = [cell.value for row in load_workbook(BytesIO(sheet_form(round_))).worksheets[0] for cell in row]

    assert "Year one _x005F_x0042_" in texts
    assert "Net" in texts


def test_the_form_names_items_and_nobody(round_):
    sheet = load_workbook(BytesIO(sheet_form(round_))).worksheets[0]
    text = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)

    for words in ("第一轮", "First round", "指标fixed", "Indicator fixed", round_.questionnaire_hash):
        assert words in text
    assert not any(f"Expert {place}" in text or f"expert-{place}@" in text for place in range(6))
    (check,) = sheet.data_validations.dataValidation
    assert check.formula1 == '"1,2,3,4,5"'
    assert sheet.protection.sheet
    assert len([cell for row in sheet.iter_rows() for cell in row if not cell.protection.locked]) == 7


def test_the_form_asks_as_the_ballot_does(manager):
    """What the scale means, and in which direction an indicator counts, in each language of the round."""
    round_ = make_round(manager=manager)
    Indicator.objects.filter(code="fixed").update(direction=-1)
    sheet = load_workbook(BytesIO(sheet_form(round_))).worksheets[0]
    said = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]

    assert "各项指标有多重要？1 为很不重要，5 为很重要。" in said
    assert "How important is each indicator? 1 is very unimportant, 5 is very important." in said
    details = {row[0].value: row[3].value or "" for row in sheet.iter_rows(min_row=12)}
    assert [code for code, words in details.items() if "Lower values are better." in words] == ["fixed"]
    assert "数值越低越好。" in details["fixed"]


def test_a_name_that_begins_as_a_formula_is_text(manager):
    round_ = make_round(manager=manager)
    Indicator.objects.filter(code="fixed").update(name_en="=1+1")

    sheet = load_workbook(BytesIO(sheet_form(round_))).worksheets[0]
    assert [c.data_type for row in sheet.iter_rows() for c in row if c.value == "=1+1"] == ["s"]


@pytest.mark.postgres
def test_a_filled_in_form_becomes_a_sealed_ballot_with_a_receipt(round_, manager):
    invitation = invitation_of(round_)
    ballot = import_sheet(invitation, source=filled(round_), filename="f.xlsx", actor=manager)

    assert (ballot.medium, len(ballot.sealed_scores)) == (Medium.SHEET, 7)
    assert ballot.receipt == hash_receipt(
        round_id=round_.pk,
        questionnaire_hash=round_.questionnaire_hash,
        nonce=ballot.nonce,
        scores=ballot.sealed_scores,
    )
    assert AuditEntry.objects.get(act="import_sheet").detail == {}
    closed = close_round(round_, actor=manager)
    assert ballot.receipt in receipts_of(closed)
    assert Ballot.objects.filter(round=round_, medium=Medium.SHEET).count() == 1


def test_numbers_may_be_text_floats_or_full_width(round_, manager):
    said = ["3", 3.0, "３", " 3 ", 3, "3", "3"]
    ballot = import_sheet(
        invitation_of(round_), source=filled(round_, lambda p: said[p]), filename="f", actor=manager
    )
    assert set(ballot.sealed_scores.values()) == {3}


def test_all_problems_are_named_at_once_and_nothing_is_kept(round_):
    said = [1, 6, None, "abstain", 2.5, 1, 1]

    def change(sheet):
        sheet.cell(sheet.max_row, 1).value = "traval"

    found = problems_of(filled(round_, lambda place: said[place], change), invitation_of(round_))

    assert [problem.value for problem in found if problem.column == "score"] == ["6", "", "abstain", "2.5"]
    assert {problem.value for problem in found if problem.column == "code"} == {"traval", "travel"}
    assert any("Nearest: travel" in problem.message for problem in found)
    assert not invitation_of(round_).started


def test_an_abstention_is_written_where_the_rule_allows_it(manager):
    round_ = make_round(manager=manager, rule=Rule.NORMALISED_MEAN)
    said = ["abstain", "弃权", 1, 2, 3, 4, 5]
    ballot = import_sheet(
        invitation_of(round_), source=filled(round_, lambda p: said[p]), filename="f", actor=manager
    )
    assert list(ballot.sealed_scores.values()).count(None) == 2
    found = problems_of(filled(round_, lambda p: None), invitation_of(round_, "E005"))
    assert len(found) == 7


def test_the_form_of_another_round_is_refused(round_, manager):
    other = make_round(manager=manager, framework=round_.framework, panel=round_.panel)
    (problem,) = problems_of(filled(other), invitation_of(round_))
    assert "not the form of this round" in problem.message


def test_what_an_expert_said_is_never_replaced(round_, manager):
    invitation = invitation_of(round_)
    fill_ballot(invitation, skip=["travel"])
    for who in (invitation, invitation_of(round_, "E001")):
        with pytest.raises(Refused, match="begun already"):
            import_sheet(who, source=filled(round_), filename="f.xlsx", actor=manager)
    import_sheet(invitation_of(round_, "E005"), source=filled(round_), filename="f.xlsx", actor=manager)
    with pytest.raises(Refused, match="begun already"):
        import_sheet(invitation_of(round_, "E005"), source=filled(round_), filename="f.xlsx", actor=manager)


def test_no_form_outside_an_open_round(client, manager):
    round_ = make_round(manager=manager, state=RoundState.CLOSED)
    assert client.get(reverse("weighting:round-sheet", args=[round_.pk])).status_code == 409


def test_the_pages_give_the_form_take_it_and_show_the_receipt_once(client, round_):
    answer = client.get(reverse("weighting:round-sheet", args=[round_.pk]))
    assert answer["Content-Type"] == XLSX
    invitation = invitation_of(round_)
    address = reverse("weighting:invitation-sheet", args=[round_.pk, invitation.pk])
    assert "Download the spreadsheet form" in client.get(address).text

    def send(content):
        return client.post(address, {"file": SimpleUploadedFile("f.xlsx", content, content_type=XLSX)})

    refused = send(filled(round_, lambda _place: None))
    assert (refused.status_code, len(refused.context["problems"])) == (422, 7)
    page = send(filled(round_))
    ballot = Ballot.objects.get(medium=Medium.SHEET)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    for shown in (ballot.receipt, ballot.nonce, round_.questionnaire_hash):
        assert shown in page.text
    file = json.loads(html.unescape(page.text.split('id="receipt-file">')[1].split("</span>")[0]))
    assert file["scores"] == ballot.sealed_scores
    assert file["receipt"] == ballot.receipt
    again = send(filled(round_))
    assert again.status_code == 422
    assert ballot.nonce not in again.text
    assert ballot.nonce not in client.get(address).text


# --- the forms of several experts in one file


def several(round_, said, **columns):
    """The form for several experts with their scores, by code; ``said`` gives them by expert and place."""
    codes = [one.expert.code for one in enterable_in(round_)]
    book = load_workbook(BytesIO(sheet_form(round_, scores=codes)))
    sheet = book.worksheets[0]
    head = next(row[0].row for row in sheet.iter_rows() if row[0].value == "code")
    heads = {sheet.cell(head, at).value: at for at in range(1, sheet.max_column + 1)}
    for old, new in columns.items():
        sheet.cell(head, heads[old]).value = new
    lines = [row for row in range(head + 1, sheet.max_row + 1) if sheet.cell(row, 1).value]
    for code, scores in said.items():
        for row, score in zip(lines, scores, strict=True):
            sheet.cell(row, heads[code]).value = score
    return saved(book)


LOW, HIGH = [1, 2, 1, 2, 1, 2, 1], [4, 5, 4, 5, 4, 5, 4]


@pytest.mark.postgres
def test_several_forms_become_sealed_ballots_with_a_receipt_each(round_, manager):
    source = several(round_, {"E004": LOW, "E005": HIGH})
    entered = import_sheets(round_, source=source, filename="f.xlsx", actor=manager)
    assert [(one.expert.code, list(ballot.sealed_scores.values())) for one, ballot in entered] == [
        ("E004", LOW),
        ("E005", HIGH),
    ]
    assert {ballot.medium for _one, ballot in entered} == {Medium.SHEET}
    assert len({ballot.receipt for _one, ballot in entered}) == 2
    assert AuditEntry.objects.filter(act="import_sheet").count() == 2
    assert [one.expert.code for one in enterable_in(round_)] == ["E002", "E003"]
    receipts = receipts_of(close_round(round_, actor=manager))
    assert {ballot.receipt for _one, ballot in entered} <= set(receipts)


@pytest.mark.parametrize(
    ("said", "columns", "column", "value", "words"),
    [
        ({"E004": LOW, "E005": [*HIGH[:6], 9]}, {}, "E005", "9", "1, 2, 3, 4 or 5"),
        ({"E004": LOW, "E005": [*HIGH[:6], None]}, {}, "E005", "", "has no score"),
        ({"E004": LOW, "E005": HIGH}, {"E005": "E05"}, "E05", "E05", "No expert of this round"),
        # E001 sealed a ballot of their own.
        ({"E004": LOW, "E005": HIGH}, {"E005": "E001"}, "E001", "E001", "No expert of this round"),
        ({"E004": LOW, "E005": HIGH}, {"E005": "E004"}, "E004", "E004", "Two columns have this head"),
        ({"E004": LOW, "E005": HIGH}, {"E005": "score"}, "score", "score", "No expert of this round"),
        ({}, {}, "", "", "No column holds a score"),
    ],
)
def test_one_wrong_column_keeps_all_of_the_file_out(round_, manager, said, columns, column, value, words):
    with pytest.raises(FileProblems) as found:
        import_sheets(round_, source=several(round_, said, **columns), filename="f.xlsx", actor=manager)
    (problem,) = found.value.problems
    assert (problem.column or "", problem.value or "") == (column, value)
    assert words in problem.message
    assert not Ballot.objects.filter(round=round_, medium=Medium.SHEET).exists()
    assert not invitation_of(round_).started


def test_who_began_meanwhile_is_named_and_keeps_all_of_the_file_out(round_, manager, monkeypatch):
    source = several(round_, {"E004": LOW, "E005": HIGH})
    waiting = list(enterable_in(round_))
    begun = next(one for one in waiting if one.expert.code == "E005")
    fill_ballot(begun)
    # As it was when the file was read.
    monkeypatch.setattr(sheets, "enterable_in", lambda _round: waiting)
    with pytest.raises(Refused) as refused:
        import_sheets(round_, source=source, filename="f.xlsx", actor=manager)
    assert f"{begun.expert.name} (E005) has begun already" in refused.value.blockers[0]
    assert not Ballot.objects.filter(round=round_, medium=Medium.SHEET).exists()


def test_the_page_takes_several_forms_and_shows_their_receipts_once(client, round_):
    address = reverse("weighting:round-sheets", args=[round_.pk])
    assert address in client.get(reverse("weighting:round-detail", args=[round_.pk])).text
    page = client.get(address)
    assert page.context["waiting"] == 4
    form = client.get(page.context["form_url"])
    assert form["Content-Type"] == XLSX
    cells = next(
        row for row in load_workbook(BytesIO(form.content)).worksheets[0].iter_rows(values_only=True)
        if row[0] == "code"
    )  # fmt: skip
    assert cells[4:] == ("E002", "E003", "E004", "E005")

    def send(content):
        return client.post(address, {"file": SimpleUploadedFile("f.xlsx", content, content_type=XLSX)})

    refused = send(several(round_, {"E004": [9] * 7}))
    assert (refused.status_code, len(refused.context["problems"])) == (422, 7)
    source = several(round_, {"E004": LOW, "E005": HIGH})
    answer = send(source)
    assert "no-store" in answer["Cache-Control"]
    ballots = list(Ballot.objects.filter(medium=Medium.SHEET))
    files = [
        json.loads(html.unescape(part.split("</span>")[0]))
        for part in re.split(r'id="receipt-file-\d+">', answer.text)[1:]
    ]
    assert {file["receipt"] for file in files} == {ballot.receipt for ballot in ballots}
    assert [list(file["scores"].values()) for file in files] == [LOW, HIGH]
    assert all("expert" not in file for file in files)
    # The language switch shows the same page again, and enters nothing.
    carried = re.search(r'name="shown" value="([^"]+)"', answer.text).group(1)
    again = client.post(address, {"shown": carried, "language": "zh-hans"})
    assert "待转交的回执" in again.text
    assert all(ballot.nonce in again.text for ballot in ballots)
    assert send(source).status_code == 422
    assert Ballot.objects.filter(medium=Medium.SHEET).count() == 2


# --- workbooks that are not to be trusted


def book_of(*rows):
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    return saved(book)


def repacked(data, **parts):
    """The workbook with parts replaced or added."""
    source, out = zipfile.ZipFile(BytesIO(data)), BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in parts:
                target.writestr(name, source.read(name))
        for name, content in parts.items():
            target.writestr(name, content)
    return out.getvalue()


def panel_problems(data):
    with pytest.raises(FileProblems) as found:
        read_panel(data, "p.xlsx")
    return "\n".join(problem.message for problem in found.value.problems)


PANEL_ROWS = [line.split(",") for line in PANEL_CSV.strip().split("\n")]


def test_a_panel_is_read_from_a_workbook_as_from_csv():
    assert read_panel(book_of(*PANEL_ROWS), "p") == read_panel(PANEL_CSV.encode(), "p")


def test_duplicates_in_a_workbook_are_named_with_their_rows():
    found = panel_problems(book_of(*PANEL_ROWS, ["E1", "Again", "ONE@panel.example", "", "clergy", "fr"]))
    assert found.count("row 2") == 2
    assert found.count("Choose one of") == 1


def test_a_panel_comes_in_by_the_page(client, manager):
    file = SimpleUploadedFile("p.xlsx", book_of(*PANEL_ROWS), content_type=XLSX)
    client.post(reverse("weighting:panel-import"), {"name": "From a workbook", "file": file})
    assert Panel.objects.get(name="From a workbook").experts.count() == 2


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = repacked(book_of(["a"]), **{"xl/worksheets/sheet1.xml": b" " * (limits.MAX_UNFOLDED + 1)})
    assert len(bomb) < 1024 * 1024
    assert "larger than 50 MB" in panel_problems(bomb)


def test_many_entries_are_refused():
    many = repacked(book_of(["a"]), **{f"xl/media/{n}.bin": b"" for n in range(limits.MAX_ENTRIES)})
    assert "parts" in panel_problems(many)


@pytest.mark.parametrize("declared", [True, False])
def test_entities_are_refused(declared):
    declaration = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' if declared else b""
    sheet = (
        b'<?xml version="1.0"?>%s<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row></sheetData></worksheet>'
    )
    found = panel_problems(repacked(book_of(["a"]), **{"xl/worksheets/sheet1.xml": sheet % declaration}))
    assert ("declares XML entities" in found) == declared


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04 and then nothing", "damaged"),
        (repacked(book_of(["a"]), **{"xl/worksheets/sheet1.xml": b"<broken"}), "cannot be read"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "Save the sheet as XLSX or CSV"),
    ],
)
def test_what_is_no_workbook_is_said(data, words):
    assert words in panel_problems(data)


def test_an_archive_that_is_no_workbook_is_said():
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "not an XLSX workbook" in panel_problems(out.getvalue())


def test_a_sheet_that_lies_about_its_extent_is_read_as_it_is():
    data = book_of(*PANEL_ROWS)
    sheet = zipfile.ZipFile(BytesIO(data)).read("xl/worksheets/sheet1.xml")
    lying = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', sheet)
    assert len(read_panel(repacked(data, **{"xl/worksheets/sheet1.xml": lying}), "p")) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("act", "read"), [(import_sheet, "read_sheet_ballot"), (import_sheets, "read_sheet_ballots")]
)
def test_nobody_waits_for_a_lock_while_forms_are_read(round_, manager, monkeypatch, act, read):
    reading, seen = getattr(sheets, read), []
    monkeypatch.setattr(
        sheets, read, lambda *asked: seen.append(connection.in_atomic_block) or reading(*asked)
    )
    several_at_once = act is import_sheets
    source = several(round_, {"E004": LOW}) if several_at_once else filled(round_)
    act(round_ if several_at_once else invitation_of(round_), source=source, filename="f.xlsx", actor=manager)
    assert seen == [False]
