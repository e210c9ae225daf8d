import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from indexer.models import DataSet, Run
from indexer.services.data_sets import CityRow, PrintedFigure, record_printed_figures, register_cities
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_version
from tests.indexer.pages import make_runs, random_values, register_places
from weighting.enums import Role
from weighting.models import AuditEntry

pytestmark = pytest.mark.django_db
IMPORT = "/data-sets/import/"
HEADER = "unit,fixed,mobile,retail,finance,travel"
GOOD = f"{HEADER}\n南阳,1,2,3,4,5\nXi'an,2,3,4,5,6\n甘孜州,3,4,5,6,7\n"


@pytest.fixture
def framework():
    framework = make_framework()
    register_places(4, actor=framework.created_by)
    return framework


@pytest.fixture
def analyst(client):
    return sign_in_staff(client, make_account(Role.ANALYST))


def send(client, framework, data=GOOD, totals=None, **fields):
    encoded = data if isinstance(data, bytes) else data.encode()
    sent = {
        "framework": framework.pk,
        "name_zh": "数据",
        "name_en": "Data",
        "year": "2016",
        "file": SimpleUploadedFile("data.csv", encoded),
        "normalisation": "share",
        "negative": "reflect",
        "missing": "refuse",
        "aggregation": "arithmetic",
        **fields,
    }
    if totals is not None:
        sent["totals"] = SimpleUploadedFile("totals.csv", totals.encode())
    return client.post(IMPORT, sent)


def problems_of(response):
    assert response.status_code == 422
    assert not DataSet.objects.exists()
    return [(p.file, p.row, p.column, p.value, p.message) for p in response.context["problems"]]


def test_an_import_is_stored_whole_and_computed_under_every_frozen_version(analyst, framework):
    make_version(framework)
    response = send(analyst, framework, totals="code,total\nfixed,12\n")
    data_set = DataSet.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("indexer:data-set-detail", args=[data_set.pk])
    assert len(data_set.city_ids) == 3
    compute_waiting_runs(data_set.pk)
    scores = {row.city.name_en: row.score for row in Run.objects.get().city_scores.select_related("city")}
    # fixed is taken of the given 12, the other leaves of their sums 9, 12, 15, 18.
    assert scores["Nanyang"] == pytest.approx((1 / 12 + 2 / 9) / 4 + (3 / 12 + 4 / 15 + 5 / 18) / 6)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_files_in_gbk_and_with_a_mark_at_their_head_are_read(analyst, framework, encoding):
    assert send(analyst, framework, GOOD.encode(encoding)).status_code == 302


def test_an_unknown_city_is_answered_with_the_nearest_names(analyst, framework):
    problems = problems_of(send(analyst, framework, f"{HEADER}\n南阴市,1,2,3,4,5\n洛阳,2,3,4,5,6\n"))
    assert [p[:4] for p in problems] == [("data.csv", 2, "unit", "南阴市")]
    assert "南阳市" in problems[0][4]


def test_a_city_named_twice_by_different_names_is_noticed(analyst, framework):
    data = f"{HEADER}\n甘孜,1,2,3,4,5\n甘孜州,2,3,4,5,6\n洛阳市,1,1,1,1,1\n"
    ((file, row, column, value, message),) = problems_of(send(analyst, framework, data))
    assert (file, row, column, value) == ("data.csv", 3, "unit", "甘孜州")
    assert message == "“甘孜” in row 2 is the same city. Keep one of the rows."


def test_all_problems_of_both_files_are_listed_at_once(analyst, framework):
    data = f"{HEADER},color\n火星,1,,3,-4,5,red\n洛阳,2,3,4,5,x,red\n"
    problems = problems_of(send(analyst, framework, data, totals="code,total\nfixd,12\nmobile,0\n"))
    places = {(p[0], p[1], p[2]) for p in problems}
    assert places >= {
        ("data.csv", 1, "color"),
        ("data.csv", 2, "unit"),
        ("data.csv", 2, "mobile"),
        ("data.csv", 2, "finance"),
        ("data.csv", 3, "travel"),
        ("totals.csv", 2, "code"),
        ("totals.csv", 3, "total"),
    }


def test_what_could_not_be_computed_is_refused_before_it_is_stored(analyst, framework):
    zero = f"{HEADER}\n南阳,0,2,3,4,5\n洛阳,0,3,4,5,6\n"
    assert [(p[1], p[2]) for p in problems_of(send(analyst, framework, zero))] == [(None, "fixed")]
    constant = f"{HEADER}\n南阳,7,2,3,4,5\n洛阳,7,3,4,5,6\n"
    assert [p[2] for p in problems_of(send(analyst, framework, constant, normalisation="zscore"))] == [
        "fixed"
    ]
    some_zero = f"{HEADER}\n南阳,0,2,3,4,5\n洛阳,7,3,4,5,6\n"
    assert [p[2] for p in problems_of(send(analyst, framework, some_zero, aggregation="geometric"))] == [
        "fixed"
    ]


def test_a_geometric_mean_of_zscores_is_refused_whatever_the_data(analyst, framework):
    response = send(analyst, framework, normalisation="zscore", aggregation="geometric")
    assert response.status_code == 422
    assert "The geometric mean needs values above zero" in response.content.decode()


def test_a_missing_cell_is_taken_when_the_policy_says_how(analyst, framework):
    data = f"{HEADER}\n南阳,,2,3,4,5\n洛阳,2,3,4,5,6\n甘孜,3,1,1,1,1\n"
    assert send(analyst, framework, data, missing="mean").status_code == 302
    make_version(framework)
    data_set = DataSet.objects.get()
    compute_waiting_runs(data_set.pk)
    assert Run.objects.get().status == "done"


@pytest.mark.parametrize("data", ["", "\n\n", HEADER, b"\xff\xfe\x00"])
def test_an_empty_or_unreadable_file_is_a_problem_not_an_error(analyst, framework, data):
    assert problems_of(send(analyst, framework, data))


def test_the_same_data_twice_is_refused_with_its_name(analyst, framework):
    send(analyst, framework)
    response = send(analyst, framework)
    assert response.status_code == 422
    assert "The same data is already stored as “Data”." in response.content.decode()
    assert DataSet.objects.count() == 1


def test_the_form_keeps_what_was_typed_and_names_what_is_missing(analyst, framework):
    response = send(analyst, framework, name_en="", year="20166")
    assert set(response.context["form"].errors) == {"name_en", "year"}
    assert "数据" in response.content.decode()


def test_importing_needs_a_role(client, framework):
    assert send(client, framework).status_code == 302
    assert not DataSet.objects.exists()


def test_a_name_shared_by_two_provinces_must_be_told_apart(analyst, framework):
    rows = [CityRow("吉林市", "Jilin", f"{p}省", p, "东北", "Northeast") for p in ("甲", "乙")]
    register_cities(rows, actor=framework.created_by)
    problems = problems_of(send(analyst, framework, f"{HEADER}\n吉林市,1,2,3,4,5\n洛阳,2,3,4,5,6\n"))
    assert "吉林市（甲省）" in problems[0][4]
    named = f"{HEADER}\n吉林市（甲省）,1,2,3,4,5\n洛阳,2,3,4,5,6\n"
    assert send(analyst, framework, named).status_code == 302


def test_the_page_shows_indicators_cities_method_and_runs_but_no_codes(analyst, framework):
    make_version(framework)
    send(analyst, framework, totals="code,total\nfixed,12\n")
    data_set = DataSet.objects.get()
    text = analyst.get(reverse("indexer:data-set-detail", args=[data_set.pk])).content.decode()
    for fact in (
        data_set.sha256,
        "Share of the national total",
        "Indicator fixed",
        "12 *",
        "Xi&#x27;an",
        "0 of 1",
    ):
        assert fact in text


def test_a_manager_publishes_after_being_told_what_it_means(client, framework):
    run = make_runs(random_values(3), framework=framework)[0]
    sign_in_staff(client, make_account(Role.MANAGER))
    address = reverse("indexer:data-set-publish", args=[run.data_set_id])
    assert "without signing in" in client.get(address).content.decode()
    assert not DataSet.objects.get().is_published
    assert client.post(address).status_code == 302
    assert DataSet.objects.get().is_published
    assert AuditEntry.objects.filter(act="publish", subject_id=str(run.data_set_id)).exists()


def test_an_analyst_cannot_publish(analyst, framework):
    run = make_runs(random_values(3), framework=framework)[0]
    assert analyst.post(reverse("indexer:data-set-publish", args=[run.data_set_id])).status_code == 404
    assert not DataSet.objects.get().is_published


def test_anybody_sees_published_data_sets_and_no_others(client, framework):
    hidden = make_runs(random_values(3), framework=framework)[0]
    assert "No data set yet" in client.get("/data-sets/").content.decode()
    assert client.get(reverse("indexer:data-set-detail", args=[hidden.data_set_id])).status_code == 404
    shown = make_runs(random_values(3, seed=2), published=True, framework=make_framework())[0]
    assert client.get(reverse("indexer:data-set-detail", args=[shown.data_set_id])).status_code == 200


def test_printed_figures_are_kept_by_city_and_node(framework):
    run = make_runs(random_values(2), framework=framework)[0]
    figures = [
        PrintedFigure(city_id=run.data_set.city_ids[0], node="", value="10.1914", rank=1),
        PrintedFigure(city_id=run.data_set.city_ids[0], node="infra", value="9.434", rank=2),
    ]
    assert record_printed_figures(run.data_set, figures, actor=framework.created_by) == 2
    kept = run.data_set.published_figures.order_by("rank").values_list("indicator__code", "value")
    assert list(kept) == [(None, "10.1914"), ("infra", "9.434")]


@pytest.mark.parametrize("data_sets", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number(analyst, data_sets, django_assert_num_queries):
    for seed in range(data_sets):
        make_runs(random_values(2, seed=seed))
    with django_assert_num_queries(3):
        analyst.get("/data-sets/")


@pytest.mark.parametrize("cities", [1, 3])
def test_one_takes_the_same_queries_for_any_size(analyst, cities, django_assert_num_queries):
    run = make_runs(random_values(cities))[0]
    # Session, account; the data set, runs, indicators, cities with places.
    with django_assert_num_queries(6):
        analyst.get(reverse("indexer:data-set-detail", args=[run.data_set_id]))
