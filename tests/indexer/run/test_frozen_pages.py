import pytest
from django.test import Client
from django.urls import reverse

from indexer.models import City, Run
from indexer.services.registers import import_register
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import make_runs, print_figure, random_values
from weighting.enums import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def published():
    return make_runs(random_values(4), tilts=[None], published=True)[0]


def page_of(run):
    return reverse("indexer:run-detail", args=[run.pk])


def export_of(run):
    return reverse("indexer:run-export", args=[run.pk])


def again(client, address, answer, query=None, **headers):
    return client.get(address, query, headers={"If-None-Match": answer.headers["ETag"], **headers})


def test_the_page_is_held_by_its_reader_until_something_on_it_changes(
    client, published, django_assert_num_queries
):
    address = page_of(published)
    first = client.get(address)
    assert first.headers["Cache-Control"] == "private, no-cache"
    for name in ("Cookie", "Accept-Language", "HX-Request"):
        assert name in first.headers["Vary"]
    # The run, and the years beside it.
    with django_assert_num_queries(2):
        held = again(client, address, first)
    assert (held.status_code, held.content) == (304, b"")
    assert held.headers["ETag"] == first.headers["ETag"]
    for query, headers in [
        ({"page": 2}, {}),
        ({}, {"Accept-Language": "zh-hans"}),
        ({}, {"HX-Request": "true", "HX-Target": "results"}),
    ]:
        assert again(client, address, first, query, **headers).status_code == 200
    Run.objects.filter(pk=published.pk).update(result_sha256="f" * 64)
    assert again(client, address, first).status_code == 200


def test_nothing_that_another_build_answered_holds(client, published, settings):
    addresses = [
        page_of(published),
        export_of(published),
        reverse("indexer:api-ranking", args=[published.pk]),
    ]
    held = {address: client.get(address) for address in addresses}
    assert {again(client, address, answer).status_code for address, answer in held.items()} == {304}
    settings.BUILD = "another"
    assert {again(client, address, answer).status_code for address, answer in held.items()} == {200}


def test_a_page_that_was_held_still_sends_its_forms(client, published):
    client.handler.enforce_csrf_checks = True
    first = client.get(page_of(published))
    token = str(first.context["csrf_token"])
    assert again(client, page_of(published), first).status_code == 304
    form = {"language": "en", "csrfmiddlewaretoken": token, "next": "/"}
    assert client.post(reverse("set_language"), form).status_code == 302

    # Without its secret the same page would be of no use, and is not said to hold.
    client.cookies.pop("csrftoken")
    assert again(client, page_of(published), first).status_code == 200
    assert client.post(reverse("set_language"), form).status_code == 403


def test_nobody_is_shown_the_page_of_somebody_else(client, published):
    first = client.get(page_of(published))
    sign_in_staff(client, make_account(Role.ANALYST))
    signed_in = again(client, page_of(published), first)
    assert signed_in.status_code == 200
    assert signed_in.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in signed_in.headers


def test_the_page_of_a_run_that_is_not_published_is_kept_by_nobody(analyst):
    run = make_runs(random_values(3), tilts=[None])[0]
    assert analyst.get(page_of(run)).headers["Cache-Control"] == "private, no-store"


def test_a_page_with_a_message_is_kept_by_nobody(analyst, published):
    first = Client().get(page_of(published))
    failed = make_runs(random_values(3), tilts=[None], computed=False, framework=make_framework())[0]
    analyst.post(reverse("indexer:run-cancel", args=[failed.pk]))
    with_message = again(analyst, page_of(published), first)
    assert with_message.status_code == 200
    assert "The run is cancelled" in with_message.content.decode()
    assert "ETag" not in with_message.headers


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_a_published_file_is_kept_by_anybody_and_asked_for_each_time(client, published, format):
    first = client.get(export_of(published), {"format": format})
    assert first.headers["Cache-Control"] == "public, no-cache"
    assert {"Cookie", "Accept-Language"} <= set(first.headers["Vary"].split(", "))
    assert again(client, export_of(published), first, {"format": format}).status_code == 304
    assert again(client, export_of(published), first, {"format": format, "node": "infra"}).status_code == 200
    assert (
        again(
            client, export_of(published), first, {"format": format}, **{"Accept-Language": "zh-hans"}
        ).status_code
        == 200
    )


def test_a_file_for_staff_alone_is_asked_for_again_each_time(analyst):
    run = make_runs(random_values(3), tilts=[None])[0]
    first = analyst.get(export_of(run))
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert again(analyst, export_of(run), first).status_code == 304
    analyst.logout()
    assert again(analyst, export_of(run), first).status_code == 404


def test_what_is_no_file_is_not_kept(client, published):
    answer = client.get(export_of(published), {"format": "doc"})
    assert answer.status_code == 404
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("cities", [3, 300])
def test_page_and_api_take_few_queries_however_many_cities(analyst, cities, django_assert_num_queries):
    run = make_runs(random_values(cities), tilts=[None])[0]
    print_figure(run, 0, "1.0")
    with django_assert_num_queries(10):
        analyst.get(page_of(run), {"size": "all"})
    # Two of them are the visitor's.
    with django_assert_num_queries(6):
        analyst.get(reverse("indexer:api-ranking", args=[run.pk]), {"limit": 50})


def test_what_is_filled_in_of_units_is_shown_by_results_that_were_kept(client, published, tmp_path):
    city = City.objects.filter(pk__in=published.data_set.city_ids).select_related("province__region").first()
    register = city.register
    City.objects.filter(pk=city.pk).update(name_en="")
    kept = {address: client.get(address) for address in (page_of(published), export_of(published))}
    assert all(again(client, address, first).status_code == 304 for address, first in kept.items())
    province = city.province
    rows = [
        "name_zh,name_en,province_zh,province_en,region_zh,region_en",
        f"{city.name_zh},Filledin,{province.name_zh},{province.name_en},"
        f"{province.region.name_zh},{province.region.name_en}",
    ]
    register_import = {"source": "\n".join(rows).encode(), "filename": "r.csv", "into": register}
    import_register(**register_import, actor=make_account(Role.ANALYST))
    for address, first in kept.items():
        shown = again(client, address, first, headers={"accept-language": "en"})
        assert shown.status_code == 200
        assert "Filledin" in client.get(address, headers={"accept-language": "en"}).text
    # A second time there is nothing to fill in, and what was kept holds.
    held = client.get(page_of(published))
    import_register(**register_import, actor=make_account(Role.ANALYST))
    assert again(client, page_of(published), held).status_code == 304
