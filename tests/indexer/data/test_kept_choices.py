"""The next file of a series is read as the one of its newest edition was, by page, API and command."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from indexer.models import City, DataImport, DataSeries, DataSet
from indexer.selectors.data_imports import decisions_of
from indexer.selectors.stored_values import unpack_values
from tests.factories import make_account, make_framework, sign_in_staff
from weighting.enums import Role

pytestmark = pytest.mark.django_db
LEAVES = ("ab", "cd")


def table(factor=1):
    """Write a table with a code for no value, a sum of units, a near name, a column of no indicator."""
    return (
        f"country,ab,cd,colour\nAlbania,{1.5 * factor},2,red\nNamibja,{2.5 * factor},-999,blue\n"
        f"Chad,{3.5 * factor},4,red\nWorld,{9 * factor},9,red\n"
    )


@pytest.fixture
def framework(client):
    account = make_account(Role.ANALYST, username="anna")
    call_command("import_register", countries=True, account="anna")
    sign_in_staff(client, account)
    return make_framework(tree={leaf: {} for leaf in LEAVES}, owner=account)


@pytest.fixture
def series(client, framework):
    """A series whose first file somebody settled by hand."""
    namibia = City.objects.get(code="NAM")
    sent = {"framework": framework.pk, "register": namibia.register_id, "name_en": "Yearbook", "year": 2020}
    sent |= {"normalisation": "minmax", "missing": "reweight"}
    file = SimpleUploadedFile("2020.csv", table().encode())
    client.post(reverse("indexer:data-set-import"), {**sent, "file": file})
    draft = DataImport.objects.get()
    mapping = reverse("indexer:import-mapping", args=[draft.pk])
    client.post(mapping, {"reading-code:-999": "gap", "reading-aggregates": "left out"})
    client.post(mapping, {f"row-{draft.units.index('Namibja')}": namibia.pk, "leave-out-columns": "1"})
    client.post(reverse("indexer:import-store", args=[draft.pk]))
    return DataSeries.objects.get()


def check(series, years=(2020, 2021)):
    editions = DataSet.objects.filter(series=series).order_by("year")
    assert [edition.year for edition in editions] == list(years)
    newest = editions.last()
    codes = City.objects.in_bulk(newest.city_ids)
    assert [codes[pk].code for pk in newest.city_ids] == ["ALB", "NAM", "TCD"]
    assert unpack_values(newest)[:, 0].tolist() == [3, 5, 7]
    assert str(unpack_values(newest)[1, 1]) == "nan"


def test_the_page_asks_nothing_again_and_says_so(client, framework, series):
    sent = {"framework": framework.pk, "series": series.pk, "year": 2021}
    file = SimpleUploadedFile("2021.csv", table(2).encode())
    page = client.post(reverse("indexer:data-set-import"), {**sent, "file": file}, follow=True)
    draft = DataImport.objects.get()
    assert page.redirect_chain[-1][0] == reverse("indexer:import-check", args=[draft.pk])
    assert "Read as the file of Yearbook (2020) was" in page.content.decode()
    reading = {made["kind"]: made["how"] for made in draft.reading["decisions"]}
    assert (reading["code"], reading["aggregates"]) == ("chosen", "chosen")
    client.post(reverse("indexer:import-store", args=[draft.pk]))
    check(series)


def test_what_is_said_of_the_new_file_comes_first(client, framework, series):
    said = {
        "framework": framework.pk,
        "series": series.pk,
        "year": 2021,
        "choices": '{"code:-999": "number"}',
    }
    file = SimpleUploadedFile("2021.csv", table(2).encode())
    body = client.post("/api/v1/imports/", {**said, "file": file}).json()
    made = {one["key"]: (one["value"], one["how"]) for one in body["decisions"]}
    assert made["code:-999"] == ("number", "chosen")
    assert made["aggregates"] == ("left out", "chosen")


def test_a_command_needs_no_choices_for_the_next_year(framework, series, tmp_path):
    path = tmp_path / "2021.csv"
    path.write_text(table(2))
    call_command("import_data_set", path, framework=framework.pk, series=series.pk, year=2021, account="anna")
    check(series)


def test_a_series_that_begins_takes_over_nothing(client, framework, series):
    sent = {"framework": framework.pk, "register": series.register_id, "name_en": "Other", "year": 2021}
    file = SimpleUploadedFile("2021.csv", table(2).encode())
    page = client.post(reverse("indexer:data-set-import"), {**sent, "file": file}, follow=True)
    assert "Read as the file" not in page.content.decode()
    assert page.context["readings_open"] == 2


def test_what_words_do_is_chosen_once(client, framework):
    """3.5万 is 35,000 this year and the next, as somebody said when the series began."""
    rows = "country,ab,cd\nAlbania,{}万,5 km\nNamibia,{}亿,6 km\n"
    named = {"register": City.objects.get(code="NAM").register_id, "name_en": "Counted"}

    def send(text, **said):
        file = SimpleUploadedFile("f.csv", text.encode())
        return client.post("/api/v1/imports/", {"framework": framework.pk, **said, "file": file}).json()

    def words_of(body):
        return next(made for made in body["decisions"] if made["key"] == "words:ab")

    asked = words_of(send(rows.format(3.5, 1.2), **named, year=2020))
    assert (asked["how"], asked["options"]) == ("open", ["multiply", "gap"])
    assert asked["samples"] == ["3.5万 → 35\u202f000", "1.2亿 → 120\u202f000\u202f000"]
    body = send(rows.format(3.5, 1.2), **named, year=2020, choices='{"words:ab": "multiply"}')
    client.post(reverse("indexer:api-import-store", args=[body["id"]]))
    first = DataSet.objects.get()
    assert unpack_values(first).tolist() == [[35000, 5], [1.2e8, 6]]
    body = send(rows.format(4.5, 2.5), series=first.series_id, year=2021)
    assert words_of(body)["how"] == "chosen"
    client.post(reverse("indexer:api-import-store", args=[body["id"]]))
    assert unpack_values(DataSet.objects.get(year=2021)).tolist() == [[45000, 5], [2.5e8, 6]]


MERGED = "country,sex,ab,cd\nAlbania,f,1,2\n,m,{0},2.5\n,t,3,4\nChad,f,2,3\n,m,2.5,3.5\n,t,4,5\n"


def merged_draft(client, framework, factor=1.5, **said):
    said = said or {"register": City.objects.get(code="NAM").register_id, "name_en": "Merged", "year": 2020}
    said |= {"framework": framework.pk, "normalisation": "minmax", "missing": "reweight"}
    file = SimpleUploadedFile("f.csv", MERGED.format(factor).encode())
    client.post(reverse("indexer:data-set-import"), {**said, "file": file})
    return DataImport.objects.get()


def of_page(client, draft, choices):
    answer = client.post(
        reverse("indexer:import-mapping", args=[draft.pk]),
        {f"reading-{key}": value for key, value in choices.items()},
        follow=True,
    )
    return answer.status_code, "cannot be chosen" in answer.text


def of_api(client, draft, choices):
    address = f"/api/v1/imports/{draft.pk}/"
    answer = client.patch(address, {"choices": choices}, content_type="application/json")
    return 200, answer.status_code != 200 and "cannot be chosen" in answer.text


@pytest.mark.parametrize("choose", [of_page, of_api])
def test_a_choice_may_settle_what_another_one_brings_up(client, framework, choose):
    """Which of the rows of a unit are read is asked once those below a merged name are its own."""
    draft = merged_draft(client, framework)
    assert draft.units.count("Albania") == 1
    assert choose(client, draft, {"fill": "above", "only:sex": "x"}) == (200, True)
    draft.refresh_from_db()
    assert draft.choices.get("fill") is None
    assert choose(client, draft, {"fill": "above", "only:sex": "t"}) == (200, False)
    draft.refresh_from_db()
    assert (draft.units, [draft.lines[0], draft.lines[1]]) == (["Albania", "Chad"], [4, 7])
    assert choose(client, draft, {"only:colour": "red"}) == (200, True)

    client.post(reverse("indexer:import-mapping", args=[draft.pk]), {"leave-out-columns": "1"})
    client.post(reverse("indexer:import-store", args=[draft.pk]))
    series = DataSeries.objects.get()
    assert merged_draft(client, framework, 9.5, series=series.pk, year=2021).units == ["Albania", "Chad"]


TEXTS = "country,ab,cd\nAlbania,1,c\nChad,n/a (1),2\nNamibia,3,4\n"


@pytest.mark.parametrize("choose", [of_page, of_api])
def test_one_answer_may_hold_for_all_questions_of_a_kind(client, framework, choose):
    """Texts in place of numbers are asked about for each column, and for all of them at once."""
    said = {"register": City.objects.get(code="NAM").register_id, "name_en": "Texts", "year": 2020}
    said |= {"framework": framework.pk, "normalisation": "minmax", "missing": "reweight"}
    client.post(
        reverse("indexer:data-set-import"), {**said, "file": SimpleUploadedFile("f.csv", TEXTS.encode())}
    )
    draft = DataImport.objects.get()
    page = client.get(reverse("indexer:import-mapping", args=[draft.pk]))
    assert [item["name"] for item in page.context["readings"][:3]] == [
        "reading-text",
        "reading-text:ab",
        "reading-text:cd",
    ]
    assert choose(client, draft, {"text": "number"}) == (200, True)
    assert choose(client, draft, {"text": "gap"}) == (200, False)
    draft.refresh_from_db()
    assert {one.how for one in decisions_of(draft) if one.kind == "text"} == {"chosen"}


def test_a_page_whose_choice_is_refused_is_shown_again(client, framework):
    draft = merged_draft(client, framework)
    mapping = reverse("indexer:import-mapping", args=[draft.pk])
    answer = client.post(mapping, {"reading-fill": "sideways"})
    assert answer["Location"] == mapping
