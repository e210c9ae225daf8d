"""Years of a framework and of its next edition beside each other, by the codes that both have."""

from copy import deepcopy

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import City
from indexer.selectors.trends import city_trend_of, trend_of
from indexer.selectors.years import runs_to_set_beside
from indexer.services.data_sets import publish_data_set
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.composites import ranks_of
from tests.indexer.families import make_family
from weighting.enums import Role
from weighting.models import Indicator
from weighting.services.framework_kin import follow_framework

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

BEFORE = {"infra": {"fixed": {}, "mobile": {}}, "industry": {"retail": {}, "travel": {}}}
# Mobile is gone, speed is new, travel lies elsewhere, retail is measured otherwise.
AFTER = {"infra": {"fixed": {}, "speed": {}, "travel": {}}, "industry": {"retail": {}}}


@pytest.fixture(scope="module")
def made(undone_after_the_file):
    """2019 and 2020 by one tree, 2021 and 2022 by the next."""
    first, second = make_framework(BEFORE), make_framework(AFTER)
    Indicator.objects.filter(framework=second, code="retail").update(unit="%")
    old = make_family(
        {2019: ([0, 1], [[5, 1, 2, 2], [1, 3, 3, 4]]), 2020: ([0, 1], [[6, 1, 2, 3], [1, 3, 4, 4]])},
        framework=first,
    )
    new = make_family(
        {
            2021: ([0, 1, 2], [[7, 1, 5, 2], [1, 3, 3, 4], [2, 2, 2, 2]]),
            2022: ([1, 0], [[1, 2, 9, 1], [8, 2, 4, 2]]),
        },
        framework=second,
        versions=2,
    )
    return old, new


@pytest.fixture
def families(made):
    """A copy for each test; what a test changes is undone."""
    return deepcopy(made)


@pytest.fixture
def analyst(client, families):
    return sign_in_staff(client, make_account(Role.ANALYST))


def beside(*runs):
    return {"beside": ",".join(str(run.pk) for run in runs)}


def test_years_of_another_tree_stand_in_their_order(families):
    old, new = families
    actor = old.framework.created_by
    trend = trend_of(old.runs[2020], actor, beside=[new.runs[2022], new.runs[2021]])
    assert trend.years == [2019, 2020, 2021, 2022]
    for at, run in enumerate((old.runs[2019], old.runs[2020], new.runs[2021], new.runs[2022])):
        stored = ranks_of(run)
        assert trend.ranks[:, at].tolist() == [stored.get(pk, 0) for pk in trend.cities.ids]


def test_a_node_has_scores_where_a_tree_has_its_code_wherever_it_lies(families):
    old, new = families
    actor = old.framework.created_by
    runs = [new.runs[2021], new.runs[2022]]
    travel = trend_of(old.runs[2019], actor, "travel", beside=runs)
    nanyang = travel.cities.ids.index(City.objects.get(name_en="Nanyang").pk)
    # A share of the sum of its year.
    assert travel.scores[nanyang] == pytest.approx([2 / 6, 3 / 7, 5 / 10, 4 / 13])
    mobile = trend_of(old.runs[2019], actor, "mobile", beside=runs)
    assert np.isnan(mobile.scores[nanyang]).tolist() == [False, False, True, True]


def test_raw_values_are_those_of_one_unit(families):
    old, new = families
    actor = old.framework.created_by
    trend = trend_of(old.runs[2019], actor, beside=[new.runs[2022]])
    city = city_trend_of(trend, City.objects.get(name_en="Nanyang").pk, actor)
    values = {value.node.code: value.values for value in city.values}
    assert values["fixed"].tolist() == [5, 6, 8]
    assert values["travel"].tolist() == [2, 3, 4]
    assert np.isnan(values["retail"]).tolist() == [False, False, True]
    assert np.isnan(values["mobile"]).tolist() == [False, False, True]


def test_offered_are_runs_of_other_years_trees_and_the_same_unit(families):
    old, new = families
    make_family({2023: ([0, 1], [[1, 2], [2, 1]])}, framework=make_framework({"x": {}, "y": {}}))
    make_family({2024: ([0, 1], [[1], [2]])}, framework=make_framework({"fixed": {}}), normalisation="zscore")
    make_family({2019: ([0, 1], [[1], [2]])}, framework=make_framework({"fixed": {}}))
    offered = runs_to_set_beside(old.runs[2019], old.framework.created_by)
    assert {(run.data_set.year, run.data_set.framework_id) for run in offered} == {
        (2021, new.framework.pk),
        (2022, new.framework.pk),
    }
    assert runs_to_set_beside(old.runs[2019], None) == []


def test_the_page_offers_them_and_says_what_is_not_common(analyst, families):
    old, new = families
    address = reverse("indexer:run-trend", args=[old.runs[2020].pk])
    bare = analyst.get(address)
    assert len(bare.context["beside"]) == 4
    assert bare.context["trend"].years == [2019, 2020]
    page = analyst.get(address, beside(new.runs[2021]) | {"show": "scores"})
    text = page.content.decode()
    assert page.context["trend"].years == [2019, 2020, 2021]
    for said in ("New: Indicator speed.", "Gone: Indicator mobile.", "Moved: Indicator travel"):
        assert said in text
    # Whatever leads on asks for the same years.
    kept = f"beside={new.runs[2021].pk}"
    assert text.count(kept) > 4
    city = City.objects.get(name_en="Nanyang").pk
    unit = analyst.get(
        reverse("indexer:run-city-trend", args=[old.runs[2020].pk, city]), beside(new.runs[2021])
    )
    assert [move["name"] for move in unit.context["moves"]][-1] == "2019–2021"
    assert all(analyst.get(move["url"]).status_code == 200 for move in unit.context["moves"])
    assert "New: Indicator speed." in unit.content.decode()


@pytest.mark.parametrize("name", ["run-trend", "run-city-trend", "run-place-trend"])
def test_the_files_hold_the_years_and_the_words(analyst, families, name):
    old, new = families
    city = [City.objects.get(name_en="Nanyang").pk] if "city" in name else []
    address = reverse(f"indexer:{name}-export", args=[old.runs[2020].pk, *city])
    file = str(analyst.get(address, beside(new.runs[2021]) | {"format": "json"}).json())
    assert "2021" in file
    assert "Gone: Indicator mobile." in file


def test_the_api_tells_the_same_and_refuses_what_cannot_stand_beside(analyst, families):
    old, new = families
    run = old.runs[2020].pk
    for name, more in (
        ("api-run-trend", []),
        ("api-run-city-trend", [City.objects.get(name_en="Nanyang").pk]),
    ):
        address = reverse(f"indexer:{name}", args=[run, *more])
        body = analyst.get(address, beside(new.runs[2021], new.runs[2022])).json()
        years = body["years"] if more else body["results"][0]["years"]
        assert [year["year"] for year in years] == [2019, 2020, 2021, 2022]
        both = [one.pk for one in new.versions]
        assert len(both) == 2
        wrong = analyst.get(address, beside(old.runs[2019]))
        assert wrong.status_code == 400
        assert f"Run {old.runs[2019].pk} cannot stand beside" in wrong.json()["beside"][0]
    places = reverse("indexer:api-run-place-trend", args=[run])
    assert analyst.get(places, beside(new.runs[2021])).status_code == 200
    assert analyst.get(places, {"beside": "x"}).status_code == 400


def test_two_runs_of_one_year_are_not_set_beside_each_other(analyst, families):
    old, new = families
    pair = list(new.editions[2021].runs.order_by("pk"))
    address = reverse("indexer:run-trend", args=[old.runs[2020].pk])
    page = analyst.get(address, {"beside": [run.pk for run in pair]})
    assert page.context["trend"].years == [2019, 2020, 2021]
    assert f"Runs {pair[0].pk} and {pair[1].pk} are both of 2021" in page.content.decode()


def test_strangers_are_offered_public_runs_alone(client, families):
    old, new = families
    publish_data_set(old.editions[2020], actor=old.framework.created_by)
    assert runs_to_set_beside(old.runs[2020], None) == []
    assert (
        client.get(reverse("indexer:run-trend", args=[old.runs[2020].pk]), beside(new.runs[2021])).status_code
        == 404
    )


def test_a_framework_brought_as_a_file_is_set_beside_by_the_codes_that_are_mapped(families):
    """Not one code of the later edition is one of the earlier."""
    old, _new = families
    actor = old.framework.created_by
    renamed = make_framework({"A": {"A1": {}, "A2": {}}, "B": {"B1": {}, "B2": {}}})
    later = make_family({2025: ([0, 1], [[9, 1, 2, 2], [1, 3, 3, 4]])}, framework=renamed).runs[2025]
    assert later not in runs_to_set_beside(old.runs[2019], actor)
    was = {"A": "infra", "A1": "fixed", "A2": "mobile", "B": "industry", "B1": "retail", "B2": "travel"}
    follow_framework(renamed, source=old.framework, was=was, actor=actor)
    assert later in runs_to_set_beside(old.runs[2019], actor)
    assert old.runs[2019] in runs_to_set_beside(later, actor)
    trend = trend_of(old.runs[2019], actor, "fixed", beside=[later])
    nanyang = trend.cities.ids.index(City.objects.get(name_en="Nanyang").pk)
    assert trend.scores[nanyang] == pytest.approx([5 / 6, 6 / 7, 9 / 10])
    follow_framework(renamed, source=None, was={}, actor=actor)
    assert later not in runs_to_set_beside(old.runs[2019], actor)
