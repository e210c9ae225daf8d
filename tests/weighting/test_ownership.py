"""A manager acts on what is their own or shared with them; on another's, only an administrator does."""

import pytest
from django.test import Client
from django.urls import reverse

from indexer.models import BranchIndex
from tests.factories import make_account, make_framework, make_panel, make_round, sign_in_staff
from tests.indexer.factories import make_data_set, make_version
from weighting.enums import Role
from weighting.models import AuditEntry, WeightVersion

pytestmark = pytest.mark.django_db

ACTS = ["freeze", "publish", "retire"]


@pytest.fixture
def owner():
    return make_account(Role.MANAGER)


@pytest.fixture
def version(owner):
    return make_version(make_framework(owner=owner), actor=owner)


def visitor(role=Role.MANAGER):
    account = make_account(role)
    return account, sign_in_staff(Client(), account)


def at(act, version):
    return reverse(f"weighting:version-{act}", args=[version.pk])


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_managers_version_can_be_read_and_not_acted_on(version, act, method):
    _account, client = visitor()
    before, acts = WeightVersion.objects.values().get(), AuditEntry.objects.count()

    page = client.get(at("detail", version)).content.decode()
    assert version.label in page
    assert at(act, version) not in page
    assert getattr(client, method)(at(act, version)).status_code == 404
    assert WeightVersion.objects.values().get() == before
    assert AuditEntry.objects.count() == acts


@pytest.mark.parametrize("act", ["publish", "retire"])
def test_an_owner_and_an_administrator_act(version, owner, act):
    _account, administrator = visitor(Role.ADMINISTRATOR)
    for client in (sign_in_staff(Client(), owner), administrator):
        assert at(act, version) in client.get(at("detail", version)).content.decode()
        assert client.get(at(act, version)).status_code == 200

    assert administrator.post(at(act, version)).status_code == 302
    assert AuditEntry.objects.filter(act=act).count() == 1


def test_a_round_that_is_shared_shares_its_version(version):
    account, client = visitor()
    round_ = make_round(framework=version.framework)
    round_.managers.add(account)
    draft = WeightVersion.objects.create(
        framework=version.framework,
        round=round_,
        created_by=version.created_by,
        label_zh="稿",
        label_en="Draft",
    )

    assert client.get(at("freeze", draft)).status_code == 200


def test_a_panel_is_seen_by_its_owner_by_who_manages_a_round_of_it_and_by_administrators(owner):
    panel = make_panel(owner=owner)
    address = reverse("weighting:panel-detail", args=[panel.pk])
    manager, client = visitor()
    _account, administrator = visitor(Role.ADMINISTRATOR)

    assert client.get(address).status_code == 404
    assert panel.name not in client.get(reverse("weighting:panel-list")).content.decode()
    assert panel.name not in client.get(reverse("weighting:round-new")).content.decode()
    assert sign_in_staff(Client(), owner).get(address).status_code == 200
    assert administrator.get(address).status_code == 200

    make_round(panel=panel).managers.add(manager)
    assert client.get(address).status_code == 200


def test_a_framework_and_its_branches_are_published_by_its_owner_and_administrators(owner):
    framework = make_framework(owner=owner)
    (manager, other), (_account, administrator) = visitor(), visitor(Role.ADMINISTRATOR)
    page = reverse("weighting:framework-detail", args=[framework.pk])
    publish = reverse("weighting:framework-publish", args=[framework.pk])
    new = reverse("indexer:framework-index-new", args=[framework.pk])
    indices, named = reverse("indexer:index-list"), {"node": "infra", "name_zh": "甲", "name_en": "A"}

    # Who drafts a round on somebody else's framework does not own it by that.
    make_round(manager=manager, framework=framework)
    assert publish not in other.get(page).content.decode()
    assert new not in other.get(indices).content.decode()
    assert [other.post(publish).status_code, other.post(new, named).status_code] == [404, 404]
    framework.refresh_from_db()
    assert not framework.is_published

    own = sign_in_staff(Client(), owner)
    assert own.post(new, named).status_code == 302
    withdraw = reverse("indexer:index-withdraw", args=[BranchIndex.objects.get().pk])
    assert [other.get(withdraw).status_code, other.post(withdraw).status_code] == [404, 404]
    assert new in administrator.get(indices).content.decode()
    assert administrator.post(withdraw).status_code == 302
    assert publish in own.get(page).content.decode()
    assert own.post(publish).status_code == 302


def test_a_data_set_is_published_by_who_brought_it_by_its_frameworks_owner_and_administrators(owner):
    framework, analyst = make_framework(owner=owner), make_account(Role.ANALYST)
    (bringer, brought), (_other, other), (_admin, administrator) = (
        visitor(),
        visitor(),
        visitor(Role.ADMINISTRATOR),
    )
    data_set = make_data_set(framework, actor=bringer)
    page, publish = (reverse(f"indexer:data-set-{act}", args=[data_set.pk]) for act in ("detail", "publish"))

    for client in (other, sign_in_staff(Client(), analyst)):
        assert publish not in client.get(page).content.decode()
        assert [client.get(publish).status_code, client.post(publish).status_code] == [404, 404]
    for client in (brought, administrator, sign_in_staff(Client(), owner)):
        assert publish in client.get(page).content.decode()
        assert client.get(publish).status_code == 200
    assert brought.post(publish).status_code == 302
