"""Several deliveries to one edition: what is missing, who delivered what, and what the edition says of it."""

import io
import json
import zipfile

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from indexer.models import DataImport, DataSet, Delivery, Gathering
from indexer.selectors.stored_values import unpack_values
from indexer.services.registers import default_register
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_cities
from weighting.enums import Role
from weighting.services.api_tokens import make_api_token

pytestmark = pytest.mark.django_db

LEAVES = {"a": {}, "b": {}, "c": {}}
LIST, NEW = reverse("indexer:gathering-list"), reverse("indexer:gathering-new")


def url(page, thing):
    return reverse(f"indexer:{page}", args=[thing.pk])


@pytest.fixture
def owner():
    return make_account(Role.ANALYST)


@pytest.fixture
def client(client, owner):
    make_cities(2, actor=owner)
    return sign_in_staff(client, owner) or client


@pytest.fixture
def gathering(client):
    said = {"framework": make_framework(LEAVES).pk, "register": default_register().pk, "year": 2020}
    answer = client.post(NEW, {**said, "name_en": "Cities together", "normalisation": "minmax"})
    gathering = Gathering.objects.get()
    assert answer.url == url("gathering-detail", gathering)
    return gathering


def terms_of(gathering):
    said = {"framework": gathering.framework_id, "register": gathering.register_id, "year": 2021}
    return {**said, "name_en": "Another"}


def send(client, gathering, text, partner="Office"):
    file = SimpleUploadedFile(f"{partner}.csv", text.encode())
    answer = client.post(url("gathering-detail", gathering), {"partner": partner, "file": file})
    assert answer.status_code == 302, answer.text
    return DataImport.objects.latest("pk")


def deliver(client, gathering, text, partner):
    draft = send(client, gathering, text, partner)
    assert client.post(url("import-deliver", draft)).url == url("gathering-detail", gathering)
    return Delivery.objects.latest("pk")


@pytest.mark.postgres
def test_what_partners_deliver_becomes_one_edition_that_names_them(client, gathering, owner):
    deliver(client, gathering, "unit,a,b\n城市001,1,2\n城市002,3,\n", "Transport")
    page = client.get(url("gathering-detail", gathering))
    assert [(row["leaf"].code, row["count"], row["missing_count"]) for row in page.context["rows"]] == [
        ("a", 2, 0),
        ("b", 1, 1),
        ("c", 0, 2),
    ]
    assert "城市002" in page.context["rows"][1]["missing"]
    assert "Transport.csv" in page.text
    assert reverse("indexer:example-file", args=["data-template", "xlsx"]) in page.text
    refused = client.post(url("gathering-assemble", gathering), follow=True)
    assert "Nobody has delivered" in refused.text
    assert not DataImport.objects.exists()

    # Another account, another order of units, a later value of one cell; an empty one takes nothing away.
    partner = sign_in_staff(type(client)(), make_account(Role.MANAGER))
    deliver(partner, gathering, "unit,c,b,a\n城市002,6,4,\n城市001,5,2.5,\n", "Energy")
    assert partner.post(url("gathering-assemble", gathering)).status_code == 404
    answer = client.post(url("gathering-assemble", gathering))
    draft = DataImport.objects.get()
    assert (answer.url, draft.owner) == (url("import-check", draft), owner)
    assert client.post(url("import-store", draft)).status_code == 302
    stored = DataSet.objects.get()
    assert unpack_values(stored).tolist() == [[1, 2.5, 5], [3, 4, 6]]
    told = stored.mapping["deliveries"]
    assert [(one["partner"], one["indicators"], one["file_name"]) for one in told] == [
        ("Transport", ["a", "b"], "Transport.csv"),
        ("Energy", ["a", "b", "c"], "Energy.csv"),
    ]
    assert "Delivered by Energy" in client.get(url("data-set-detail", stored)).text

    # The gathering goes; the edition and its provenance stay.
    assert client.post(url("gathering-end", gathering)).url == LIST
    assert (Gathering.objects.count(), Delivery.objects.count(), DataSet.objects.count()) == (0, 0, 1)


def test_a_delivery_is_checked_as_any_file_and_stored_by_no_other_way(client, gathering):
    draft = send(client, gathering, "unit,a\n城市001,x\n城市002,2\n")
    assert client.post(url("import-deliver", draft)).url == url("import-check", draft)
    page = client.get(url("import-check", draft))
    assert [step["label"] for step in page.context["steps"]][-1] == "Deliver it"
    assert "Delivered by Office" in page.text
    assert [finding["finding"].rule for finding in page.context["blockers"]] == ["not_a_number"]
    client.post(url("import-check", draft), {"cell-0-0": "7"})
    client.post(url("import-store", draft))
    assert not DataSet.objects.exists()
    assert client.post(url("import-terms", draft), terms_of(gathering)).status_code == 422
    assert "Deliver it" in client.get(url("import-check", draft)).text
    client.post(url("import-deliver", draft))
    delivery = Delivery.objects.get()
    assert np.frombuffer(delivery.values).tolist() == [7.0, 2.0]
    assert delivery.origin["corrections"] == [[2, "城市001", "a", "7"]]


def test_a_file_without_any_indicator_is_not_delivered(client, gathering):
    draft = send(client, gathering, "unit,population\n城市001,5\n城市002,6\n")
    client.post(url("import-mapping", draft), {"leave-out-columns": "1"})
    client.post(url("import-deliver", draft))
    assert not Delivery.objects.exists()


def test_an_import_of_its_own_is_no_delivery(client, gathering):
    draft = send(client, gathering, "unit,a,b,c\n城市001,1,2,3\n城市002,2,3,4\n")
    DataImport.objects.filter(pk=draft.pk).update(gathering=None)
    client.post(url("import-deliver", draft))
    assert not Delivery.objects.exists()


def test_an_account_keeps_so_many_gatherings(client, gathering, settings):
    settings.MOST_IMPORT_DRAFTS = 1
    refused = client.post(NEW, terms_of(gathering))
    assert (refused.status_code, Gathering.objects.count()) == (422, 1)
    assert "You keep 1 gatherings" in refused.text


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_take_the_same_queries_for_any_number(client, gathering, count, django_assert_num_queries):
    for _ in range(count):
        deliver(client, gathering, "unit,a\n城市001,1\n城市002,2\n", "Office")
    with django_assert_num_queries(12):
        client.get(url("gathering-detail", gathering))


def test_a_program_gathers_an_edition_over_the_api(client, owner):
    headers = {"Authorization": f"Bearer {make_api_token(owner, name='g')}"}
    listed = "/api/v1/gatherings/"
    said = {"framework": make_framework(LEAVES).pk, "name_en": "Together", "normalisation": "minmax"}
    refused = client.post(listed, said, content_type="application/json", headers=headers)
    assert (refused.status_code, sorted(refused.json())) == (400, ["register", "year"])
    said |= {"register": default_register().pk, "year": 2020}
    body = client.post(listed, said, content_type="application/json", headers=headers).json()
    own = f"{listed}{body['id']}/"
    assert (body["is_whole"], [one["code"] for one in body["indicators"]]) == (False, ["a", "b", "c"])
    for partner, text in (
        ("T", "unit,a,b\n城市001,1,2\n城市002,3,\n"),
        ("E", "unit,c,b\n城市002,6,4\n城市001,5,\n"),
    ):
        sent = {"partner": partner, "file": SimpleUploadedFile(f"{partner}.csv", text.encode())}
        draft = client.post(f"{own}deliveries/", sent, headers=headers)
        assert draft.status_code == 201, draft.text
        answer = client.post(f"/api/v1/imports/{draft.json()['id']}/deliver/", headers=headers)
        assert (answer.status_code, answer.json()["partner"]) == (201, partner)
        if partner == "T":
            blockers = client.post(f"{own}assemble/", headers=headers)
            assert (blockers.status_code, len(blockers.json()["blockers"])) == (422, 1)
    body = client.get(own, headers=headers).json()
    assert [(one["code"], one["partner"], one["units"], one["missing"]) for one in body["indicators"]] == [
        ("a", "T", 2, []),
        ("b", "E", 2, []),
        ("c", "E", 2, []),
    ]
    assert [(one["partner"], one["indicators"], one["units"]) for one in body["deliveries"]] == [
        ("T", ["a", "b"], 2),
        ("E", ["b", "c"], 2),
    ]
    assert [one["deliveries"] for one in client.get(listed, headers=headers).json()] == [2]
    whole = client.post(f"{own}assemble/", headers=headers).json()
    assert whole["can_be_stored"]
    assert client.post(f"/api/v1/imports/{whole['id']}/store/", headers=headers).status_code == 201
    assert unpack_values(DataSet.objects.get()).tolist() == [[1, 2, 5], [3, 4, 6]]
    assert client.delete(own, headers=headers).status_code == 204
    assert (Gathering.objects.count(), DataSet.objects.count()) == (0, 1)


def test_another_account_delivers_over_the_api_and_neither_assembles_nor_ends(client, gathering):
    other = {"Authorization": f"Bearer {make_api_token(make_account(Role.MANAGER), name='o')}"}
    own = f"/api/v1/gatherings/{gathering.pk}/"
    assert client.get(own, headers=other).status_code == 200
    assert client.post(f"{own}assemble/", headers=other).status_code == 404
    assert client.delete(own, headers=other).status_code == 404
    wrong = {"partner": "E", "file": SimpleUploadedFile("e.csv", b"")}
    assert client.post(f"{own}deliveries/", wrong, headers=other).status_code == 422


def test_commands_gather_an_edition(client, owner, tmp_path):
    def run(act, *said):
        out = io.StringIO()
        call_command("gathering", act, *said, "--account", owner.username, stdout=out)
        return out.getvalue().splitlines()

    about = ["--framework", str(make_framework(LEAVES).pk), "--name-en", "Together", "--year", "2020"]
    with pytest.raises(CommandError, match="--series or a --register"):
        run("open", *about)
    register = default_register()
    (line,) = run(
        "open", *about, "--register", register.name_zh or register.name_en, "--normalisation", "minmax"
    )
    number = ["--gathering", line.partition(":")[0]]
    first, second = tmp_path / "t.csv", tmp_path / "e.csv"
    first.write_text("unit,a,b,colour\n城市001,1,2,red\n城市002,3,,blue\n", "utf-8")
    second.write_text("unit,c,b\n城市002,6,4\n城市001,5,\n", "utf-8")
    with pytest.raises(CommandError, match="colour"):
        run("deliver", str(first), *number, "--partner", "T")
    assert not DataImport.objects.exists()
    assert run("deliver", str(first), *number, "--partner", "T", "--leave-out-columns") == [
        "t.csv, T: a, b of 2"
    ]
    with pytest.raises(CommandError, match="Nobody has delivered"):
        run("store", *number)
    assert run("show", *number)[:3] == [
        "a: 2 of 2, T",
        "b: 1 of 2, T; missing: City 2 城市002",
        "c: 0 of 2, nobody",
    ]
    run("deliver", str(second), *number, "--partner", "E")
    (told,) = run("store", *number)
    assert told.endswith("Together 2020, edition 1")
    assert unpack_values(DataSet.objects.get()).tolist() == [[1, 2, 5], [3, 4, 6]]


TWO_TABLES = {
    "datapackage.json": json.dumps(
        {
            "resources": [
                {"name": "first", "path": "first.csv", "format": "csv"},
                {"name": "second", "path": "second.csv", "format": "csv"},
            ]
        }
    ),
    "first.csv": "unit,a\n城市001,1\n城市002,2\n",
    "second.csv": "unit,b,c\n城市001,3,5\n城市002,4,6\n",
}


def package_of(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def test_a_package_of_several_tables_is_delivered_by_the_table_that_is_chosen(client, gathering):
    address = url("gathering-detail", gathering)
    package = SimpleUploadedFile("parts.zip", package_of(TWO_TABLES))
    page = client.post(address, {"partner": "Energy", "file": package})
    assert (page.status_code, DataImport.objects.count()) == (422, 0)
    (reading,) = [one for one in page.context["readings"] if one["is_open"]]
    assert [value for value, _words in reading["options"]] == ["first", "second"]
    # The page carries the file: it is chosen once.
    carried = {
        name: page.text.split(f'name="{name}" value="')[1].split('"')[0] for name in ("file-carried", "read")
    }
    said = {"partner": "Energy", **carried, "file-carried-name": "parts.zip", reading["name"]: "second"}
    answer = client.post(address, said)
    assert answer.status_code == 302, answer.text
    draft = DataImport.objects.get()
    assert draft.columns == ["b", "c"]
    client.post(url("import-deliver", draft))
    assert Delivery.objects.get().leaf_codes == ["b", "c"]


def test_the_api_delivers_the_table_that_is_named(client, gathering):
    address = reverse("indexer:api-gathering-deliveries", args=[gathering.pk])
    package = package_of(TWO_TABLES)

    def sent(**more):
        return client.post(address, {"partner": "E", "file": SimpleUploadedFile("p.zip", package), **more})

    refused = sent()
    assert refused.status_code == 422
    key = refused.json()["problems"][0]["key"]
    assert sent(choices=json.dumps({key: "first"})).status_code == 201
    assert DataImport.objects.get().columns == ["a"]
    assert sent(choices="[1]").status_code == 400
