"""What is said of a file whose year is stored already, or whose codes are those of units of other names."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from indexer.models import City, DataImport, DataSet
from indexer.selectors.import_reviews import review_of
from indexer.services.registers import RegisterWords, import_register
from tests.factories import make_account, make_framework, sign_in_staff
from weighting.enums import Role

pytestmark = pytest.mark.django_db
WARDS = "code,name_en,aliases\n00012,Lakeside,The Lakes\n00023,Northgate,\n00301,O’Neill,\n00404,Mercy,\n"
DATA = "ID,Name,ab,cd\n00012,{0},1,2\n00023,{1},{2},4\n00301,O'Neill,5,6\n00404,Mercy,7,\n"


@pytest.fixture
def framework(client):
    account = make_account(Role.ANALYST)
    sign_in_staff(client, account)
    sent = {"source": WARDS.encode(), "filename": "r.csv", "into": RegisterWords(name_en="Wards")}
    import_register(**sent, actor=account)
    return make_framework(tree={"ab": {}, "cd": {}}, owner=account)


def sent(client, framework, text, **said):
    said = said or {"register": City.objects.first().register_id, "name_en": "Wards"}
    said = {"year": 2026, "normalisation": "minmax", "missing": "reweight", **said, "framework": framework.pk}
    client.post(
        reverse("indexer:data-set-import"), {**said, "file": SimpleUploadedFile("d.csv", text.encode())}
    )
    draft = DataImport.objects.get()
    mapping = reverse("indexer:import-mapping", args=[draft.pk])
    client.post(mapping, {"reading-unit": "ID"})
    client.post(mapping, {"leave-out-columns": "1"})
    draft.refresh_from_db()
    return draft


def notes_of(draft, rule):
    return [note for note in review_of(draft).notes if note.rule == rule]


def test_a_code_beside_another_name_is_named(client, framework):
    draft = sent(client, framework, DATA.format("Lakeside University", "NORTHGATE", 3))
    (note,) = notes_of(draft, "renamed")
    assert (note.line, note.unit, note.column, note.value) == (2, "00012", "Name", "Lakeside University")
    assert "The register calls this unit Lakeside." in note.message
    page = client.get(reverse("indexer:import-check", args=[draft.pk])).text
    assert "The register calls this unit Lakeside." in page
    told = client.get(reverse("indexer:api-import", args=[draft.pk])).json()
    assert "renamed" in [finding["rule"] for finding in told["findings"]]


@pytest.mark.parametrize("name", ["Lakeside", "lakeside ", "The Lakes", ""])
def test_a_name_that_the_register_knows_is_none(client, framework, name):
    draft = sent(client, framework, DATA.format(name, "Northgate", 3))
    assert notes_of(draft, "renamed") == []


def test_a_column_of_other_words_names_no_units(client, framework):
    text = "ID,Owner,ab,cd\n00012,public,1,2\n00023,private,3,4\n00301,Mercy,5,6\n00404,mixed,7,8\n"
    assert notes_of(sent(client, framework, text), "renamed") == []


def test_data_of_a_year_that_is_stored_are_a_correction_and_said_to_be(client, framework):
    draft = sent(client, framework, DATA.format("Lakeside", "Northgate", 3))
    assert notes_of(draft, "correction") == []
    client.post(reverse("indexer:import-store", args=[draft.pk]))
    series = DataSet.objects.get().series_id

    other = sent(client, framework, DATA.format("Lakeside", "Northgate", 3.5), series=series, year=2027)
    assert notes_of(other, "correction") == []
    client.post(reverse("indexer:import-discard", args=[other.pk]))
    same = sent(client, framework, DATA.format("Lakeside", "Northgate", 3.5), series=series, year=2026)
    (note,) = notes_of(same, "correction")
    assert "Edition 1 of the series holds data of 2026 already" in note.message
    assert "of 8 values that both have, 1 differ" in note.message
    assert note.message in client.get(reverse("indexer:import-check", args=[same.pk])).context["corrects"]


def test_a_series_is_told_by_its_name_too(client, framework):
    """Data under the name of a series go to it, whether it was chosen or not."""
    draft = sent(client, framework, DATA.format("Lakeside", "Northgate", 3))
    client.post(reverse("indexer:import-store", args=[draft.pk]))
    (note,) = notes_of(sent(client, framework, DATA.format("Lakeside", "Northgate", 9)), "correction")
    assert "of 8 values that both have, 1 differ" in note.message
