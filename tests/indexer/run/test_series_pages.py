import csv
import io
import re

import numpy as np
import pytest
import scipy
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import strip_tags
from openpyxl import Workbook

from indexer.models import City, OutsideSeries
from indexer.selectors.levels import level_named
from indexer.services.registers import default_register
from indexer.services.series import publish_series
from tests.factories import make_account, sign_in_staff
from tests.indexer.composites import scores_of
from tests.indexer.factories import make_series
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role
from weighting.models import AuditEntry

pytestmark = pytest.mark.django_db
IMPORT = "/series/import/"
SAID = {"name_zh": "地区生产总值", "name_en": "GDP", "unit": "亿元", "year": 2016}


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    return make_runs(random_values(8), tilts=[None])[0]


def page_of(run):
    return reverse("indexer:run-series", args=[run.pk])


def gdp_of(run, *, far=None, times=40):
    """A series that follows the scores, but for one city."""
    scores = scores_of(run)
    values = [1000 * scores[city] * (1 + 0.01 * at) for at, city in enumerate(run.data_set.city_ids)]
    if far is not None:
        values[far] *= times
    return make_series(run.data_set.city_ids, values, actor=run.data_set.created_by)


def send(client, text, name="gdp.csv", **said):
    file = SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)
    return client.post(IMPORT, {**SAID, "register": default_register().pk, **said, "file": file})


def test_without_a_series_the_page_shows_what_a_file_looks_like(analyst, client, run):
    text = analyst.get(page_of(run)).content.decode()
    assert "No series yet" in text
    assert "unit,value" in text
    assert f"{IMPORT}?run={run.pk}" in text


@pytest.mark.postgres
def test_a_file_is_stored_by_any_name_of_a_city(analyst, run):
    City.objects.filter(name_zh="洛阳市").update(code="410300")
    response = send(analyst, "unit,value\n宛城,3119.1\nXi'an,6257.2\n甘孜州,\n410300,3820.1\n")
    series = OutsideSeries.objects.get()
    names = dict(City.objects.values_list("pk", "name_zh"))
    assert [names[pk] for pk in series.city_ids] == ["南阳市", "西安市", "洛阳市"]
    assert np.frombuffer(series.values, "<f8").tolist() == [3119.1, 6257.2, 3820.1]
    assert response.status_code == 302
    assert AuditEntry.objects.filter(act="add", subject_type="outsideseries").count() == 1


@pytest.mark.postgres
def test_a_workbook_is_read_as_well(analyst, run):
    book, out = Workbook(), io.BytesIO()
    for row in (("unit", "value"), ("南阳市", 3119.1), ("洛阳市", 3820.1)):
        book.active.append(row)
    book.save(out)
    assert send(analyst, out.getvalue(), "gdp.xlsx").status_code == 302
    assert len(OutsideSeries.objects.get().city_ids) == 2


@pytest.mark.postgres
def test_every_problem_of_a_file_is_named_at_once_and_nothing_kept(analyst, run):
    response = send(analyst, "unit,value\n南阳,3119.1\n宛城,1\n洛洛阳市,2\n西安市,many\n,4\n全国,9\n")
    assert response.status_code == 422
    problems = {(problem.row, problem.column): problem.message for problem in response.context["problems"]}
    assert "already in row 2" in problems[3, "unit"]
    asked = {item["name"]: item["options"] for item in response.context["readings"]}
    assert ("洛阳市", "洛阳市") in asked["reading-row:洛洛阳市"]
    assert (5, "value") in problems
    assert "Fill it in" in problems[6, "unit"]
    assert asked["reading-row:全国"] == [("left out", "leave out")]
    assert not OutsideSeries.objects.exists()


@pytest.mark.parametrize("text", ["", "unit\n南阳市\n", "unit,value\n", "unit,value\n南阳市,\n"])
def test_a_file_without_values_is_refused(analyst, run, text):
    response = send(analyst, text)
    assert response.status_code == 422
    assert response.context["problems"] or response.context["form"].errors


@pytest.mark.postgres
def test_the_same_values_are_stored_once(analyst, run):
    text = "unit,value\n南阳市,3119.1\n"
    assert send(analyst, text).status_code == 302
    again = send(analyst, text)
    assert again.status_code == 422
    assert "already stored" in again.content.decode()


def test_the_page_correlates_and_names_the_outlier(analyst, run):
    series = gdp_of(run, far=2)
    report = analyst.get(page_of(run)).context["report"]
    scores = scores_of(run)
    x, y = np.frombuffer(series.values, "<f8"), np.array([scores[pk] for pk in series.city_ids])
    assert report.overall.spearman == pytest.approx(scipy.stats.spearmanr(x, y).statistic)
    assert report.overall.log_pearson == pytest.approx(scipy.stats.pearsonr(np.log(x), np.log(y)).statistic)
    assert report.logarithmic
    assert report.outliers[0].city.pk == run.data_set.city_ids[2]
    assert report.outliers[0].residual < -2.5


def test_bands_are_chosen_and_a_wrong_choice_is_named(analyst, run):
    gdp_of(run)
    bands = analyst.get(page_of(run), {"bands": "3, 6"}).context["report"].bands
    assert [(band.first, band.last, band.association.count) for band in bands] == [
        (1, 3, 3), (4, 6, 3), (7, 8, 2),
    ]  # fmt: skip
    assert "not a list of ranks" in analyst.get(page_of(run), {"bands": "a"}).content.decode()
    address = reverse("indexer:api-run-series", args=[run.pk])
    answer = analyst.get(address, {"series": OutsideSeries.objects.get().pk, "bands": "6,3"})
    assert answer.status_code == 400
    assert "that rise" in answer.json()["bands"][0]


def test_shares_sum_to_the_whole_and_values_below_zero_have_none(analyst, run):
    gdp_of(run)
    report = analyst.get(page_of(run)).context["report"]
    level = level_named(report.subject.cities, "province")
    for shares in (report.shares_of_cities(), report.shares(level)):
        assert sum(held.index for held in shares) == pytest.approx(1)
        assert sum(held.series for held in shares) == pytest.approx(1)
    growth = make_series(
        run.data_set.city_ids, [-1, *range(1, 8)], actor=run.data_set.created_by, name_en="Growth"
    )
    response = analyst.get(page_of(run), {"series": growth.pk})
    assert not response.context["report"].logarithmic
    assert "below zero somewhere" in response.content.decode()


def test_what_has_no_partner_is_named(analyst, run):
    others = make_runs(random_values(10, seed=3), tilts=[None])[0].data_set.city_ids[8:]
    make_series([*run.data_set.city_ids[:5], *others], actor=run.data_set.created_by)
    response = analyst.get(page_of(run))
    report, text = response.context["report"], response.content.decode()
    assert len(report.without) == 3
    assert report.beyond == 2
    assert "3 cities of the ranking have no value" in text
    assert "2 cities of the series are not in the ranking" in text


def test_file_and_api_hold_the_same_figures(analyst, run):
    series = gdp_of(run, far=2)
    text = analyst.get(page_of(run) + "export/", {"series": series.pk}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["Rank"]) for row in rows] == sorted(int(row["Rank"]) for row in rows)
    assert rows[0]["SHA-256 of the series"] == series.sha256
    answer = analyst.get(reverse("indexer:api-run-series", args=[run.pk]), {"series": series.pk}).json()
    residuals = {row["City (Chinese)"]: float(row["Studentised residual"]) for row in rows}
    for outlier in answer["outliers"]:
        assert outlier["residual"] == residuals[outlier["unit"]]
    assert answer["overall"]["count"] == 8
    assert analyst.get(reverse("indexer:api-series", args=[series.pk])).json()["cities"] == 8


@pytest.mark.parametrize(
    ("query", "field"), [({}, "series"), ({"series": "x"}, "series"), ({"scale": "cubic"}, "scale")]
)
def test_the_api_names_what_is_wrong(analyst, run, query, field):
    series = gdp_of(run)
    query = query if field == "series" else {"series": series.pk, **query}
    answer = analyst.get(reverse("indexer:api-run-series", args=[run.pk]), query)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


@pytest.mark.postgres
def test_a_series_is_read_by_strangers_only_when_published(client):
    run = make_runs(random_values(6), tilts=[None], published=True)[0]
    series = gdp_of(run)
    assert "No series yet" in client.get(page_of(run)).content.decode()
    assert client.get(reverse("indexer:api-series", args=[series.pk])).status_code == 404
    address = reverse("indexer:series-publish", args=[series.pk]) + f"?run={run.pk}"
    sign_in_staff(client, make_account(Role.MANAGER))
    assert address not in client.get(page_of(run)).content.decode()
    assert client.post(address).status_code == 404
    sign_in_staff(client, series.created_by)
    assert address in client.get(page_of(run)).content.decode()
    response = client.post(address)
    assert response.url == page_of(run)
    client.logout()
    text = client.get(page_of(run)).content.decode()
    assert "rank correlation" in text
    assert IMPORT not in text


@pytest.mark.postgres
def test_the_owner_renames_a_series_and_its_figures_stay(analyst, run):
    send(analyst, "unit,value\n南阳市,3119.1\n")
    series = OutsideSeries.objects.get()
    address = reverse("indexer:series-describe", args=[series.pk]) + f"?run={run.pk}"
    assert address in analyst.get(page_of(run)).content.decode()
    wrong = analyst.post(address, {"name_zh": "", "name_en": ""})
    assert wrong.status_code == 422
    assert list(wrong.context["form"].errors) == ["name_zh"]
    analyst.post(address, {"name_zh": "生产总值", "name_en": "GDP of 2016", "note": "Yearbook"})
    renamed = OutsideSeries.objects.get()
    assert (renamed.name_zh, renamed.name_en, renamed.note) == ("生产总值", "GDP of 2016", "Yearbook")
    assert (renamed.sha256, bytes(renamed.values)) == (series.sha256, bytes(series.values))
    entry = AuditEntry.objects.get(act="describe", subject_type="outsideseries")
    assert entry.detail["before"] == "地区生产总值 · GDP"


@pytest.mark.postgres
def test_the_owner_removes_a_series_after_a_word_and_can_send_it_again(analyst, run):
    text = "unit,value\n南阳市,3119.1\n"
    send(analyst, text)
    series = OutsideSeries.objects.get()
    address = reverse("indexer:series-remove", args=[series.pk]) + f"?run={run.pk}"
    assert "Remove this series?" in analyst.get(address).content.decode()
    assert OutsideSeries.objects.exists()
    assert analyst.post(address).url == page_of(run)
    assert not OutsideSeries.objects.exists()
    entry = AuditEntry.objects.get(act="remove", subject_id=str(series.pk))
    assert (entry.detail["name_zh"], entry.detail["sha256"]) == (SAID["name_zh"], series.sha256)
    assert send(analyst, text).status_code == 302


@pytest.mark.postgres
def test_a_published_series_and_that_of_others_stay(analyst, client, run):
    send(analyst, "unit,value\n南阳市,3119.1\n")
    series = OutsideSeries.objects.get()
    publish_series(series, actor=series.created_by)
    others = gdp_of(run)
    for name in ("indexer:series-describe", "indexer:series-remove"):
        assert analyst.get(reverse(name, args=[others.pk])).status_code == 404
        answer = analyst.post(reverse(name, args=[series.pk]), SAID)
        assert answer.status_code == 409
        assert "may cite it" in answer.content.decode()
    assert OutsideSeries.objects.count() == 2
    assert (
        reverse("indexer:series-remove", args=[series.pk]) not in analyst.get(page_of(run)).content.decode()
    )


def test_two_cities_are_too_few_and_the_page_says_so(analyst):
    run = make_runs(random_values(2), tilts=[None])[0]
    make_series(run.data_set.city_ids[:1], actor=run.data_set.created_by)
    assert "Too few cities" in analyst.get(page_of(run)).content.decode()


def test_the_page_takes_as_many_queries_for_three_cities_as_for_one(analyst, django_assert_num_queries):
    for count in (1, 3):
        run = make_runs(random_values(count), tilts=[None])[0]
        OutsideSeries.objects.all().delete()
        make_series(run.data_set.city_ids, np.arange(count) + 1.5, actor=run.data_set.created_by)
        with django_assert_num_queries(10):
            analyst.get(page_of(run))


def test_the_scatter_is_saved_as_a_picture(analyst, run):
    address = reverse("indexer:run-picture", args=[run.pk, "scatter", "svg"])
    assert analyst.get(address).status_code == 404
    gdp_of(run, far=2)
    assert analyst.get(page_of(run)).context["image_url"].startswith(address)
    assert "GDP" in analyst.get(address).content.decode()


def test_the_page_for_a_series_speaks_of_no_cities_before_a_register_is_chosen(analyst, run):
    page = analyst.get(reverse("indexer:series-import"))
    told = strip_tags(page.content.decode())
    assert "for each unit" in told
    assert not re.search(r"for each city|of the city", told)


def test_bands_are_of_the_totals_ranks_whatever_score_is_in_view(analyst):
    """The total's first four fall with the series on the leaf, the leaf's first four rise with it."""
    leaf = np.array([1.0, 2, 3, 4, 10, 11, 12, 13])
    total = np.array([90.0, 80, 70, 60, 5, 4, 3, 2])
    run = make_runs(np.column_stack([leaf, *[total] * 4]), tilts=[None])[0]
    code = run.data_set.leaf_codes[0]
    series = make_series(run.data_set.city_ids, [9.0, 8, 7, 6, 20, 21, 22, 23], actor=run.data_set.created_by)
    asked = {"series": series.pk, "node": code, "bands": "4"}

    by_total = analyst.get(page_of(run), asked).context["report"].bands
    by_node = analyst.get(page_of(run), asked | {"ranks": "node"}).context["report"].bands
    told = analyst.get(reverse("indexer:api-run-series", args=[run.pk]), asked).json()
    wrong = analyst.get(reverse("indexer:api-run-series", args=[run.pk]), asked | {"ranks": "best"})

    assert [round(band.association.pearson, 6) for band in by_total] == [-1, 1]
    assert [round(band.association.pearson, 6) for band in by_node] == [1, -1]
    assert [band["association"]["pearson"] for band in told["bands"]] == pytest.approx([-1, 1])
    assert wrong.json() == {"ranks": ["Write total or node."]}


def test_the_page_the_file_and_the_api_state_the_line_and_the_ranks_of_the_series(analyst, run):
    series = gdp_of(run, far=2)
    response = analyst.get(page_of(run), {"series": series.pk, "scale": "linear"})
    told = analyst.get(reverse("indexer:api-run-series", args=[run.pk]), {"series": series.pk}).json()
    text = analyst.get(page_of(run) + "export/", {"series": series.pk}).content.decode("utf-8-sig")

    report = response.context["report"]
    line = scipy.stats.linregress(report.values, report.scores * 100)
    linear = told["fits"][0]
    assert (linear["scale"], linear["count"]) == ("linear", 8)
    assert (linear["slope"], linear["r_squared"], linear["p_value"]) == pytest.approx(
        (line.slope, line.rvalue**2, line.pvalue), rel=1e-8
    )
    assert response.context["fits"][0]["r"] in response.content.decode()
    ranks = [int(row["Rank on the series"]) for row in csv.DictReader(io.StringIO(text))]
    assert sorted(ranks) == list(range(1, 9))


def test_no_shares_are_taken_of_a_figure_per_head(analyst, run):
    series = make_series(run.data_set.city_ids, actor=run.data_set.created_by, name_en="GDP per head")
    answer = analyst.get(page_of(run), {"series": series.pk}, headers={"accept-language": "en"})

    assert not answer.context["report"].has_shares
    assert "a rate or a mean that adds up to no total" in answer.content.decode()


def test_of_one_unit_far_from_the_line_it_is_said_in_the_singular(analyst, run):
    gdp_of(run, far=2, times=2)
    answer = analyst.get(page_of(run), headers={"accept-language": "en"})

    assert len(answer.context["report"].outliers) == 1
    assert "lies furthest from the line" in answer.content.decode()
