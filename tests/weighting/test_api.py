import pytest
from django.core.management import call_command
from django.urls import reverse

from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_draft, make_version
from weighting.enums import Role
from weighting.services.frameworks import publish_framework
from weighting.services.versions import publish_version, retire_version

pytestmark = pytest.mark.django_db

FRAMEWORKS, VERSIONS = reverse("weighting:api-framework-list"), reverse("weighting:api-version-list")


def ids(response):
    assert response.status_code == 200
    return [row["id"] for row in response.json()["results"]]


def publish(version):
    return publish_version(version, actor=version.created_by)


def test_the_schema_is_complete_and_valid(capsys):
    call_command("spectacular", fail_on_warn=True, validate=True)

    assert "/api/v1/runs/{id}/ranking/" in capsys.readouterr().out


def test_strangers_read_what_is_published_and_nothing_else(client):
    framework, hidden = make_framework(), make_framework()
    publish_framework(framework, actor=framework.created_by)
    published, frozen = publish(make_version(framework)), make_version(framework, tilt=1)

    assert ids(client.get(FRAMEWORKS)) == [framework.pk]
    assert ids(client.get(VERSIONS)) == [published.pk]
    assert client.get(reverse("weighting:api-framework", args=[hidden.pk])).status_code == 404
    assert client.get(reverse("weighting:api-version", args=[frozen.pk])).status_code == 404


def test_an_analyst_reads_frozen_versions_but_no_drafts(client):
    framework = make_framework()
    frozen, draft = make_version(framework), make_draft(framework)
    sign_in_staff(client, make_account(Role.ANALYST))

    assert ids(client.get(VERSIONS)) == [frozen.pk]
    assert client.get(reverse("weighting:api-version", args=[draft.pk])).status_code == 404


def test_a_manager_reads_own_drafts_but_not_those_of_others(client):
    framework = make_framework()
    manager = make_account(Role.MANAGER)
    own, other = make_draft(framework, actor=manager), make_draft(framework)
    sign_in_staff(client, manager)

    assert ids(client.get(VERSIONS)) == [own.pk]
    assert client.get(reverse("weighting:api-version", args=[other.pk])).status_code == 404


def test_a_version_has_number_labels_status_and_hash(client):
    framework = make_framework()
    version = publish(make_version(framework))
    retire_version(version, actor=framework.created_by)

    (row,) = client.get(VERSIONS, headers={"accept-language": "zh-hans"}).json()["results"]

    assert row["number"] == 1
    assert row["status"] == "retired"
    assert row["label"] == row["label_zh"] == version.label_zh
    assert row["label_en"] == version.label_en
    assert row["framework"] == framework.pk
    assert row["source"] == "equal"
    assert row["manifest_hash"] == version.manifest_hash


def test_a_draft_has_no_number_yet(client):
    draft = make_draft(make_framework())
    sign_in_staff(client, draft.created_by)

    (row,) = client.get(VERSIONS).json()["results"]

    assert (row["number"], row["status"], row["manifest_hash"]) == (None, "draft", "")


def test_a_versions_page_holds_every_weight_in_full(client):
    version = publish(make_version(make_framework(), tilt=2))

    rows = client.get(reverse("weighting:api-version", args=[version.pk])).json()["weights"]

    assert [row["code"] for row in rows] == [
        "infra", "fixed", "mobile", "industry", "retail", "finance", "travel",
    ]  # fmt: skip
    assert [row["parent"] for row in rows[:2]] == [None, "infra"]
    assert [row["local_weight"] for row in rows] == [1 / 4, 1 / 4, 3 / 4, 3 / 4, 1 / 9, 3 / 9, 5 / 9]


def test_a_frameworks_page_holds_its_tree(client):
    framework = make_framework(is_published=True)

    body = client.get(reverse("weighting:api-framework", args=[framework.pk])).json()

    assert (body["indicator_count"], body["leaf_count"]) == (7, 5)
    assert [(row["code"], row["parent"]) for row in body["indicators"]][:2] == [
        ("infra", None),
        ("fixed", "infra"),
    ]


def test_versions_are_filtered_by_framework_and_status(client):
    first, second = make_framework(), make_framework()
    frozen, retired = make_version(first), make_version(second)
    retire_version(retired, actor=second.created_by)
    sign_in_staff(client, make_account(Role.ANALYST))

    assert ids(client.get(VERSIONS, {"framework": first.pk})) == [frozen.pk]
    assert ids(client.get(VERSIONS, {"status": "retired"})) == [retired.pk]


def test_a_filter_does_not_tell_a_hidden_framework_from_none(client):
    hidden = make_framework()
    answers = [client.get(VERSIONS, {"framework": pk}) for pk in (hidden.pk, hidden.pk + 1000)]

    assert [(answer.status_code, answer.json()["count"]) for answer in answers] == [(200, 0)] * 2


@pytest.mark.parametrize("address", [f"{VERSIONS}999/", "/api/v1/nothing/", "/api/v1/runs/7/nothing/"])
def test_what_does_not_exist_is_404_in_json(client, address):
    response = client.get(address)

    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/json"
    assert "detail" in response.json()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_only_reads(client, method):
    sign_in_staff(client, make_account(Role.ADMINISTRATOR))

    assert getattr(client, method)(VERSIONS).status_code == 405


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_however_long_they_are(client, django_assert_num_queries, count):
    for _number in range(count):
        publish(make_version(make_framework(is_published=True)))

    with django_assert_num_queries(3):
        assert len(ids(client.get(FRAMEWORKS))) == count
    with django_assert_num_queries(3):
        assert len(ids(client.get(VERSIONS))) == count
