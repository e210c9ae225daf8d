"""What the check of an import says of a file that asks something: once, and with what was left out."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from indexer.intake.hints import is_aggregate
from indexer.models import DataImport
from indexer.selectors.import_reviews import review_of
from indexer.services.registers import import_countries
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.data.reading import read
from weighting.enums import Role

pytestmark = pytest.mark.django_db
FILE = (
    "3-1 各国主要指标,,,\n单位：万元,,,\n国家,甲,乙,备注\n中 国,14.1亿,2.5,x\n法国,6750万,3.5,y\n"
    "世 界,79亿,4.5,z\n资料来源：联合国。,,,\n"
)


@pytest.fixture
def draft(client):
    account = make_account(Role.ANALYST)
    register = import_countries(actor=account)
    sign_in_staff(client, account)
    framework = make_framework(tree={"甲": {}, "乙": {}}, owner=account)
    sent = {"framework": framework.pk, "register": register.pk, "name_zh": "年鉴", "year": 2021}
    file = SimpleUploadedFile("f.csv", FILE.encode())
    client.post(reverse("indexer:data-set-import"), {**sent, "file": file})
    return DataImport.objects.get()


def test_a_column_that_is_asked_about_is_one_question_and_not_one_for_each_cell(client, draft):
    found = [(f.rule, f.column) for f in review_of(draft).findings if f.severity == "blocker"]
    assert ("undecided", "甲") in found
    # Neither is a column that is asked about too large to compute with.
    assert "not_computable" not in {rule for rule, _column in found}
    assert "not_a_number" not in {rule for rule, _column in found}
    mapping = reverse("indexer:import-mapping", args=[draft.pk])
    assert "14.1亿 → 1\u202f410\u202f000\u202f000" in client.get(mapping).content.decode()
    client.post(mapping, {"reading-words:甲": "multiply", "reading-aggregates": "left out"})
    draft.refresh_from_db()
    review = review_of(draft)
    assert "undecided" not in {finding.rule for finding in review.findings}
    assert review.content.values.tolist() == [[1.41e9, 2.5], [6.75e7, 3.5]]


def test_titles_and_notes_that_are_not_read_are_listed(client, draft):
    notes = [f.value for f in review_of(draft).findings if f.rule == "left_out" and f.value]
    assert notes == ["3-1 各国主要指标", "单位：万元", "资料来源：联合国。"]
    page = client.get(reverse("indexer:import-check", args=[draft.pk])).content.decode()
    assert "单位：万元" in page


def test_a_column_that_is_only_suggested_to_be_left_out_is_not_said_to_be(client, draft):
    assert draft.column_targets[2] == ["aside", "near"]
    rules = {f.rule for f in review_of(draft).findings if f.column == "备注"}
    assert rules == {"unmapped"}
    client.post(reverse("indexer:import-mapping", args=[draft.pk]), {"column-2": "aside"})
    draft.refresh_from_db()
    assert {f.rule for f in review_of(draft).findings if f.column == "备注"} == {"left_out"}


@pytest.mark.parametrize("label", ["世 界", "Welt", "Monde", "全世界", "World"])
def test_the_world_is_a_sum_in_any_spelling(label):
    assert is_aggregate(label)


def test_a_slip_among_numbers_is_a_cell_to_correct_and_no_unit():
    text = "country,a\nAlbania,1\nNamibia,2\nChad,13oo\n"
    sheet, asked, _likely = read(text)
    assert (asked, sheet.texts) == ({"text:a": ""}, {(2, 0): "13oo"})
