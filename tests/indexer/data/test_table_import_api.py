"""Every kind of table over the API: stored as its page does, by choices, or refused with every reason."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from indexer.models import City, OutsideSeries, Register
from tests.factories import make_account, make_framework
from weighting.enums import Role
from weighting.models import Framework, Panel, WeightVersion
from weighting.services.api_tokens import make_api_token

pytestmark = pytest.mark.django_db

TREE = b"code,parent,name_en,direction\na,,Access,1\na1,a,Roads,1\na2,a,Noise,-1\nb,,Burden,-1\n"
PANEL = "code;name;email\nE1;Ángel Núñez;a@example.org\nE2;Zoë;z@example.org\n".encode("cp1252")
REGISTER = "name_en;latitude;longitude\nGijón;43,5;-5,7\nCórdoba;37,9;-4,8\n".encode("cp1252")
FOREIGN = "iCode,iName,Parent,Type,Weight\na,Accès,,Indicator,1\nb,Été,,Indicator,3\n".encode("cp1252")
IMETA = b"iCode,iName,Parent,Type,Weight\na,Access,,Indicator,1\nb,Burden,,Indicator,3\n"
TOTALS = b"unit,total,infra,tourism\nA,1.4,1,2\nB,2.6,3,2\nC,2.2,3,1\n"
TWO_LEAVES = {"infra": {}, "tourism": {}}
KINDS = {"framework": Framework, "panel": Panel, "weight": WeightVersion, "totals": WeightVersion}
KINDS |= {"register": Register, "series": OutsideSeries}


@pytest.fixture
def send(client):
    """Return what sends a file as a manager's token does, and gives status and answer."""
    tokens = {role: make_api_token(make_account(role), name="doors") for role in (Role.MANAGER, Role.ANALYST)}

    def send(kind, content, *, role=Role.MANAGER, choices=None, **said):
        sent = {"file": SimpleUploadedFile("table.csv", content), **said}
        sent |= {"choices": json.dumps(choices)} if choices is not None else {}
        headers = {"Authorization": f"Bearer {tokens[role]}"}
        answer = client.post(f"/api/v1/{kind}-imports/", sent, headers=headers)
        return answer.status_code, answer.json()

    return send


def how(answer):
    return {made["key"]: made["how"] for made in answer["decisions"]}


def test_a_framework_is_brought_in_once(send):
    status, made = send("framework", TREE, name_en="Access and burden")
    assert (status, made["name"], made["leaf_count"]) == (201, "Access and burden", 3)
    framework = Framework.objects.get(pk=made["id"])
    assert framework.sha256 == made["sha256"]
    assert list(framework.indicators.order_by("position").values_list("code", flat=True)) == [
        *("a", "a1", "a2", "b")
    ]
    status, refused = send("framework", TREE, name_en="Once more")
    assert (status, len(refused["blockers"]), Framework.objects.count()) == (422, 1, 1)


def test_everything_wrong_with_a_file_is_said_at_once_with_its_place(send):
    status, refused = send("framework", b"code,parent,direction\na,,2\na,,1\nc,z,1\n", name_en="W")
    assert (status, Framework.objects.exists()) == (422, False)
    places = {(one["row"], one["column"], one["value"]) for one in refused["problems"]}
    assert places == {(2, "direction", "2"), (3, "code", "a"), (4, "parent", "z")}
    assert all(one["message"] and one["file"] == "table.csv" for one in refused["problems"])


def test_everything_wrong_with_a_request_is_said_at_once(send):
    said = {"framework": 0, "normalise": "perhaps", "choices": ["x"], "proposals": "sepparator"}
    status, refused = send("weight", IMETA, **said)
    assert status == 400
    assert set(refused) == {"framework", "label_zh", "normalise", "choices", "proposals"}
    for wrong in ("all,decimal", "none,", ""):
        status, refused = send("panel", PANEL, name="P", proposals=wrong)
        assert (status, set(refused)) == (400, {"proposals"}), wrong
    status, refused = send("panel", PANEL, name="P", choices={"encoding": 1})
    assert (status, set(refused)) == (400, {"choices"})
    assert not Panel.objects.exists()


def test_what_is_likely_is_taken_unless_a_program_looks_first(send):
    said = {"framework": make_framework({"a": {}, "b": {}}).pk, "label_en": "W"}
    status, refused = send("weight", FOREIGN, proposals="none", **said)
    assert (status, WeightVersion.objects.count()) == (422, 0)
    assert {one["key"] for one in refused["problems"]} == {"encoding", "format"}
    assert all(one["key"] in one["message"] for one in refused["problems"])
    assert how(refused)["format"] == "likely"

    # Proposals of one kind are taken together; those of others are asked about.
    status, refused = send("weight", FOREIGN, proposals="format", **said)
    assert (status, [one["key"] for one in refused["problems"]]) == (422, ["encoding"])
    status, made = send("weight", FOREIGN, proposals="format, encoding", **said)
    assert (status, made["unheeded_choices"], how(made)["format"]) == (201, [], "likely")
    status, made = send("weight", FOREIGN, proposals="format", choices={"encoding": "cp1250"}, **said)
    assert (status, how(made)["encoding"]) == (201, "chosen")
    assert send("weight", FOREIGN, proposals="all", **said)[0] == 201


def test_a_panel_is_brought_in_by_number(send):
    status, made = send("panel", PANEL, name="P")
    assert (status, made["experts"]) == (201, 2)
    assert Panel.objects.get().experts.get(code="E1").name == "Ángel Núñez"
    assert set(made) == {"id", "name", "experts", "without_address", "decisions", "unheeded_choices"}


def test_a_file_of_choices_is_taken_and_what_it_does_not_settle_is_told(send):
    kept = {"reading": {"encoding": "cp1250", "year": "2020", "missing": ""}}
    status, made = send("panel", PANEL, name="P", choices=kept)
    assert (status, made["unheeded_choices"]) == (201, ["year"])
    assert Panel.objects.get().experts.get(code="E1").name == "Ángel Núńez"


def test_a_register_is_made_and_added_to(send):
    said = {"name_en": "Towns", "unit_en": "town", "units_en": "towns", "role": Role.ANALYST}
    status, made = send("register", REGISTER, **said)
    assert (status, made["units"], made["units_en"]) == (201, 2, "towns")
    assert how(made)["encoding"] == "likely"
    gijon = City.objects.get(name_en="Gijón")
    assert (gijon.latitude, gijon.longitude) == (43.5, -5.7)
    status, more = send("register", b"name_en\nOviedo\n", register=made["id"], role=Role.ANALYST)
    assert (status, more["id"], more["units"]) == (201, made["id"], 3)
    status, refused = send("register", b"name_en\nOviedo\n", **said)
    assert (status, len(refused["blockers"]), Register.objects.filter(name_en="Towns").count()) == (422, 1, 1)


def test_weights_come_in_as_a_draft(send):
    framework = make_framework({"a": {}, "b": {}})
    said = {"framework": framework.pk, "label_en": "W"}
    status, refused = send("weight", b"code,local_weight\na,25\nb,x\nc,1\n", **said)
    assert status == 422
    assert {(one["row"], one["value"]) for one in refused["problems"]} == {(3, "x"), (4, "c")}
    status, made = send("weight", IMETA, choices={"format": "coinr"}, **said)
    assert (status, made["status"], made["source"]) == (201, "draft", "imported")
    weights = WeightVersion.objects.get().node_weights.values_list("indicator__code", "local_weight")
    assert dict(weights) == {"a": 0.25, "b": 0.75}
    plain = b"code,local_weight\na,1\nb,3\n"
    assert send("weight", plain, **said)[0] == 422
    status, made = send("weight", plain, normalise="true", **said)
    assert (status, WeightVersion.objects.get(pk=made["id"]).evidence["normalised"]) == (201, True)
    assert send("weight", plain, normalise="false", **said)[0] == 422


def test_published_totals_give_the_weights_that_they_imply(send):
    framework = make_framework(TWO_LEAVES)
    said = {"framework": framework.pk, "label_en": "Implied"}
    status, made = send("totals", TOTALS, **said)
    assert (status, made["source"]) == (201, "implied")
    weights = dict(WeightVersion.objects.get().node_weights.values_list("indicator__code", "local_weight"))
    assert weights == {"infra": pytest.approx(0.6), "tourism": pytest.approx(0.4)}
    other = make_framework({"x": {}})
    status, refused = send("totals", TOTALS, compared=made["id"], **said | {"framework": other.pk})
    assert (status, set(refused)) == (400, {"compared"})


@pytest.mark.parametrize("kind", ["panel", "totals"])
def test_an_analyst_brings_in_nothing_that_a_manager_owns(send, kind):
    status, _answer = send(kind, TREE, role=Role.ANALYST, name="X", name_en="X")
    assert (status, KINDS[kind].objects.exists()) == (404, False)


def test_an_account_brings_in_so_many_tables_a_day(send, settings):
    settings.MOST_TABLES_A_DAY = 2
    assert send("framework", TREE, name_en="First")[0] == 201
    assert send("panel", PANEL, name="Second")[0] == 201
    framework = Framework.objects.get()
    for kind, content, said in (
        ("framework", IMETA, {"name_en": "Third"}),
        ("panel", b"code,name,email\nE1,Ana,a@example.org\n", {"name": "Third"}),
        ("register", REGISTER, {"name_en": "Third"}),
        (
            "weight",
            b"code,global_weight\na1,0.2\na2,0.2\nb,0.6\n",
            {"framework": framework.pk, "label_en": "3"},
        ),
    ):
        status, refused = send(kind, content, **said)
        assert (status, "2 tables" in refused["blockers"][0]) == (422, True), kind
    assert [model.objects.count() for model in (Framework, Panel, WeightVersion)] == [1, 1, 0]
    # Others are not kept waiting.
    assert send("register", REGISTER, name_en="Towns", role=Role.ANALYST)[0] == 201
