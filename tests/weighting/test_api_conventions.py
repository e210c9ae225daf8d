"""Paging, filters and ordering: every wrong parameter is named, none is passed over."""

import pytest
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from indexer.models import Run
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_data_set, make_version
from weighting.api.document import document_in
from weighting.enums import Role
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db

VERSIONS = reverse("weighting:api-version-list")


@pytest.fixture
def versions():
    framework = make_framework(is_published=True)
    made = [make_version(framework, tilt=tilt) for tilt in range(3)]
    return [publish_version(version, actor=version.created_by).pk for version in made]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "1001"), ("limit", "-1"), ("limit", "ten"), ("limit", ""), ("limit", "²"),
        ("offset", "-1"), ("offset", "1.5"), ("offset", str(2**63)), ("offset", "9" * 400),
        ("framework", "x"), ("framework", "1.5"), ("framework", str(2**63)), ("framework", "-1"),
        ("status", "gone"),  ("ordering", "manifest"), ("ordering", ""), ("frmework", "1"),
        ("status", ""), ("number", ""),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(client, versions, name, value):
    answer = client.get(VERSIONS, {name: value})

    assert answer.status_code == 400
    assert list(answer.json()) == [name]


def test_a_parameter_given_twice_is_named(client, versions):
    answer = client.get(f"{VERSIONS}?status=frozen&status=draft")

    assert (answer.status_code, list(answer.json())) == (400, ["status"])


def test_what_is_no_method_of_an_address_is_refused_for_that(client, versions):
    assert client.generic("TRACE", f"{VERSIONS}?limit=1").status_code == 405
    assert client.options(VERSIONS).status_code == 200


def test_complaints_lie_under_one_name_however_deep(client):
    sign_in_staff(client, make_account(Role.ANALYST))
    address = reverse("indexer:api-data-set-runs", args=[make_data_set().pk])
    body = {"method": {"outliers": "guess"}, "versions": [1, 0, 2**40]}
    answer = client.post(address, body, content_type="application/json")

    assert answer.status_code == 400
    assert set(answer.json()) == {"method.outliers", "versions.1", "versions.2"}
    assert all(isinstance(said, list) for said in answer.json().values())
    assert list(client.post(address, "{", content_type="application/json").json()) == ["detail"]


def test_unknown_fields_of_a_body_are_named_however_deep_and_nothing_is_done(client):
    sign_in_staff(client, make_account(Role.ANALYST))
    data_set = make_data_set()
    make_version(data_set.framework)
    address = reverse("indexer:api-data-set-runs", args=[data_set.pk])
    before = Run.objects.count()

    def ask(body):
        return client.post(address, body, content_type="application/json")

    misspelt = ask({"method": {"agregation": "geometric"}, "version": [1]})
    assert misspelt.status_code == 400
    assert set(misspelt.json()) == {"method.agregation", "version"}
    assert "aggregation" in misspelt.json()["method.agregation"][0]
    assert Run.objects.count() == before
    assert ask({"method": {"aggregation": "geometric"}, "versions": [1]}).status_code == 202
    assert Run.objects.count() == before + 1


def test_where_no_body_is_taken_every_field_is_refused(client):
    sign_in_staff(client, make_account(Role.ANALYST))
    data_set = make_data_set()
    make_version(data_set.framework)
    address = reverse("indexer:api-run-cancel", args=[Run.objects.get().pk])

    refused = client.post(address, {"reason": "late"}, content_type="application/json")

    assert (refused.status_code, list(refused.json())) == (400, ["reason"])
    assert client.post(address, {}, content_type="application/json").status_code == 200


def test_the_schema_says_that_a_body_holds_no_other_fields(client):
    schema = client.get(reverse("schema"), {"format": "json"}).json()
    bodies = [
        content["schema"]["$ref"].rpartition("/")[2]
        for path in schema["paths"].values()
        for operation in path.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]

    assert bodies
    shapes = schema["components"]["schemas"]
    assert all(
        shapes[name]["additionalProperties"] is False for name in [*bodies, "Choice", "Target", "Cell"]
    )


def test_the_schema_is_made_once_for_each_language_and_says_the_same_to_everybody(client, monkeypatch):
    made, make = [], SchemaGenerator.get_schema
    monkeypatch.setattr(
        SchemaGenerator, "get_schema", lambda *given, **how: made.append(1) or make(*given, **how)
    )
    document_in.cache_clear()
    manager = sign_in_staff(Client(), make_account(Role.MANAGER))

    def said(visitor, language):
        return visitor.get(reverse("schema"), headers={"Accept-Language": language}).content

    english, chinese = said(client, "en"), said(client, "zh-hans")
    assert english != chinese
    assert (said(manager, "en"), said(manager, "zh-hans")) == (english, chinese)
    assert len(made) == 2


def test_an_entry_takes_no_parameters(client, versions):
    answer = client.get(reverse("weighting:api-version", args=versions[:1]), {"fields": "id"})

    assert (answer.status_code, list(answer.json())) == (400, ["fields"])


def test_rows_come_in_the_order_asked_for_and_in_pages(client, versions):
    def page(**asked):
        return [row["id"] for row in client.get(VERSIONS, asked).json()["results"]]

    assert page() == versions
    assert page(ordering="-number") == versions[::-1]
    assert page(ordering="-id", limit=2) == versions[:0:-1]
    assert page(limit=2, offset=2) == versions[2:]
    assert page(offset=10**9) == []
