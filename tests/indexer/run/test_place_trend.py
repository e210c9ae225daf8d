"""Provinces and groups over the years: page, picture, file and API, from the scores of their units."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from django.db import transaction
from django.urls import reverse

from indexer.services.registers import register_cities
from tests.factories import make_account, sign_in_staff
from tests.indexer.families import make_family
from tests.indexer.finished_runs import PLACES, CityRow
from weighting.enums import Role

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

# Scores are (x + 1) / 11 of equal leaves: Nanyang, Xi'an, Garze; Xi'an is missing in 2020.
TABLES = {
    2019: ([0, 1, 2], np.outer([1.2, 3.4, 5.6], np.ones(5))),
    2020: ([0, 2], np.outer([2.3, 4.5], np.ones(5))),
    2022: ([0, 1, 2], np.outer([3.4, 7.8, 1.2], np.ones(5))),
}
SCORES = np.array([[0.2, np.nan, 0.4], [0.5, 0.5, 0.5], [0.3, 0.4, 0.2]])
HIGH, LOW = ("高收入", "High income"), ("低收入", "Low income")


@pytest.fixture(scope="module")
def family(django_db_setup, django_db_blocker):
    """Nanyang and Xi'an are of high income, Garze of low."""
    with django_db_blocker.unblock(), transaction.atomic():
        codes = ("fixed", "mobile", "retail", "finance", "travel")
        bounds = {code: {"lower": -1.0, "upper": 10.0} for code in codes}
        made = make_family(TABLES, normalisation="goalposts", leaves=bounds)
        groups = [{"income": HIGH}, {"income": HIGH}, {"income": LOW}]
        rows = [
            replace(CityRow(*place[:6]), code=f"X{number:02}", groups=of)
            for number, (place, of) in enumerate(zip(PLACES[:3], groups, strict=True), 1)
        ]
        register_cities(rows, actor=made.framework.created_by)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def analyst(client, family):
    return sign_in_staff(client, make_account(Role.ANALYST))


def answer_of(client, family, **asked):
    response = client.get(reverse("indexer:api-run-place-trend", args=[family.runs[2020].pk]), asked)
    assert response.status_code == 200, response.content
    return response.json()


def values_of(answer):
    return {
        place["name_en"]: [(year["value"], year["units"]) for year in place["years"]]
        for place in answer["places"]
    }


def scores_by_hand(*values):
    return [pytest.approx((value + 1) * 100 / 11) for value in values]


def test_means_and_medians_of_a_group_are_of_the_units_that_each_year_has(analyst, family):
    told = answer_of(analyst, family, level="income")
    found = values_of(told)
    high, low = found["High income"], found["Low income"]
    assert [units for _value, units in high] == [2, 1, 2]
    assert [value for value, _units in high] == scores_by_hand(2.3, 2.3, 5.6)
    assert [value for value, _units in low] == scores_by_hand(5.6, 4.5, 1.2)
    assert [place["name_en"] for place in told["places"]] == ["High income", "Low income"]
    first = told["places"][0]
    assert first["change"] == pytest.approx(300 / 11 * 1.1)
    assert first["growth"] == pytest.approx(2 ** (1 / 3) - 1)
    # Of two the median is the mean.
    assert values_of(answer_of(analyst, family, level="income", middle="median")) == found


def test_those_of_all_years_alone_change_what_a_group_has(analyst, family):
    found = values_of(answer_of(analyst, family, level="income", among="common"))
    assert found["High income"] == list(zip(scores_by_hand(1.2, 2.3, 3.4), [1, 1, 1], strict=True))


def test_ranks_have_means_and_the_best_stands_first(analyst, family):
    told = answer_of(analyst, family, level="income", show="ranks")
    assert values_of(told) == {
        "High income": [(2.5, 2), (2.0, 1), (1.5, 2)],
        "Low income": [(1.0, 1), (1.0, 1), (3.0, 1)],
    }
    assert [place["name_en"] for place in told["places"]] == ["High income", "Low income"]
    assert told["places"][0]["growth"] is None


def test_page_file_and_picture_say_the_same(analyst, family):
    run, asked = family.runs[2020], {"level": "income"}
    page = analyst.get(reverse("indexer:run-place-trend", args=[run.pk]), asked)
    text = analyst.get(reverse("indexer:run-place-trend-export", args=[run.pk]), asked).content
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))

    assert page.status_code == 200
    assert page.context["title"] == "Composite score, 2019 to 2022: High income gains most"
    assert [line["name"] for line in page.context["figure"].spec["data"]["values"]][::3] == [
        "High income",
        "Low income",
    ]
    assert [row["Place (English)"] for row in rows] == ["High income", "Low income"]
    assert [row["Cities 2020"] for row in rows] == ["1", "1"]
    (score,) = (value for head, value in rows[0].items() if head.startswith("Score 2022 ("))
    assert float(score) == scores_by_hand(5.6)[0]
    assert rows[0]["Scores of places"] == "mean of the scores of their cities"
    picture = reverse("indexer:run-picture", args=[run.pk, "place-years", "svg"])
    assert b"Low income" in analyst.get(picture, asked).content
    years = analyst.get(reverse("indexer:run-trend", args=[run.pk])).content.decode()
    assert reverse("indexer:run-place-trend", args=[run.pk]) in years


@pytest.mark.parametrize("name", ["middle", "show", "among", "level", "node"])
def test_what_makes_no_sense_is_refused_by_the_api_and_left_out_of_the_page(analyst, family, name):
    run, asked = family.runs[2020], {name: "nonsense"}
    refused = analyst.get(reverse("indexer:api-run-place-trend", args=[run.pk]), asked)
    assert (refused.status_code, list(refused.json())) == (400, [name])
    assert analyst.get(reverse("indexer:run-place-trend", args=[run.pk]), asked).status_code == 200
