"""Panels as an office keeps them: no codes, heads in its language, groups of its own, and people twice."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from tests.factories import make_account, sign_in_staff
from weighting.models import Expert, Panel
from weighting.readers import FileProblems, read_panel
from weighting.readers.decisions import Decisions

LIST = """Liste des experts pressentis,,,,
,,,,
Nom et prénom,Établissement,Courriel,Téléphone,Collège
Mme le Pr Amélie d’Aubigné,Université 1,amelie@u1.example,+33 1,Direction de BU
LEFÈVRE Benoît,Université 2,benoit@u2.example ; benoit@perso.example,+33 2,Éditeurs & prestataires
,,,,
Mme Amélie d’Aubigné,Université 1,AMELIE@u1.example,,Direction de BU
Karine Saint-Exupéry,Université 3,karine@u3.example,,Direction de BU
"""
CHOSEN = {
    "extra:Téléphone": "left out",
    "addresses": "first",
    "repeated": "first",
    "sector:Direction de BU": "government",
    "sector:Éditeurs & prestataires": "industry",
}
IMPORT = reverse("weighting:panel-import")


def read(text, choices=None):
    return read_panel(text.encode(), "experts.csv", Decisions(choices))


def problems_of(text, choices=None):
    with pytest.raises(FileProblems) as found:
        read(text, choices)
    return [(problem.row, problem.column, problem.message) for problem in found.value.problems]


def test_a_list_of_an_office_is_read_by_choices_and_nothing_of_it_is_retyped():
    people = read(LIST, CHOSEN)
    assert [(p.code, p.name, p.email, p.organisation, p.sector) for p in people] == [
        ("E001", "Mme le Pr Amélie d’Aubigné", "amelie@u1.example", "Université 1", "government"),
        ("E002", "LEFÈVRE Benoît", "benoit@u2.example", "Université 2", "industry"),
        ("E003", "Karine Saint-Exupéry", "karine@u3.example", "Université 3", "government"),
    ]


def test_the_other_address_and_the_other_row_are_taken_where_that_is_chosen():
    people = read(LIST, CHOSEN | {"addresses": "last", "repeated": "last"})
    assert [(p.code, p.name, p.email) for p in people] == [
        ("E001", "LEFÈVRE Benoît", "benoit@perso.example"),
        ("E002", "Mme Amélie d’Aubigné", "AMELIE@u1.example"),
        ("E003", "Karine Saint-Exupéry", "karine@u3.example"),
    ]


def test_what_nobody_has_chosen_is_told_once_with_its_key():
    ledger = Decisions({"extra:Téléphone": "left out"})
    with pytest.raises(FileProblems) as found:
        read_panel(LIST.encode(), "experts.csv", ledger)
    told = [(problem.row, problem.key or problem.message) for problem in found.value.problems]
    assert told == [(5, "addresses"), (7, "repeated")]
    assert {made.key for made in ledger.open} == {"addresses", "repeated"}
    # Which are looked at, and hold unless somebody knows better.
    words = {made.key: made.value for made in ledger.unsettled if made.kind == "sector"}
    assert words == {"sector:Direction de BU": "own", "sector:Éditeurs & prestataires": "own"}


def test_codes_that_are_there_are_kept_and_none_of_them_may_be_missing():
    assert [p.code for p in read("code,name,email\nB2,B,b@x.example\nA1,A,a@x.example\n")] == ["B2", "A1"]
    [problem] = problems_of("code,name,email\nB2,B,b@x.example\n,A,a@x.example\n")
    assert problem == (3, "code", "The cell must not be empty. Fill it in.")


def of_words(count):
    return "name,sector\n" + "".join(f"P{n},group {n}\n" for n in range(count))


def test_words_that_are_no_sector_here_are_the_panels_own():
    text = "name,sector\nA,growers\nB,merchants\nC,industry\nD,政府\nE,\nF,Growers \nG,ｍerchants\nH,Growers"
    assert [person.sector for person in read(text)] == [
        *("Growers", "merchants", "industry", "government", "other", "Growers", "merchants", "Growers"),
    ]
    chosen = {"sector:Growers": "industry", "sector": "own"}
    assert [person.sector for person in read(text, chosen)][:2] == ["industry", "merchants"]


def test_a_word_is_a_sector_as_it_is_seen_and_what_stands_for_none_is_none():
    text = 'name,sector\nA,"Small\ngrowers"\nB,Small\u200b growers\nC,n/a\nD,无\nE,-\nF,=1+1\nG,own\n'
    words = ["Small growers"] * 2 + ["other"] * 3 + ["=1+1", "own"]
    assert [person.sector for person in read(text)] == words


def test_a_panel_has_twelve_sectors_of_its_own_and_of_more_words_each_is_asked_for():
    assert len({person.sector for person in read(of_words(12))}) == 12

    told = problems_of(of_words(13))
    assert len(told) == 13
    assert "choose sector:group 0 among own, academic," in told[0][2]
    one_is_not = {"sector": "own", "sector:group 3": "other"}
    sectors = [person.sector for person in read(of_words(13), one_is_not)]
    assert sectors[2:5] == ["group 2", "other", "group 4"]

    [(row, column, message)] = problems_of(of_words(13), {"sector": "own"})
    assert (row, column) == (None, "sector")
    assert message.startswith("13 words in this column are no sectors")
    [(row, column, message)] = problems_of(of_words(21), {"sector": "industry"})
    assert (row, column) == (None, "sector")


def test_a_sector_of_ones_own_is_a_word_and_no_essay():
    assert read(f"name,sector\nA,{'x' * 40}\n")[0].sector == "x" * 40
    [(row, column, message)] = problems_of(f"name,sector\nA,{'x' * 41}\n")
    assert (row, column, message) == (2, "sector", "The text is longer than 40 characters. Shorten it.")


@pytest.mark.django_db
def test_the_page_asks_and_the_workbook_is_imported_with_the_answers(client):
    sign_in_staff(client, make_account())
    book, data = Workbook(), BytesIO()
    for line in LIST.splitlines():
        book.active.append([cell or None for cell in line.split(",")])
    book.save(data)

    def send(answers):
        file = SimpleUploadedFile("experts.xlsx", data.getvalue())
        return client.post(IMPORT, {"name": "Collège 2026", "file": file, **answers})

    page = send({})
    assert page.status_code == 422
    for asked in ("sector:Direction de BU", "addresses", "repeated", "extra:Téléphone"):
        assert f'name="reading-{asked}"' in page.text
    assert not Panel.objects.exists()

    likely = {"Nom et prénom": "name", "Établissement": "organisation", "Courriel": "email"}
    chosen = CHOSEN | {f"extra:{head}": column for head, column in (likely | {"Collège": "sector"}).items()}
    answers = {f"reading-{key}": value for key, value in (chosen | {"header": "3"}).items()}
    answers["read"] = page.context["read"]
    assert send(answers).status_code == 302
    assert list(Expert.objects.order_by("code").values_list("code", "sector")) == [
        ("E001", "government"),
        ("E002", "industry"),
        ("E003", "government"),
    ]


def test_who_has_no_name_is_called_by_the_address():
    text = "name,email\nAma,ama@u.example\n,nobody@u.example\n"
    assert [(p.name, p.email) for p in read(text)] == [
        ("Ama", "ama@u.example"),
        ("nobody@u.example", "nobody@u.example"),
    ]
    # Of whom nothing is known the name is asked for.
    (problem,) = problems_of("name,email,code\nA,a@u.example,1\n,,2\n")
    assert problem[:2] == (3, "name")


def test_a_list_of_names_alone_is_a_panel():
    people = read("姓名\n王伟\n李娜\n")
    assert [(p.code, p.name, p.email) for p in people] == [("E001", "王伟", ""), ("E002", "李娜", "")]


def test_what_people_write_for_no_address_is_none():
    people = read("name,email\nA,无\nB,-\nC,n/a\nD,\nE,e@x.example\n")
    assert [p.email for p in people] == ["", "", "", "", "e@x.example"]


def test_a_telephone_number_for_an_address_is_asked_about_and_not_kept():
    text = "name,email\nA,13800000000\nB,b@x.example\n"
    ((row, column, _words),) = problems_of(text)
    assert (row, column) == (2, "email")
    assert [p.email for p in read(text, {"no_address": "empty"})] == ["", "b@x.example"]


NAMESAKES = (
    "name,email,organisation\n王伟,,U1\n李娜,,U1\n王 伟,w@x.example,U2\nB,b@x.example,\nB,c@x.example,\n"
)


def test_namesakes_whom_no_address_tells_apart_are_named_by_their_rows():
    ledger = Decisions()
    with pytest.raises(FileProblems) as found:
        read_panel(NAMESAKES.encode(), "experts.csv", ledger)
    (problem,) = found.value.problems
    assert (problem.row, problem.column, problem.key) == (4, "name", "namesakes:王伟")
    assert "Row 2 has the same name" in problem.message
    (asked,) = ledger.open
    assert asked.samples == ("row 2, U1", "row 4, U2, w@x.example")


@pytest.mark.parametrize(
    ("settled", "kept"),
    [
        (
            "all",
            [
                ("王伟", ""),
                ("李娜", ""),
                ("王 伟", "w@x.example"),
                ("B", "b@x.example"),
                ("B", "c@x.example"),
            ],
        ),
        ("first", [("王伟", ""), ("李娜", ""), ("B", "b@x.example"), ("B", "c@x.example")]),
        ("last", [("李娜", ""), ("王 伟", "w@x.example"), ("B", "b@x.example"), ("B", "c@x.example")]),
    ],
)
def test_namesakes_are_one_person_or_several_as_is_chosen(settled, kept):
    people = read(NAMESAKES, {"namesakes:王伟": settled})
    assert [(p.name, p.email) for p in people] == kept
    assert [p.code for p in people] == [f"E{n:03}" for n in range(1, len(kept) + 1)]


def test_of_more_namesakes_than_a_person_sorts_each_row_is_told():
    rows = "".join(f"P{n},\n" for n in range(21))
    ledger = Decisions()
    with pytest.raises(FileProblems) as found:
        read_panel(f"name,email\n{rows}{rows}".encode(), "experts.csv", ledger)
    assert [(problem.row, problem.key) for problem in found.value.problems] == [
        (n, "") for n in range(23, 44)
    ]
    assert ledger.open == []
