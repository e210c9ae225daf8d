import pytest
from django.urls import reverse

from tests.factories import make_account, make_panel, make_round, sign_in_staff
from tests.weighting.uploads import PANEL_CSV, upload
from weighting.enums import RoundState
from weighting.exceptions import Refused
from weighting.models import AuditEntry, Expert, Panel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]

LIST, IMPORT = reverse("weighting:panel-list"), reverse("weighting:panel-import")


def send(client, text=PANEL_CSV, encoding="utf-8"):
    return client.post(IMPORT, {"name": "The panel", "file": upload(text, encoding=encoding)})


def test_an_imported_panel_shows_its_people(client):
    response = send(client)

    assert response.url == reverse("weighting:panel-detail", args=[Panel.objects.get().pk])
    page = client.get(response.url).text
    for words in ("The panel", "李一", "清华大学", "one@panel.example", "Academic"):
        assert words in page


def test_a_faulty_file_comes_back_with_every_problem(client):
    response = send(client, "code,name,email\nE1,One,nobody@\nE1,Two,two@x.example\n")

    assert response.status_code == 422
    assert {(p.row, p.column) for p in response.context["problems"]} == {(2, "email"), (3, "code")}
    assert "The panel" in response.text
    assert not Panel.objects.exists()


def test_the_same_people_again_are_refused(client):
    send(client)

    assert send(client).status_code == 422
    assert Panel.objects.count() == 1


@pytest.mark.parametrize("role", ["analyst", None])
def test_nobody_but_managers_sees_the_people(client, role):
    panel = make_panel()
    client.logout()
    if role:
        sign_in_staff(client, make_account(role=role))
    for address in (LIST, IMPORT, reverse("weighting:panel-detail", args=[panel.pk])):
        response = client.get(address)
        assert response.status_code == (404 if role else 302)
        assert panel.name not in response.text


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_the_list_costs_the_same_for_any_number_of_rows(client, django_assert_num_queries, rows):
    for _ in range(rows):
        make_panel()
    with django_assert_num_queries(3):
        assert client.get(LIST).status_code == 200


def remove(client, panel, **more):
    return client.post(reverse("weighting:panel-remove", args=[panel.pk]), **more)


def test_a_panel_that_no_round_uses_is_removed_with_its_people_and_the_log_says_so(client, manager):
    panel = make_panel(3, owner=manager)
    address = reverse("weighting:panel-remove", args=[panel.pk])
    assert address in client.get(reverse("weighting:panel-detail", args=[panel.pk])).text
    asked = client.get(address)
    assert "3 experts are deleted" in asked.text
    assert Panel.objects.filter(pk=panel.pk).exists()

    gone = remove(client, panel, follow=True)

    assert gone.redirect_chain == [(LIST, 302)]
    assert not Expert.objects.filter(panel_id=panel.pk).exists()
    (entry,) = AuditEntry.objects.filter(act="remove", subject_type="panel")
    assert (entry.actor, entry.subject_id, entry.detail) == (
        *(manager, str(panel.pk)),
        {"name": panel.name, "experts": 3},
    )
    assert panel.name in client.get(reverse("weighting:audit")).text


def test_a_panel_that_a_round_was_drafted_with_stays(client, manager):
    panel = make_round(manager=manager, state=RoundState.DRAFT).panel

    assert "panel-remove" not in client.get(reverse("weighting:panel-detail", args=[panel.pk])).text
    refused = remove(client, panel)

    assert refused.status_code == 409
    assert "1 round is held with this panel" in refused.text
    assert panel.experts.exists()


def test_who_shares_a_round_does_not_remove_its_panel(client, manager):
    round_ = make_round(manager=make_account(), state=RoundState.VOID)
    round_.managers.add(manager)
    seen = client.get(reverse("weighting:panel-detail", args=[round_.panel_id]))
    assert (seen.status_code, remove(client, round_.panel).status_code) == (200, 404)


def test_a_program_removes_a_panel(client, manager):
    panel = make_panel(4, owner=manager)
    address = reverse("weighting:api-panel", args=[panel.pk])
    assert client.get(address).json() == {
        "id": panel.pk,
        "name": panel.name,
        "experts": 4,
        "without_address": 0,
    }
    used = make_round(manager=manager).panel

    kept = client.delete(reverse("weighting:api-panel", args=[used.pk]))
    assert (kept.status_code, "held with this panel" in kept.json()["blockers"][0]) == (422, True)
    assert (client.delete(address).status_code, client.get(address).status_code) == (204, 404)
    assert AuditEntry.objects.filter(act="remove", subject_id=str(panel.pk)).exists()


def test_a_round_is_not_drafted_with_a_panel_that_was_removed_meanwhile(client, manager):
    panel = make_panel(owner=manager)
    remove(client, panel)
    with pytest.raises(Refused, match="was removed meanwhile"):
        make_round(manager=manager, panel=panel)
