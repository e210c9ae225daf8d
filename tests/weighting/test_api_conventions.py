"""Paging, filters and ordering: every wrong parameter is named, none is passed over."""

import pytest
from django.urls import reverse

from tests.factories import make_framework
from tests.indexer.factories import make_version
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
        ("status", "gone"), ("ordering", "manifest"), ("ordering", ""), ("frmework", "1"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(client, versions, name, value):
    answer = client.get(VERSIONS, {name: value})

    assert answer.status_code == 400
    assert list(answer.json()) == [name]


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
