"""Pages of forms show how a file was read before anything is stored, and carry the file along."""

import html
import json
import re

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from indexer.models import City, DataImport, OutsideSeries, Register
from indexer.services.registers import default_register
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import register_places
from weighting.enums import Role
from weighting.forms import carrying, uploads
from weighting.models import Framework, Panel, WeightVersion

pytestmark = pytest.mark.django_db

PANEL = "code;name;email\nE1;Ángel Núñez;a@example.org\nE2;Zoë;z@example.org\n".encode("cp1252")
REGISTER = "name_en;latitude;longitude\nGijón;43,5;-5,7\nCórdoba;37,9;-4,8\n".encode("cp1252")
SERIES = b"unit,value\nAlphaville,12%\nBetatown,7%\nGammaburgh,3%\nWorld,22%\n"
IMETA = b"iCode,iName,Parent,Type,Weight\na,Access,,Indicator,1\nb,Burden,,Indicator,3\n"


@pytest.fixture
def visitor(client):
    account = make_account(Role.MANAGER)
    sign_in_staff(client, account)
    return client


def carried_by(page, field="file"):
    """Return the hidden fields in which a page carries a file."""
    fields = re.findall(rf'name="({field}-carried[^"]*)" value="([^"]*)"', page.content.decode())
    return {name: html.unescape(value) for name, value in fields}


def answered(page, **choices):
    """Return what the page would send on: its own fields, what is chosen as shown, and the choices."""
    context = page.context
    sent = {"read": context["read"], **carried_by(page)}
    sent |= {item["name"]: item["value"] for item in context["readings"]}
    return sent | {f"reading-{key}": value for key, value in choices.items()}


def test_a_panel_in_another_encoding_is_looked_at_first_and_the_file_comes_along(visitor):
    address = reverse("weighting:panel-import")
    page = visitor.post(address, {"name": "P", "file": SimpleUploadedFile("p.csv", PANEL)})
    assert (page.status_code, Panel.objects.count()) == (422, 0)
    shown = {item["name"]: item["samples"] for item in page.context["readings"]}
    assert "Ángel" in shown["reading-encoding"]
    assert "reading-separator" in shown
    assert visitor.post(address, {"name": "P", **answered(page)}).status_code == 302
    assert Panel.objects.get().experts.get(code="E1").name == "Ángel Núñez"
    assert visitor.post(address, {"name": "Q", **answered(page, encoding="cp1250")}).status_code == 302
    assert Panel.objects.get(name="Q").experts.get(code="E1").name == "Ángel Núńez"


def test_choices_hold_for_the_file_that_they_were_made_for(visitor):
    address = reverse("weighting:panel-import")
    page = visitor.post(address, {"name": "P", "file": SimpleUploadedFile("p.csv", PANEL)})
    other = SimpleUploadedFile("q.csv", "code,name,email\nE1,Zoë,z@example.org\n".encode())
    assert visitor.post(address, {"name": "P", **answered(page), "file": other}).status_code == 302
    assert Panel.objects.get().experts.get().name == "Zoë"


def test_a_form_refused_for_another_field_carries_its_file(visitor):
    address = reverse("weighting:panel-import")
    page = visitor.post(
        address, {"name": "", "file": SimpleUploadedFile("p.csv", b"code,name,email\nE1,A,a@b.org\n")}
    )
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["name"])
    assert "“p.csv” is sent along" in page.content.decode()
    assert visitor.post(address, {"name": "P", **carried_by(page)}).status_code == 302
    assert Panel.objects.get().experts.get().name == "A"


def test_an_import_refused_for_its_terms_carries_both_of_its_files(visitor):
    framework, register = make_framework({"a": {}, "b": {}}), default_register()
    address = reverse("indexer:data-set-import")
    said = {"framework": framework.pk, "register": register.pk, "year": 2020}
    files = {
        "file": SimpleUploadedFile("d.csv", b"unit,a,b\nAlphaville,1,2\n"),
        "totals": SimpleUploadedFile("t.csv", b"code,total\na,10\nb,20\n"),
    }
    page = visitor.post(address, {**said, **files})
    assert (page.status_code, DataImport.objects.count()) == (422, 0)
    again = carried_by(page) | carried_by(page, "totals")
    assert visitor.post(address, {**said, "name_en": "D", **again}).status_code == 302
    draft = DataImport.objects.get()
    assert (draft.file_name, draft.totals_name, draft.totals) == ("d.csv", "t.csv", {"a": 10.0, "b": 20.0})


def test_a_page_lets_go_of_a_file_that_it_needs_not(visitor):
    """Equal weights take no file: the page that carries the one that was sent has to be able to drop it."""
    address = reverse("weighting:version-new")
    said = {"framework": make_framework().pk, "label_en": "Equal", "source": "equal"}
    page = visitor.post(address, {**said, "file": SimpleUploadedFile("w.csv", b"code,local_weight\na,1\n")})
    assert page.status_code == 422
    assert visitor.post(address, {**said, **carried_by(page)}).status_code == 422
    assert 'name="file-dropped"' in page.text
    assert visitor.post(address, {**said, **carried_by(page), "file-dropped": "1"}).status_code == 302
    # A file that has to be sent is not dropped.
    panel = visitor.post(
        reverse("weighting:panel-import"), {"name": "", "file": SimpleUploadedFile("p.csv", PANEL)}
    )
    assert "file-dropped" not in panel.text


def test_a_file_that_is_wrong_itself_or_too_large_is_chosen_again(visitor, monkeypatch):
    address = reverse("weighting:panel-import")
    monkeypatch.setattr(carrying, "MOST_CARRIED", 10)
    page = visitor.post(address, {"name": "", "file": SimpleUploadedFile("p.csv", PANEL)})
    assert carried_by(page) == {}
    assert "“p.csv” is too large to be sent along" in page.content.decode()
    monkeypatch.undo()
    monkeypatch.setattr(uploads, "MAX_UPLOAD", 10)
    page = visitor.post(address, {"name": "P", "file": SimpleUploadedFile("p.csv", PANEL)})
    assert (list(page.context["form"].errors), carried_by(page)) == (["file"], {})


@pytest.mark.parametrize("carried", ["", "no base64", "YWJj", "eJw="])
def test_what_no_page_of_ours_carries_is_no_file(visitor, carried):
    page = visitor.post(reverse("weighting:panel-import"), {"name": "P", "file-carried": carried})
    assert (page.status_code, "file" in page.context["form"].errors) == (422, True)


def test_a_register_shows_its_encoding_and_reads_decimal_commas(visitor):
    address = reverse("indexer:register-import")
    words = {"name_en": "Spain", "unit_zh": "城", "unit_en": "city", "units_en": "cities"}
    page = visitor.post(address, {**words, "file": SimpleUploadedFile("r.csv", REGISTER)})
    assert (page.status_code, Register.objects.filter(name_en="Spain").exists()) == (422, False)
    assert visitor.post(address, {**words, **answered(page)}).status_code == 302
    assert City.objects.get(name_en="Gijón").latitude == 43.5


def test_a_series_asks_for_all_of_a_kind_at_once(visitor):
    register = default_register()
    address = reverse("indexer:series-import")
    said = {"register": register.pk, "name_en": "GDP", "unit": "%", "year": 2020}
    page = visitor.post(address, {**said, "file": SimpleUploadedFile("s.csv", SERIES)})
    names = [item["name"] for item in page.context["readings"]]
    assert "reading-row" in names
    assert "reading-row:Alphaville" in names
    # Nothing else is wrong with the file, and nothing was stored.
    assert (page.context["problems"], OutsideSeries.objects.count()) == ([], 0)
    choices = {"aggregates": "left out", "row": "left out"}
    page = visitor.post(address, {**said, **answered(page, **choices)})
    assert [problem.message for problem in page.context["problems"]] == [
        "The file has no value of any unit. Add a row for each unit with its value."
    ]


def test_a_framework_and_its_weights_come_from_one_imeta(visitor):
    address = reverse("weighting:framework-import")
    page = visitor.post(address, {"name_en": "F", "file": SimpleUploadedFile("iMeta.csv", IMETA)})
    assert page.context["readings"][0]["name"] == "reading-format"
    assert visitor.post(address, {"name_en": "F", **answered(page)}).status_code == 302
    framework = Framework.objects.get(name_en="F")
    address = reverse("weighting:version-new")
    said = {"framework": framework.pk, "label_en": "W", "source": "imported"}
    page = visitor.post(address, {**said, "file": SimpleUploadedFile("iMeta.csv", IMETA)})
    assert (page.status_code, WeightVersion.objects.count()) == (422, 0)
    assert visitor.post(address, {**said, **answered(page)}).status_code == 302
    version = WeightVersion.objects.get()
    weights = dict(version.node_weights.values_list("indicator__code", "local_weight"))
    assert weights == {"a": 0.25, "b": 0.75}


def test_published_totals_are_looked_at_before_weights_are_drafted(visitor):
    framework = make_framework({"a": {}, "b": {}})
    address = reverse("weighting:version-implied")
    said = {"framework": framework.pk, "label_en": "Implied"}
    table = "unit;total;a;b\nGijón;1,4;1;2\nCórdoba;2,6;3;2\nAlcalá;2,2;3;1\n".encode("cp1252")
    page = visitor.post(address, {**said, "file": SimpleUploadedFile("totals.csv", table)})
    assert (page.status_code, WeightVersion.objects.count()) == (422, 0)
    assert "reading-encoding" in page.text
    assert visitor.post(address, {**said, **answered(page)}).status_code == 302
    residuals = WeightVersion.objects.get().evidence["residuals"]
    assert [unit for unit, _total, _residual in residuals] == ["Gijón", "Córdoba", "Alcalá"]


def test_every_page_says_when_an_account_brought_in_enough(visitor, settings):
    settings.MOST_TABLES_A_DAY = 0
    framework, register = make_framework({"a": {}, "b": {}}), default_register()
    register_places(2, actor=make_account(Role.MANAGER))
    names = City.objects.filter(register=register).order_by("pk").values_list("name_zh", flat=True)
    weighted = {"framework": framework.pk, "label_en": "W"}
    tables = {
        "weighting:framework-import": ({"name_en": "F"}, b"code,parent\nx,\ny,\n"),
        "weighting:panel-import": ({"name": "P"}, b"code,name,email\nE1,Ana,a@example.org\n"),
        "weighting:version-new": ({**weighted, "source": "imported"}, b"code,local_weight\na,0.5\nb,0.5\n"),
        "weighting:version-implied": (weighted, b"unit,total,a,b\nA,1.4,1,2\nB,2.6,3,2\nC,2.2,3,1\n"),
        "indexer:register-import": ({"name_en": "Towns"}, b"name_en\nOviedo\n"),
        "indexer:series-import": (
            {"register": register.pk, "name_en": "S", "unit": "%", "year": 2020},
            f"unit,value\n{names[0]},1\n{names[1]},2\n".encode(),
        ),
    }
    for address, (said, content) in tables.items():
        page = visitor.post(reverse(address), {**said, "file": SimpleUploadedFile("t.csv", content)})
        assert (page.status_code, "0 tables within a day" in page.text) == (422, True), address
    assert (Panel.objects.count(), WeightVersion.objects.count(), OutsideSeries.objects.count()) == (0, 0, 0)


def test_a_file_that_leaves_nothing_to_look_at_is_stored_at_once(visitor):
    make_framework()
    plain = SimpleUploadedFile("p.csv", b"code,name,email\nE1,Ana,a@example.org\n")
    page = visitor.post(reverse("weighting:panel-import"), {"name": "P", "file": plain})
    assert page.status_code == 302


def test_the_api_stores_a_series_by_the_same_choices(visitor):
    address = "/api/v1/series-imports/"
    register = default_register()
    register_places(2, actor=make_account(Role.MANAGER))
    names = list(City.objects.filter(register=register).order_by("pk").values_list("name_zh", flat=True))
    text = f"unit;2019;2020\n{names[0]};1,5;2,5\n{names[1]};3,5;-999\nAtlantis;7;7\n"
    said = {"register": register.pk, "name_en": "GDP", "unit": "%", "year": 2020}
    refused = visitor.post(address, {**said, "file": SimpleUploadedFile("s.csv", text.encode())})
    assert refused.status_code == 422
    assert {one["key"] for one in refused.json()["problems"]} == {"code:-999", "row:Atlantis"}
    choices = {"code": "gap", "row": "left out"}
    sent = {**said, "choices": json.dumps(choices), "file": SimpleUploadedFile("s.csv", text.encode())}
    stored = visitor.post(address, sent)
    assert (stored.status_code, stored.json()["cities"]) == (201, 1)
    assert np.frombuffer(OutsideSeries.objects.get().values).tolist() == [2.5]
    wrong = {**said, "choices": "[1]", "file": SimpleUploadedFile("s.csv", text.encode())}
    assert visitor.post(address, wrong).status_code == 400
