import json

import pytest
from django.urls import reverse

from tests.factories import make_account, make_framework, make_round, sign_in_staff
from tests.weighting.uploads import upload
from weighting.enums import Role, RoundState, VersionStatus
from weighting.manifest import hash_bytes
from weighting.models import NodeWeight, WeightVersion
from weighting.services import versions as services

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]

LIST, NEW = reverse("weighting:version-list"), reverse("weighting:version-new")
LOCAL_CSV = """code,local_weight
infra,0.25
industry,0.75
fixed,0.5
mobile,0.5
retail,0.2
finance,0.3
travel,0.5
"""


@pytest.fixture
def framework(manager):
    return make_framework(owner=manager)


@pytest.fixture
def draft(framework, manager):
    return services.draft_equal_version(
        framework=framework, label_zh="等权版本", label_en="Equal version", actor=manager
    )


@pytest.fixture
def frozen(draft, manager):
    return services.freeze_version(draft, actor=manager)


def url(name, version):
    return reverse(f"weighting:version-{name}", args=[version.pk])


def send(client, framework, **fields):
    data = {"framework": framework.pk, "label_zh": "新", "label_en": "New", "source": "equal", **fields}
    return client.post(NEW, data)


def test_equal_weights_become_a_draft(client, framework):
    response = send(client, framework)

    version = WeightVersion.objects.get()
    assert response.url == url("detail", version)
    page = client.get(response.url)
    assert "33.33" in page.text
    assert "16.67" in page.text
    assert url("freeze", version) in page.text


def test_a_file_beside_equal_weights_is_not_passed_over(client, framework):
    response = send(client, framework, file=upload(LOCAL_CSV))

    assert response.status_code == 422
    assert "A file was sent, but not asked for." in response.text
    assert not WeightVersion.objects.exists()


def test_weights_of_a_file_become_a_draft(client, framework):
    response = send(client, framework, source="imported", file=upload(LOCAL_CSV))

    page = client.get(response.url)
    assert "37.50" in page.text
    assert page.context["rows"][1]["indicator"].code == "fixed"


def test_a_faulty_weight_file_comes_back_with_every_problem(client, framework):
    response = send(client, framework, source="imported", file=upload("code,local_weight\ninfra,2x\nx,1\n"))

    assert response.status_code == 422
    assert {problem.row for problem in response.context["problems"]} >= {2, 3}
    assert 'value="New"' in response.text
    assert not WeightVersion.objects.exists()


def test_weights_from_a_file_need_the_file(client, framework):
    response = send(client, framework, source="imported")

    assert response.status_code == 422
    assert "Choose the file" in response.text


def test_the_page_of_a_round_s_version_shows_the_counts(client, manager):
    round_ = make_round(state=RoundState.CLOSED, manager=manager, scores=lambda _p, _c: 4, parents=[None])
    version = services.aggregate_round(round_, actor=manager)

    for act in (lambda: None, lambda: services.freeze_version(version, actor=manager)):
        act()
        page = client.get(url("detail", version))
        assert [item.scores for item in page.context["item_counts"]] == [[0, 0, 0, 5, 0]] * 2
        assert "4.00" in page.text
        assert page.text.count("below: not asked, split equally") == 2


def test_freezing_asks_first_and_then_freezes(client, draft):
    asked = client.get(url("freeze", draft))
    assert "never be changed" in asked.text
    draft.refresh_from_db()
    assert draft.status == VersionStatus.DRAFT

    response = client.post(url("freeze", draft))

    page = client.get(response.url)
    draft.refresh_from_db()
    assert draft.manifest_hash in page.text
    assert "0" * 64 in page.text
    assert url("manifest", draft) in page.text


def test_a_draft_with_faults_shows_the_blockers_and_no_button(client, draft):
    NodeWeight.objects.filter(version=draft, indicator__code="fixed").delete()

    for name in ("detail", "freeze"):
        page = client.get(url(name, draft)).text
        assert "Some indicators have no weight" in page
        assert "for good" not in page
    response = client.post(url("freeze", draft))
    assert response.status_code == 409
    assert "Some indicators have no weight" in response.text


def test_the_second_of_two_managers_is_told_which_version_it_became(client, draft, manager):
    client.get(url("freeze", draft))
    services.freeze_version(draft, actor=make_account())

    response = client.post(url("freeze", draft))

    assert response.status_code == 409
    assert "already frozen, as number 1" in response.text
    assert url("detail", draft) in response.text


def test_the_manifest_is_handed_out_byte_for_byte(client, frozen):
    response = client.get(url("manifest", frozen))

    assert response.content == bytes(WeightVersion.objects.get().manifest)
    assert hash_bytes(response.content) == frozen.manifest_hash
    assert response["Content-Type"] == "application/json"
    assert response["ETag"] == f'"{frozen.manifest_hash}"'
    assert json.loads(response.content)["label_zh"] == "等权版本"


def test_a_draft_has_no_manifest(client, draft):
    assert client.get(url("manifest", draft)).status_code == 404


def test_publishing_lets_anybody_read_version_and_manifest(client, frozen):
    assert "cannot be taken back" in client.get(url("publish", frozen)).text
    assert client.post(url("publish", frozen)).url == url("detail", frozen)

    client.logout()
    assert "Equal version" in client.get(LIST).text
    assert client.get(url("detail", frozen)).status_code == 200
    assert client.get(url("manifest", frozen)).status_code == 200


@pytest.mark.parametrize("name", ["detail", "manifest"])
def test_a_visitor_does_not_find_what_is_not_published(client, frozen, name):
    client.logout()

    assert client.get(url(name, frozen)).status_code == 404
    assert "Equal version" not in client.get(LIST).text


def test_retiring_is_a_label(client, frozen):
    client.get(url("retire", frozen))
    response = client.post(url("retire", frozen))

    assert "Retired" in client.get(response.url).text
    assert client.post(url("retire", frozen)).status_code == 409


def test_a_draft_is_neither_published_nor_retired(client, draft):
    for name in ("publish", "retire"):
        response = client.post(url(name, draft))
        assert response.status_code == 409
        assert "Only a frozen version" in response.text


def test_an_analyst_reads_frozen_versions_and_changes_nothing(client, frozen, framework):
    sign_in_staff(client, make_account(role="analyst"))

    page = client.get(url("detail", frozen)).text
    assert url("retire", frozen) not in page
    for name in ("freeze", "publish", "retire"):
        assert client.get(url(name, frozen)).status_code == 404
        assert client.post(url(name, frozen)).status_code == 404
    # Weights are drafted for frameworks of her own.
    assert send(client, framework).status_code == 422


def test_drafts_of_another_manager_are_not_found(client, draft):
    sign_in_staff(client, make_account())

    assert client.get(url("detail", draft)).status_code == 404
    assert client.post(url("freeze", draft)).status_code == 404


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_the_list_costs_the_same_for_any_number_of_rows(
    client, framework, manager, django_assert_num_queries, rows
):
    for _ in range(rows):
        services.draft_equal_version(framework=framework, label_zh="版", label_en="V", actor=manager)
    # Session, account, how many there are, and the first of them.
    with django_assert_num_queries(4 if rows else 3):
        assert client.get(LIST).status_code == 200


def test_the_page_of_a_version_costs_the_same_for_any_size_of_tree(
    client, frozen, django_assert_max_num_queries
):
    with django_assert_max_num_queries(10):
        client.get(url("detail", frozen))


def test_an_analyst_without_a_framework_is_led_to_one(client):
    make_framework()
    analyst = make_account(Role.ANALYST)
    sign_in_staff(client, analyst)
    page = client.get(NEW).text
    assert "No framework of yours yet" in page
    assert 'href="/frameworks/drafts/new/"' in page
    assert "<select" not in page.split("<main")[1]
    make_framework(owner=analyst)
    page = client.get(NEW).text
    assert "No framework of yours yet" not in page
    # What managers alone draft is not offered to her.
    assert "/weight-versions/pool/" not in page
