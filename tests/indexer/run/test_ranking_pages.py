import csv
import io
import re

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import City, Register, Run
from tests.factories import make_framework
from tests.indexer.finished_runs import make_runs, print_figure, random_values
from weighting.models import Indicator

pytestmark = pytest.mark.django_db

# What htmx sends to put the table in its place.
PART = {"HX-Request": "true", "HX-Target": "results"}


def page_of(run):
    return reverse("indexer:run-detail", args=[run.pk])


def cities_in(response):
    return [row["city"].name_en for row in response.context["rows"]]


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    # Composite order: Luoyang, Garze, Xi'an, Nanyang; the first column runs the other way.
    values = [[4, 1, 1, 1, 1], [3, 2, 2, 2, 2], [2, 5, 5, 5, 5], [1, 9, 9, 9, 9]]
    return make_runs(values, tilts=[None])[0]


def test_the_ranking_shows_every_city_by_rank(analyst, run):
    response = analyst.get(page_of(run))
    assert cities_in(response) == ["Luoyang", "Garze", "Xi'an", "Nanyang"]
    assert [row["rank"] for row in response.context["rows"]] == [1, 2, 3, 4]
    assert "Luoyang leads 4 cities" in response.content.decode()
    # (1/10 + 9/17) / 4 + 9/17 / 2, in percent of the whole.
    assert response.context["rows"][0]["score"].text == f"{100 * ((0.1 + 9 / 17) / 4 + 9 / 17 / 2):.4f}"


def test_the_finding_is_the_part_of_the_first_ten(analyst):
    run = make_runs(np.ones((20, 5)), tilts=[None])[0]
    assert "The first 10 of 20 cities hold 50.0 % of the total" in analyst.get(page_of(run)).content.decode()


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-rank", ["Nanyang", "Xi'an", "Garze", "Luoyang"]),
        ("city", ["Garze", "Luoyang", "Nanyang", "Xi'an"]),
        ("-score", ["Luoyang", "Garze", "Xi'an", "Nanyang"]),
        ("province", ["Luoyang", "Nanyang", "Xi'an", "Garze"]),
        ("-infra", ["Luoyang", "Garze", "Nanyang", "Xi'an"]),
        ("no such column", ["Luoyang", "Garze", "Xi'an", "Nanyang"]),
    ],
)
def test_every_column_sorts_and_equal_values_keep_the_ranks(analyst, run, sort, expected):
    response = analyst.get(page_of(run), {"sort": sort})
    assert cities_in(response) == expected


@pytest.mark.parametrize(
    ("text", "found"), [("南阳市", ["Nanyang"]), ("xian", ["Xi'an"]), ("甘孜州", ["Garze"])]
)
def test_a_city_is_found_by_any_of_its_names(analyst, run, text, found):
    assert cities_in(analyst.get(page_of(run), {"q": text})) == found


def test_a_search_without_result_says_so(analyst, run):
    assert "No city passes the filter" in analyst.get(page_of(run), {"q": "Atlantis"}).content.decode()


def test_the_region_filter(analyst, run):
    henan = City.objects.get(name_en="Luoyang").province
    assert cities_in(analyst.get(page_of(run), {"region": henan.region_id})) == ["Luoyang", "Nanyang"]
    assert cities_in(analyst.get(page_of(run), {"province": henan.pk, "q": "nan"})) == ["Nanyang"]
    assert len(cities_in(analyst.get(page_of(run), {"region": "x", "province": "999"}))) == 4


def test_pages_hold_fifty_rows_unless_all_are_asked_for(analyst):
    run = make_runs(random_values(60), tilts=[None])[0]
    assert len(cities_in(analyst.get(page_of(run)))) == 50
    assert len(cities_in(analyst.get(page_of(run), {"page": 2}))) == 10
    assert len(cities_in(analyst.get(page_of(run), {"page": "no"}))) == 50
    assert len(cities_in(analyst.get(page_of(run), {"size": "all"}))) == 60


def test_htmx_gets_the_table_alone_and_history_the_page(analyst, run):
    part = analyst.get(page_of(run), {"q": "luo"}, headers=PART)
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part.headers["Vary"]
    whole = analyst.get(
        page_of(run),
        headers={**PART, "HX-History-Restore-Request": "true"},
    )
    assert "<html" in whole.content.decode()


def test_marks_say_what_the_report_prints(analyst, run):
    assert "reconstructed" not in analyst.get(page_of(run)).content.decode()
    print_figure(run, 0, "0.0001")
    print_figure(run, 3, f"{100 * ((0.1 + 9 / 17) / 4 + 9 / 17 / 2):.3f}")
    response = analyst.get(page_of(run))
    marks = {row["city"].name_en: row["score"].source for row in response.context["rows"]}
    assert marks == {
        "Luoyang": "published",
        "Garze": "reconstructed",
        "Xi'an": "reconstructed",
        "Nanyang": "reconstructed",
    }
    assert "Reconstructed: computed here" in response.content.decode()


def test_provenance_stands_at_the_foot(analyst, run):
    text = analyst.get(page_of(run)).content.decode()
    run = Run.objects.get(pk=run.pk)
    for fact in (
        run.data_sha256,
        run.manifest_hash,
        run.result_sha256,
        run.code_version,
        "Share of the total",
    ):
        assert fact in text


def test_the_file_holds_every_city_in_full_precision_with_sources(analyst, run):
    print_figure(run, 3, f"{100 * ((0.1 + 9 / 17) / 4 + 9 / 17 / 2):.3f}")
    response = analyst.get(reverse("indexer:run-export", args=[run.pk]))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["City (English)"] for row in rows] == ["Luoyang", "Garze", "Xi'an", "Nanyang"]
    assert float(rows[0]["Composite score (% of the total)"]) == pytest.approx(
        100 * ((0.1 + 9 / 17) / 4 + 9 / 17 / 2), abs=1e-12
    )
    assert [row["Composite score: source"] for row in rows] == ["published"] + ["reconstructed"] * 3
    assert rows[0]["Indicator infra: source"] == "reconstructed"
    assert rows[0]["SHA-256 of the data"] == run.data_sha256


def test_the_file_speaks_the_reader_s_language(analyst, run):
    header = analyst.get(
        reverse("indexer:run-export", args=[run.pk]), headers={"Accept-Language": "zh-hans"}
    ).content.decode("utf-8-sig")
    assert "指标infra" in header.splitlines()[0]


def test_a_name_that_looks_like_a_formula_is_neutral_in_the_file(analyst, run):
    City.objects.filter(name_en="Luoyang").update(name_en="=HYPERLINK(1)")
    text = analyst.get(reverse("indexer:run-export", args=[run.pk])).content.decode()
    assert "'=HYPERLINK(1)" in text


def test_negative_scores_have_no_bar_and_a_true_minus(analyst):
    run = make_runs([[1, 2, 3, 4, 5], [5, 4, 3.5, 2, 1]], tilts=[None], normalisation="zscore")[0]
    rows = analyst.get(page_of(run)).context["rows"]
    assert rows[1]["score"].text.startswith("−")
    assert rows[1]["score"].percent is None


def test_anybody_sees_published_rankings_and_no_others(client, run):
    assert client.get(page_of(run)).status_code == 404
    assert client.get(reverse("indexer:run-export", args=[run.pk])).status_code == 404
    shown = make_runs(random_values(3), tilts=[None], published=True, framework=make_framework())[0]
    assert client.get(page_of(shown)).status_code == 200


def test_an_unfinished_ranking_shows_its_progress_instead(analyst):
    run = make_runs(random_values(2), tilts=[None], computed=False)[0]
    text = analyst.get(page_of(run)).content.decode()
    assert "Rankings computed" in text
    assert re.search(r'hx-get="/runs/progress/\?data_set=\d+" hx-trigger="every 1s"', text)
    assert analyst.get(reverse("indexer:run-export", args=[run.pk])).status_code == 404


@pytest.mark.parametrize("cities", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_cities(analyst, cities, django_assert_num_queries):
    run = make_runs(random_values(cities), tilts=[None])[0]
    print_figure(run, 0, "1.0")
    # Session, account; run with nodes, indicators with weights, scores, the cities' provinces, cities,
    # provinces, printed figures.
    with django_assert_num_queries(10):
        analyst.get(page_of(run))


def test_a_search_by_name_takes_one_query_more(analyst, django_assert_num_queries):
    run = make_runs(random_values(60), tilts=[None])[0]
    print_figure(run, 0, "1.0")
    with django_assert_num_queries(11):
        response = analyst.get(page_of(run), {"q": "town", "sort": "-city", "page": 2})
    assert cities_in(response) == [f"Town {n:03}" for n in range(9, 3, -1)]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Luoyang leads 4 counties", "1 of 4 counties", "All counties", "County"]),
        ("zh-hans", ["洛阳市在 4 个县中居首", "4 个县中的 1 个", "全部县"]),
    ],
)
def test_the_register_says_what_a_unit_is_called(analyst, run, language, words):
    Register.objects.update(unit_zh="县", unit_en="county", units_en="counties")
    response = analyst.get(page_of(run), {"q": "luoyang"}, headers={"Accept-Language": language})
    text = response.content.decode()
    assert [word for word in words if word not in text] == []
    none = analyst.get(page_of(run), {"q": "Atlantis"}, headers={"Accept-Language": language})
    assert {"en": "No county passes", "zh-hans": "没有符合条件的县"}[language] in none.content.decode()


def test_no_code_is_shown_to_a_person(analyst, run):
    Indicator.objects.filter(code="infra").update(code="code.of.infra")
    text = analyst.get(page_of(run)).content.decode()
    assert "code.of.infra" not in re.sub(r'(href|value)="[^"]*"', "", text)
