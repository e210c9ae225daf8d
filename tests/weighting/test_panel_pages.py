import pytest
from django.urls import reverse

from tests.factories import make_account, make_panel, sign_in_staff
from tests.weighting.pages import PANEL_CSV, upload
from weighting.models import Panel

pytestmark = pytest.mark.django_db

LIST, IMPORT = reverse("weighting:panel-list"), reverse("weighting:panel-import")


@pytest.fixture
def manager(client):
    account = make_account()
    sign_in_staff(client, account)
    return account


def send(client, text=PANEL_CSV, encoding="utf-8"):
    return client.post(IMPORT, {"name": "The panel", "file": upload(text, encoding=encoding)})


@pytest.mark.usefixtures("manager")
def test_an_imported_panel_shows_its_people(client):
    response = send(client)

    assert response.url == reverse("weighting:panel-detail", args=[Panel.objects.get().pk])
    page = client.get(response.url).text
    for words in ("The panel", "李一", "清华大学", "one@panel.example", "Academic"):
        assert words in page


@pytest.mark.usefixtures("manager")
def test_a_faulty_file_comes_back_with_every_problem(client):
    response = send(client, "code,name,email\nE1,One,nobody\nE1,Two,two@x.example\n")

    assert response.status_code == 422
    assert {(p.row, p.column) for p in response.context["problems"]} == {(2, "email"), (3, "code")}
    assert "The panel" in response.text
    assert not Panel.objects.exists()


@pytest.mark.usefixtures("manager")
def test_the_same_people_again_are_refused(client):
    send(client)

    assert send(client).status_code == 422
    assert Panel.objects.count() == 1


@pytest.mark.parametrize("role", ["analyst", None])
def test_nobody_but_managers_sees_the_people(client, role):
    panel = make_panel()
    if role:
        sign_in_staff(client, make_account(role=role))
    for address in (LIST, IMPORT, reverse("weighting:panel-detail", args=[panel.pk])):
        response = client.get(address)
        assert response.status_code == (404 if role else 302)
        assert panel.name not in response.text


@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_the_list_costs_the_same_for_any_number_of_rows(client, django_assert_num_queries, rows):
    for _ in range(rows):
        make_panel()
    with django_assert_num_queries(3):
        assert client.get(LIST).status_code == 200
