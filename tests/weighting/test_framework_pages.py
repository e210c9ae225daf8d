import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.factories import make_account, make_framework, sign_in_staff
from tests.weighting.uploads import FRAMEWORK_CSV, upload
from weighting.forms import uploads
from weighting.models import Framework

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]

LIST, IMPORT = reverse("weighting:framework-list"), reverse("weighting:framework-import")


def detail(framework):
    return reverse("weighting:framework-detail", args=[framework.pk])


def send(client, text=FRAMEWORK_CSV, **fields):
    data = {"name_zh": "互联网体系", "name_en": "Internet framework", "file": upload(text), **fields}
    return client.post(IMPORT, data)


def test_an_imported_framework_is_shown_as_a_tree(client):
    response = send(client)

    framework = Framework.objects.get()
    assert response.url == detail(framework)
    page = client.get(response.url)
    assert page.status_code == 200
    assert [node.code for node in page.context["indicators"]] == [
        "infra",
        "fixed",
        "mobile",
        "industry",
        "faults",
    ]
    for words in ("Internet framework", "Fixed network", "固定网络", "户", "lower is better", "faults"):
        assert words in page.text


def test_the_tree_as_a_file_gives_the_same_tree_again(client):
    send(client)
    first = Framework.objects.get()
    text = client.get(reverse("weighting:framework-file", args=[first.pk])).content.decode("utf-8-sig")
    # The unit “%” carries an apostrophe in the file, or a spreadsheet would take it for a formula.
    assert ",'%," in text
    book = client.get(reverse("weighting:framework-file", args=[first.pk]), {"format": "xlsx"}).content
    for file in (upload(text), SimpleUploadedFile("again.xlsx", book)):
        again = send(client, file=file)
        assert again.status_code == 422
        assert "already" in again.text


def test_a_faulty_file_comes_back_with_every_problem_and_the_names(client):
    response = send(client, "code,parent,direction\na,,1\nb,nowhere,5\na,,1\n")

    assert response.status_code == 422
    assert {problem.row for problem in response.context["problems"]} == {3, 4}
    assert "nowhere" in response.text
    assert "互联网体系" in response.text
    assert not Framework.objects.exists()


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_file_is_a_problem_of_the_file(client, text):
    response = send(client, text)

    assert response.status_code == 422
    assert len(response.context["problems"]) == 1


def test_the_same_file_again_is_refused_by_the_name_of_the_first(client):
    send(client)
    response = send(client, name_en="Another", name_zh="另一个")

    assert response.status_code == 422
    assert "already here as “Internet framework”" in response.text
    assert Framework.objects.count() == 1


def test_a_file_that_is_too_large_is_refused_unread(client, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UPLOAD", 100)
    response = send(client)

    assert response.status_code == 422
    assert "MB are taken" in response.text
    assert not Framework.objects.exists()


def test_a_form_sent_empty_names_every_field(client):
    response = client.post(IMPORT)

    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"name_zh", "file"}


def test_publishing_lets_anybody_read(client, manager):
    framework = make_framework(owner=manager)
    publish = reverse("weighting:framework-publish", args=[framework.pk])
    assert client.get(publish).status_code == 405

    assert client.post(publish).url == detail(framework)

    client.logout()
    assert client.get(detail(framework)).status_code == 200
    assert framework.name in client.get(LIST).text


def test_a_framework_that_is_not_published_is_not_found_by_visitors(client):
    framework = make_framework()
    client.logout()

    assert client.get(detail(framework)).status_code == 404
    assert framework.name_en not in client.get(LIST).text


def test_an_analyst_reads_what_others_imported_and_publishes_nothing(client):
    framework = make_framework()
    sign_in_staff(client, make_account(role="analyst"))

    assert client.get(detail(framework)).status_code == 200
    assert (
        reverse("weighting:framework-change", args=[framework.pk]) not in client.get(detail(framework)).text
    )
    assert client.post(reverse("weighting:framework-publish", args=[framework.pk])).status_code == 404


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_the_list_costs_the_same_for_any_number_of_rows(client, django_assert_num_queries, rows):
    for _ in range(rows):
        make_framework()
    with django_assert_num_queries(4):
        assert client.get(LIST).status_code == 200
