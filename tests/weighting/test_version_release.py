"""What makes a version a release: manifest, files, citation, lineage, corrections."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from tests.factories import make_account, make_framework, make_round, sign_in_staff
from tests.indexer.factories import make_draft, make_version
from weighting.enums import Role, RoundState
from weighting.manifest import hash_bytes
from weighting.models import WeightVersion
from weighting.selectors import version_chain
from weighting.selectors.version_chain import head_of, lineage_of
from weighting.services.versions import draft_correction, freeze_version, publish_version, retire_version
from weighting.views.version_release import citations_of

pytestmark = pytest.mark.django_db


def publish(version):
    return publish_version(version, actor=version.created_by)


def page(version):
    return reverse("weighting:version-detail", args=[version.pk])


def manifest(version):
    return reverse("weighting:api-version-manifest", args=[version.pk])


def export(version, format):
    return f"{reverse('weighting:version-export', args=[version.pk])}?format={format}"


@pytest.fixture
def framework():
    return make_framework(is_published=True)


@pytest.fixture
def scored():
    """A frozen version of a round, with its counts."""
    manager = make_account()
    round_ = make_round(state=RoundState.AGGREGATED, manager=manager)
    return freeze_version(WeightVersion.objects.get(round=round_), actor=manager)


def test_strangers_fetch_the_exact_bytes_of_what_is_published(client, framework):
    version = publish(make_version(framework))
    response = client.get(manifest(version))

    assert response.content == bytes(version.manifest)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["ETag"] == f'"{hash_bytes(response.content)}"'
    assert "immutable" in response.headers["Cache-Control"]
    assert "public" in response.headers["Cache-Control"]
    again = client.get(manifest(version), headers={"if-none-match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_retired_version_is_still_read_and_labelled(client, framework):
    version = publish(make_version(framework))
    retire_version(version, actor=version.created_by)

    assert client.get(manifest(version)).status_code == 200
    assert "This version is retired" in client.get(page(version)).content.decode()


def test_what_is_not_published_is_fetched_by_staff_and_kept_in_no_cache(client, framework):
    version = make_version(framework)
    assert client.get(manifest(version)).status_code == 404

    sign_in_staff(client, make_account(Role.ANALYST))
    headers = client.get(manifest(version)).headers
    assert "private" in headers["Cache-Control"]
    assert "immutable" not in headers["Cache-Control"]


def test_a_draft_has_no_manifest(client, framework):
    draft = make_draft(framework)
    sign_in_staff(client, draft.created_by)

    assert client.get(manifest(draft)).status_code == 404


def test_the_heads_are_public_where_a_version_is_and_nowhere_else(client, framework):
    publish(make_version(framework))
    last = make_version(framework, tilt=1)
    make_version(make_framework())

    heads = client.get(reverse("weighting:api-version-heads")).json()
    assert heads == [{"framework": framework.sha256, "number": 2, "hash": last.manifest_hash}]


def test_the_api_tells_the_place_in_the_chain(client, framework):
    first = publish(make_version(framework))
    draft = draft_correction(first, reason="Misread.", actor=first.created_by)
    second = publish(freeze_version(draft, actor=first.created_by))
    body = client.get(reverse("weighting:api-version", args=[second.pk])).json()

    assert body["previous_hash"] == body["corrects"] == first.manifest_hash
    assert body["head_hash"] == second.manifest_hash
    assert body["reason"] == "Misread."


def test_the_csv_holds_weights_counts_and_what_proves_them(client, scored):
    publish(scored)
    rows = list(csv.DictReader(io.StringIO(client.get(export(scored, "csv")).content.decode("utf-8-sig"))))
    counts = json.loads(bytes(scored.manifest))["round"]["counts"]
    weights = {entry["code"]: entry for entry in json.loads(bytes(scored.manifest))["weights"]}

    assert len(rows) == 7
    for row in rows:
        shown = [int(row[f"scored_{score}"]) for score in range(1, 6)] + [int(row["abstained"])]
        assert shown == counts[row["code"]]
        assert (row["local_weight"], row["global_weight"]) == (
            weights[row["code"]]["local"],
            weights[row["code"]]["global"],
        )
        assert row["manifest_sha256"] == row["head_sha256"] == scored.manifest_hash


def test_the_workbook_holds_the_same_and_runs_no_formula(client, framework):
    node = framework.indicators.first()
    node.name_en = "=1+1"
    node.name_zh = "控\x07制"
    node.save()
    version = publish(make_version(framework))
    book = load_workbook(io.BytesIO(client.get(export(version, "xlsx")).content))
    cells = book["data"]["A2":"F2"][0]

    assert [cell.value for cell in cells] == ["infra", None, "控制", "=1+1", 0.5, 0.5]
    assert cells[3].data_type == "s"
    about = {row[0]: row[1] for row in book["provenance"].iter_rows(values_only=True)}
    assert about["manifest_sha256"] == version.manifest_hash
    assert version.manifest_hash in about["citation_zh-hans"]


@pytest.mark.parametrize("format", ["exe", "CSV", ""])
def test_other_files_are_not_found(client, framework, format):
    assert client.get(export(publish(make_version(framework)), format)).status_code == 404


def test_a_draft_is_exported_for_its_owner_alone(client, framework):
    draft = make_draft(framework)
    assert client.get(export(draft, "csv")).status_code == 404

    sign_in_staff(client, draft.created_by)
    assert client.get(export(draft, "csv")).status_code == 200


def test_a_citation_names_version_address_and_hash_in_both_languages(framework, settings):
    settings.PUBLIC_URL = "https://weights.example.org"
    version = make_version(framework)
    (zh, chinese), (en, english) = citations_of(version)

    assert (zh, en) == ("zh-hans", "en")
    assert framework.name_zh in chinese
    assert framework.name_en in english
    for text in (chinese, english):
        assert f"https://weights.example.org/weight-versions/{version.pk}/" in text
        assert version.manifest_hash in text
    assert citations_of(make_draft(framework)) == []


def test_the_page_tells_what_changed_since_the_version_before(client, framework):
    publish(make_version(framework))
    version = publish(make_version(framework, tilt=1))
    text = client.get(page(version)).content.decode()

    assert "22.22 % of the weight moved to other indicators since version 1" in text
    assert "How to cite this version" in text
    assert text.index('<p class="prose" lang="en">') < text.index('<p class="prose" lang="zh-hans">')


def test_the_changes_of_a_correction_are_told_against_what_it_corrects(client, framework):
    first = publish(make_version(framework))
    make_version(framework, tilt=1)
    correction = draft_correction(first, reason="Misread.", actor=first.created_by)
    publish(freeze_version(correction, actor=first.created_by))
    text = client.get(page(correction)).content.decode()

    assert "What changed since version 1" in text
    assert "Every indicator weighs what it weighed in version 1" in text
    assert "Reason for the correction: Misread." in text
    assert "corrects version 1" in text


def test_the_lineage_shows_strangers_no_more_than_that_there_is_a_version(client, framework):
    first = publish(make_version(framework))
    hidden = make_version(framework, tilt=1)
    draft_correction(first, reason="Misread.", actor=first.created_by)
    links = lineage_of(first, None)

    assert [(link.number, link.version) for link in links] == [(2, None), (1, first)]
    text = client.get(page(first)).content.decode()
    assert "version 2, not published" in text
    assert hidden.label not in text
    assert hidden.manifest_hash in text  # as the head of the chain, which says nothing of the weights


def test_the_lineage_shows_the_owner_the_draft_of_a_correction(client, framework):
    first = make_version(framework)
    draft = draft_correction(first, reason="Misread.", actor=first.created_by)
    links = lineage_of(first, first.created_by)

    assert [(link.version, link.corrects) for link in links] == [(draft, 1), (first, None)]
    sign_in_staff(client, first.created_by)
    assert client.get(page(draft)).context["lineage"]["arcs"]


@pytest.mark.parametrize(
    ("number", "shown"), [(1, [1, 2, 3, 4]), (4, [3, 4, 5, 6]), (8, [5, 6, 7, 8]), (None, [5, 6, 7, 8])]
)
def test_of_a_long_chain_those_around_a_version_are_told(client, framework, monkeypatch, number, shown):
    monkeypatch.setattr(version_chain, "MOST_LINKS", 4)
    owner = make_account()
    versions = {at: make_version(framework, tilt=at, actor=owner) for at in range(1, 9)}
    looked_at = versions[number] if number else make_draft(framework, actor=owner)
    sign_in_staff(client, owner)
    answer = client.get(page(looked_at))

    rows = answer.context["lineage"]["rows"]
    assert [row["link"].number for row in rows if row["link"].number] == shown[::-1]
    assert [row["link"].version for row in rows if row["is_here"]] == [looked_at]
    assert f"Of 8 versions numbers {shown[0]} to {shown[-1]} stand here" in answer.content.decode()


def test_what_corrects_a_version_farther_back_says_so_without_an_arc(client, framework, monkeypatch):
    monkeypatch.setattr(version_chain, "MOST_LINKS", 4)
    owner = make_account()
    first = make_version(framework, actor=owner)
    for tilt in range(1, 6):
        make_version(framework, tilt=tilt, actor=owner)
    correction = draft_correction(first, reason="Misread.", actor=owner)
    sign_in_staff(client, owner)
    answer = client.get(page(freeze_version(correction, actor=owner)))

    assert "corrects version 1" in answer.content.decode()
    assert answer.context["lineage"]["arcs"] == []


def test_the_page_of_a_version_asks_no_more_of_a_chain_ten_times_as_long(
    client, framework, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(version_chain, "MOST_LINKS", 2)
    owner = make_account()
    version = make_version(framework, actor=owner)
    make_version(framework, tilt=1, actor=owner)
    sign_in_staff(client, owner)
    client.get(page(version))
    with CaptureQueriesContext(connection) as few:
        size = len(client.get(page(version)).content)
    for tilt in range(2, 20):
        make_version(framework, tilt=tilt, actor=owner)
    with django_assert_num_queries(len(few)):
        answer = client.get(page(version))
    assert len(answer.content) < size + 500


def test_there_is_no_head_before_the_first_freeze(framework):
    make_draft(framework)

    assert head_of(framework.pk) is None


def test_a_manager_drafts_a_correction_with_a_reason(client, framework):
    version = make_version(framework)
    sign_in_staff(client, version.created_by)
    address = reverse("weighting:version-correct", args=[version.pk])

    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": ""}).status_code == 422
    response = client.post(address, {"reason": "Misread."})
    draft = WeightVersion.objects.get(parent=version)
    assert response.headers["Location"] == page(draft)


def test_a_draft_is_not_corrected(client, framework):
    draft = make_draft(framework)
    sign_in_staff(client, draft.created_by)
    address = reverse("weighting:version-correct", args=[draft.pk])

    assert client.post(address, {"reason": "Misread."}).status_code == 409
    assert not WeightVersion.objects.filter(parent=draft).exists()


def test_the_words_of_the_page_are_the_visitors(client, framework):
    version = publish(make_version(framework))
    with translation.override("zh-hans"):
        label = version.label

    assert label in client.get(page(version), headers={"accept-language": "zh-hans"}).content.decode()
