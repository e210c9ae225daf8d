"""Frameworks made, changed and copied by a program: what the pages do, by the same services."""

import pytest
from django.test import Client

from tests.factories import make_account, sign_in_staff
from weighting.enums import Role
from weighting.models import Framework, FrameworkDraft

pytestmark = pytest.mark.django_db
DRAFTS = "/api/v1/framework-drafts/"


@pytest.fixture
def client(client):
    return sign_in_staff(client, make_account(Role.ANALYST))


def send(client, address, status=200, *, method="post", **body):
    answer = getattr(client, method)(address, body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def begin(client):
    """Begin a draft of two branches, and return its address and its answer."""
    draft = send(client, DRAFTS, 201, name_en="Ecology")
    address = f"{DRAFTS}{draft['id']}/"
    top = send(client, f"{address}nodes/", 201, code="air", name_en="Air")["nodes"][0]["key"]
    for code in ("dust", "ozone"):
        draft = send(
            client,
            f"{address}nodes/",
            201,
            code=code,
            name_en=code,
            direction="-1",
            parent=top,
            source="Office",
        )
    draft = send(client, f"{address}nodes/", 201, code="water", name_en="Water", direction="1")
    return address, draft


def codes(draft):
    return [node["code"] for node in draft["nodes"]]


def keys(draft):
    return {node["code"]: node["key"] for node in draft["nodes"]}


def test_a_tree_is_made_changed_and_finished(client):
    address, draft = begin(client)
    assert codes(draft) == ["air", "dust", "ozone", "water"]
    assert [(node["depth"], node["is_leaf"]) for node in draft["nodes"]] == [
        *((0, False), (1, True), (1, True), (0, True))
    ]
    assert draft["problems"] == []
    node = f"{address}nodes/{keys(draft)['ozone']}/"
    moved = send(client, f"{node}move/", down=False)
    assert codes(moved) == ["air", "ozone", "dust", "water"]
    # What is not sent stays; a node that is sent to another parent takes its place there.
    changed = send(client, node, method="patch", name_zh="臭氧")
    assert (changed["nodes"][1]["name_zh"], changed["nodes"][1]["source"]) == ("臭氧", "Office")
    changed = send(client, node, method="patch", parent=None)
    assert codes(changed) == ["air", "dust", "water", "ozone"]
    assert codes(client.delete(node).json()) == ["air", "dust", "water"]
    assert send(client, address, method="patch", name_zh="生态", name_en="")["name"] == "生态"

    made = send(client, f"{address}finish/", 201)
    framework = Framework.objects.get(pk=made["id"])
    assert (made["indicator_count"], made["leaf_count"], made["is_shared"]) == (3, 2, False)
    assert list(framework.indicators.order_by("position").values_list("code", "direction")) == [
        *(("air", 1), ("dust", -1), ("water", 1))
    ]
    assert client.get(DRAFTS).json() == []


def test_a_copy_becomes_the_next_edition_and_what_rests_on_nothing_is_changed(client):
    address, _draft = begin(client)
    first = send(client, f"{address}finish/", 201)
    frameworks = f"/api/v1/frameworks/{first['id']}/"
    copy = send(client, f"{frameworks}copy/", 201)
    assert (copy["came_from"], copy["replaces"], len(copy["nodes"])) == (first["id"], False, 4)
    refused = send(client, f"{DRAFTS}{copy['id']}/finish/", 422)
    assert "already here" in refused["blockers"][0]
    send(client, f"{DRAFTS}{copy['id']}/nodes/", 201, code="noise", name_en="Noise", direction="-1")
    second = send(client, f"{DRAFTS}{copy['id']}/finish/", 201)
    assert Framework.objects.get(pk=second["id"]).came_from_id == first["id"]

    change = send(client, f"{frameworks}change/", 201)
    assert change["replaces"]
    assert client.delete(f"{DRAFTS}{change['id']}/").status_code == 204


def test_what_is_wrong_is_said_at_once_and_where(client):
    address, draft = begin(client)
    problems = send(client, f"{address}nodes/", 422, code="dust", name_en="Again", direction="2")["problems"]
    assert {problem["column"] for problem in problems} == {"code", "direction"}
    assert "blockers" in send(client, f"{address}nodes/", 422, code="x", name_en="X", parent=999)
    assert "blockers" in send(client, f"{address}nodes/999/", 422, method="patch", name_en="X")
    below_itself = send(
        client, f"{address}nodes/{keys(draft)['air']}/", 422, method="patch", parent=keys(draft)["dust"]
    )
    assert "below itself" in below_itself["blockers"][0]
    assert list(send(client, DRAFTS, 400)) == ["name_zh"]
    assert list(send(client, f"{address}nodes/", 400, colour="red")) == ["colour"]
    assert send(client, f"{address}nodes/", 400, parent="dust").keys() == {"parent"}
    # A draft that lacks something says so, and is not finished.
    empty = send(client, DRAFTS, 201, name_zh="空")
    assert empty["problems"]
    assert send(client, f"{DRAFTS}{empty['id']}/finish/", 422)["problems"]


def test_a_draft_is_nobody_elses(client):
    address, _draft = begin(client)
    other = sign_in_staff(Client(), make_account(Role.ANALYST))
    assert other.get(DRAFTS).json() == []
    for answer in (
        other.get(address),
        other.delete(address),
        other.post(f"{address}finish/", content_type="application/json"),
    ):
        assert answer.status_code == 404
    assert FrameworkDraft.objects.count() == 1
