"""How a file was read is shown, and its encoding can be chosen: on the page, in the API, by command."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from openpyxl import Workbook

from indexer.models import DataSet
from indexer.services.registers import default_register
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import register_places
from weighting.enums import Role

pytestmark = pytest.mark.django_db
IMPORTS = "/api/v1/imports/"
HEADER = "unit,fixed,mobile,retail,finance,travel"
RUSSIAN = f"{HEADER}\nМосква,1,2,3,4,5\n".encode("cp1251")


@pytest.fixture
def framework(client):
    framework = make_framework()
    register_places(4, actor=framework.created_by)
    sign_in_staff(client, make_account(Role.ANALYST))
    return framework


def send(client, framework, data, name="data.csv", **fields):
    sent = {
        "framework": framework.pk,
        "register": default_register().pk,
        "name_zh": "数据",
        "name_en": "Data",
        "year": 2016,
        "file": SimpleUploadedFile(name, data),
    }
    return client.post(IMPORTS, sent | fields)


def test_the_encoding_is_shown_with_words_of_the_file(client, framework):
    body = send(client, framework, f"{HEADER}\n南阳,1,2,3,4,5\n".encode("gbk")).json()
    assert body["reading"] == {"sheet": "", "encoding": "GB18030, GBK", "words": ["南阳"]}
    for name in ("mapping", "check"):
        page = client.get(reverse(f"indexer:import-{name}", args=[body["id"]])).content.decode()
        assert "GB18030, GBK" in page
        assert "南阳" in page


def test_an_encoding_can_be_chosen(client, framework):
    asked = send(client, framework, RUSSIAN).json()
    assert {made["key"]: made["how"] for made in asked["decisions"]}["encoding"] == "open"
    assert any(finding["rule"] == "undecided" for finding in asked["findings"])
    detail = reverse("indexer:api-import", args=[asked["id"]])
    chosen = client.patch(detail, {"choices": {"encoding": "cp1251"}}, content_type="application/json")
    assert chosen.json()["reading"]["words"] == ["Москва"]
    body = send(client, framework, RUSSIAN, encoding="cp1251").json()
    assert body["reading"]["words"] == ["Москва"]
    wrong = send(client, framework, RUSSIAN, encoding="utf-8-sig")
    assert wrong.status_code == 422
    assert "Choose another one" in wrong.json()["problems"][0]["message"]
    assert send(client, framework, RUSSIAN, encoding="rot13").status_code == 400


def test_the_command_takes_an_encoding(framework, tmp_path):
    file = tmp_path / "data.csv"
    file.write_bytes(f"{HEADER}\n南阳,1,2,3,4,5\n洛阳,2,3,4,5,6\n".encode("utf-16-be"))
    said = {
        "framework": framework.pk,
        "year": 2016,
        "account": framework.created_by.username,
        "name_zh": "数据",
        "name_en": "Data",
    }
    call_command("import_data_set", file, **said)
    file.write_bytes(RUSSIAN)
    with pytest.raises(CommandError, match="The encoding of the text"):
        call_command("import_data_set", file, **said)
    file.write_bytes(f"{HEADER}\n南阳,1,2,3,4,7\n洛阳,2,3,4,5,6\n".encode("gb18030"))
    call_command("import_data_set", file, **said, encoding="gb18030")
    assert DataSet.objects.count() == 2


def test_the_sheet_that_was_read_is_named(client, framework):
    book, out = Workbook(), BytesIO()
    book.active.sheet_state = "hidden"
    sheet = book.create_sheet("Values")
    sheet.append(HEADER.split(","))
    sheet.append(["南阳", 1, 2, 3, 4, 5])
    book.active = 1
    book.save(out)
    body = send(client, framework, out.getvalue(), "data.xlsx").json()
    assert body["reading"]["sheet"] == "Values"
    assert any("“Sheet” is not" in finding["message"] for finding in body["findings"])
    page = client.get(reverse("indexer:import-check", args=[body["id"]])).content.decode()
    assert "the sheet “Values” was read" in page
