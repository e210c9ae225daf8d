"""An analyst brings an index of her own, from the tree to the ranking, and acts on nobody else's."""

from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from indexer.models import DataSet, Run
from indexer.services.registers import default_register
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, make_framework, make_round, sign_in_staff
from tests.indexer.factories import make_cities, make_draft
from weighting.enums import Role, VersionSource
from weighting.models import Framework, WeightVersion
from weighting.services.api_tokens import make_api_token
from weighting.services.frameworks import share_framework

pytestmark = pytest.mark.django_db

TREE = b"code,parent,name_en\na,,Access\nb,,Burden\n"
DATA = "unit,a,b\n城市001,1,2\n城市002,3,1\n".encode()


def file(content):
    return SimpleUploadedFile("table.csv", content)


def at(page, thing=None):
    return reverse(f"weighting:{page}", args=[thing.pk] if thing else [])


@pytest.fixture
def owner():
    return make_account(Role.ANALYST)


@pytest.fixture
def own(client, owner):
    return sign_in_staff(client, owner)


@pytest.fixture
def framework(own):
    answer = own.post(at("framework-import"), {"name_en": "Own", "file": file(TREE)})
    framework = Framework.objects.get(name_en="Own")
    assert answer.url == at("framework-detail", framework)
    return framework


def draft_of(client, framework, **said):
    said = {"framework": framework.pk, "label_en": "Equal", "source": "equal", **said}
    answer = client.post(at("version-new"), said)
    return answer, WeightVersion.objects.order_by("pk").last()


def test_from_the_tree_to_the_ranking_without_a_manager(own, owner, framework):
    make_cities(2, actor=owner)
    headers = {"Authorization": f"Bearer {make_api_token(owner, name='t')}"}
    said = {"framework": framework.pk, "register": default_register().pk, "year": 2020, "name_en": "D"}
    sent = own.post(
        "/api/v1/imports/", {**said, "normalisation": "minmax", "file": file(DATA)}, headers=headers
    )
    store = reverse("indexer:api-import-store", args=[sent.json()["id"]])
    assert own.post(store, headers=headers).status_code == 201
    weights = file(b"code,global_weight\na,0.25\nb,0.75\n")
    answer, version = draft_of(own, framework, source="imported", file=weights)
    assert answer.url == at("version-detail", version)
    assert at("version-freeze", version) in own.get(answer.url).text
    assert own.post(at("version-freeze", version)).status_code == 302
    compute_waiting_runs(DataSet.objects.get().pk)
    run = Run.objects.get()
    assert own.get(reverse("indexer:run-detail", args=[run.pk])).status_code == 200
    # Publishing is a manager's: no page offers it, and none answers.
    page = own.get(at("version-detail", version)).text
    for act in ("publish", "retire"):
        assert at(f"version-{act}", version) not in page
        assert own.post(at(f"version-{act}", version)).status_code == 404
    assert at("framework-publish", framework) not in own.get(at("framework-detail", framework)).text
    assert own.post(at("framework-publish", framework)).status_code == 404


def test_the_same_over_the_api(client, owner):
    headers = {"Authorization": f"Bearer {make_api_token(owner, name='t')}"}
    made = client.post("/api/v1/framework-imports/", {"name_en": "F", "file": file(TREE)}, headers=headers)
    assert made.status_code == 201, made.text
    said = {"framework": made.json()["id"], "label_en": "W", "file": file(b"code,global_weight\na,1\nb,3\n")}
    version = client.post("/api/v1/weight-imports/", {**said, "normalise": "true"}, headers=headers)
    assert version.status_code == 201, version.text
    said |= {"framework": make_framework().pk, "file": file(b"code,global_weight\n")}
    refused = client.post("/api/v1/weight-imports/", said, headers=headers)
    assert (refused.status_code, list(refused.json())) == (400, ["framework"])


def test_a_tree_in_the_browser_is_its_authors(own, framework):
    other = sign_in_staff(Client(), make_account(Role.ANALYST))
    assert at("framework-change", framework) not in other.get(at("framework-detail", framework)).text
    assert other.post(at("framework-change", framework)).status_code == 404
    tree = own.post(at("framework-change", framework)).url
    assert (own.get(tree).status_code, other.get(tree).status_code) == (200, 404)


def test_drafts_are_their_authors_and_weights_of_others_are_not_hers(own, owner, framework):
    _answer, version = draft_of(own, framework)
    other = sign_in_staff(Client(), make_account(Role.ANALYST))
    for page in ("version-detail", "version-freeze", "version-edit", "version-describe"):
        assert other.get(at(page, version)).status_code == 404
        assert own.get(at(page, version)).status_code == 200
    answer, last = draft_of(own, make_framework())
    assert (answer.status_code, last) == (422, version)


def edited(client, version, weights):
    """Send other weights of the first group of a draft."""
    page = client.get(at("version-edit", version)).context["form"]
    names = [name for name in page.fields if name.startswith("weight_")]
    said = {**dict(zip(names, weights, strict=True)), "reason": "Burden counts more"}
    return client.post(at("version-edit", version), said)


def test_a_draft_that_its_author_edits_stays_with_her(own, owner, framework):
    _answer, version = draft_of(own, framework)
    answer = edited(own, version, ["30", "70"])
    assert own.get(answer.url).status_code == 200
    version.refresh_from_db()
    assert version.source == VersionSource.EDITED
    assert own.post(at("version-freeze", version)).status_code == 302
    other = sign_in_staff(Client(), make_account(Role.ANALYST))
    assert other.get(at("version-detail", version)).status_code == 404


@pytest.fixture
def run(own, owner, framework):
    """A ranking of her own, under equal weights."""
    make_cities(4, actor=owner)
    rows = ("unit,a,b", "城市001,1,2", "城市002,3,1", "城市003,2,5", "城市004,7,3")
    said = {"framework": framework.pk, "register": default_register().pk, "year": 2020, "name_en": "D"}
    headers = {"Authorization": f"Bearer {make_api_token(owner, name='t')}"}
    sent = own.post(
        "/api/v1/imports/",
        {**said, "normalisation": "minmax", "file": file("\n".join(rows).encode())},
        headers=headers,
    )
    own.post(reverse("indexer:api-import-store", args=[sent.json()["id"]]), headers=headers)
    _answer, version = draft_of(own, framework)
    own.post(at("version-freeze", version))
    compute_waiting_runs(DataSet.objects.get().pk)
    return Run.objects.get()


def test_what_she_tries_on_her_own_ranking_becomes_her_draft(own, run):
    page = reverse("indexer:run-what-if", args=[run.pk])
    keep = reverse("indexer:run-what-if-draft", args=[run.pk])
    tried = own.post(page, {"n0": "20", "n1": "80"}).url
    assert keep in own.get(tried).text
    text = tried.partition("w=")[2].partition("&")[0]
    answer = own.post(keep, {"w": unquote(text), "label_en": "Tried", "reason": "To see"})
    draft = WeightVersion.objects.order_by("pk").last()
    assert answer.url == at("version-detail", draft)
    assert own.get(answer.url).status_code == 200
    assert [round(row.local_weight, 6) for row in draft.node_weights.order_by("indicator__position")] == [
        0.2,
        0.8,
    ]
    assert own.post(at("version-freeze", draft)).status_code == 302


def test_her_own_data_propose_weights_and_those_of_others_do_not(own, run):
    propose = reverse("indexer:data-set-propose", args=[run.data_set_id])
    assert propose in own.get(reverse("indexer:data-set-detail", args=[run.data_set_id])).text
    answer = own.post(propose, {"method": "entropy", "label_en": "Proposed"})
    draft = WeightVersion.objects.order_by("pk").last()
    assert (answer.url, draft.source) == (at("version-detail", draft), VersionSource.ENTROPY)
    assert own.get(answer.url).status_code == 200
    Framework.objects.filter(pk=run.data_set.framework_id).update(
        created_by=make_account(Role.MANAGER), is_shared=True
    )
    assert propose not in own.get(reverse("indexer:data-set-detail", args=[run.data_set_id])).text
    assert own.post(propose, {"method": "entropy", "label_en": "Proposed"}).status_code == 404
    keep = reverse("indexer:run-what-if-draft", args=[run.pk])
    page = own.get(reverse("indexer:run-what-if", args=[run.pk])).text
    assert keep not in page
    assert "drafted by managers" in page
    assert own.post(keep, {"w": "", "label_en": "Tried", "reason": "To see"}).status_code == 404


@pytest.mark.parametrize("source", [VersionSource.ROUND, VersionSource.POOLED, VersionSource.EDITED])
def test_a_manager_who_became_an_analyst_keeps_no_draft_of_a_round(own, owner, framework, source):
    draft = make_draft(framework, actor=owner)
    assert own.get(at("version-detail", draft)).status_code == 200
    framework = share_framework(framework, actor=owner)
    round_ = make_round(framework=framework) if source == VersionSource.ROUND else None
    # What was edited is a copy of the draft of a round, and names it.
    parent = (
        make_draft(framework, actor=make_account(Role.MANAGER)) if source == VersionSource.EDITED else None
    )
    if parent:
        WeightVersion.objects.filter(pk=parent.pk).update(source=VersionSource.ROUND)
    WeightVersion.objects.filter(pk=draft.pk).update(source=source, round=round_, parent=parent)
    assert own.get(at("version-detail", draft)).status_code == 404
    assert own.get(at("version-freeze", draft)).status_code == 404
