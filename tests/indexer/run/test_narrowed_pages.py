"""Leads, tops, maps and years of some places alone: any grouping is as good as province and region."""

import csv
import io
from decimal import Decimal

import numpy as np
import pytest
from django.urls import reverse
from django.utils.http import urlencode

from indexer.models import City, Province, UnitGroup
from tests.indexer.finished_runs import make_runs
from tests.indexer.run.test_groupings import put_in_income_groups

pytestmark = pytest.mark.django_db

# The first three rank better on the first leaf than on any other.
SIX = np.column_stack([[6.0, 5, 4, 3, 2, 1], *[[1.0, 2, 3, 4, 5, 6]] * 4])


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    """Nanyang is of high income, Xi'an and Garze of low, the others of none; all have a seat."""
    made = make_runs(SIX, tilts=[None])[0]
    put_in_income_groups(made)
    City.objects.update(latitude=Decimal("34.1"), longitude=Decimal("111.2"))
    return made


def group(name):
    return UnitGroup.objects.get(name_en=name).pk


def page(client, run, name, **query):
    response = client.get(reverse(f"indexer:{name}", args=[run.pk]), query)
    assert response.status_code == 200, response.content[:500]
    return response


def rows_of(response):
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_the_first_of_a_group_stand_with_their_ranks_among_all(analyst, run):
    asked = {"n": 1, "nodes": ["composite"], "group_income": group("Low income")}

    shown = page(analyst, run, "run-tops", **asked)
    sent = analyst.get(reverse("indexer:run-tops-export", args=[run.pk]) + "?" + urlencode(asked, doseq=True))

    # Garze scores more than Xi'an on four of five leaves; four of the others, more than both.
    ((cell,),) = shown.context["rows"]
    assert (cell["city"].name_en, cell["rank"]) == ("Garze", 4)
    assert [list(row.values())[1:4:2] for row in rows_of(sent)] == [["Garze", "4"]]
    assert "Only those of Low income are shown" in shown.content.decode()
    everybody = page(analyst, run, "run-tops", n=1, nodes=["composite"])
    assert everybody.context["rows"][0][0]["rank"] == 1


@pytest.mark.parametrize("of", ["group_income", "province"])
def test_leads_of_a_group_or_a_province_are_listed_alone(analyst, run, of):
    leaf, other = run.data_set.leaf_codes[:2]
    asked = {"node": leaf, "over": other, "places": 0}
    name = "Low income" if of == "group_income" else "Shaanxi"
    place = group(name) if of == "group_income" else Province.objects.get(name_en=name).pk

    everybody = rows_of(page(analyst, run, "run-leads-export", **asked))
    some = page(analyst, run, "run-leads", **asked, **{of: place})
    sent = rows_of(page(analyst, run, "run-leads-export", **asked, **{of: place}))

    assert [row["City (English)"] for row in everybody] == ["Nanyang", "Xi'an", "Garze"]
    left = [row for row in everybody if "Low income" in row.values()]
    if of == "province":
        left = [row for row in everybody if row["Province"] == "Shaanxi"]
    assert [row | {"Places shown": name} for row in left] == sent
    assert some.context["lead_count"] == len(left) < len(everybody)
    assert f"{of}={place}" in some.context["saves"][0].url


def test_a_group_that_is_none_is_refused_where_a_form_says_so_and_left_out_elsewhere(analyst, run):
    address = reverse("indexer:run-leads", args=[run.pk])
    assert analyst.get(address, {"group_income": "999999"}).status_code == 400
    assert len(page(analyst, run, "run-tops", n=9, group_income="999999").context["rows"]) == 6
    assert len(page(analyst, run, "run-map", group_income="none").context["view"].points) == 6


def test_a_map_of_a_group_holds_its_units_in_the_page_the_picture_and_the_file(analyst, run):
    asked = {"group_income": group("Low income"), "level": "income"}

    shown = page(analyst, run, "run-map", **asked)
    sent = rows_of(page(analyst, run, "run-map-export", **asked))

    names = {point.city.name_en for point in shown.context["view"].points}
    assert names == {"Xi'an", "Garze"} == {row["City (English)"] for row in sent}
    assert f"group_income={asked['group_income']}" in shown.context["image_url"]
    assert "level=income" in shown.context["image_url"]


@pytest.mark.parametrize("against", [False, True])
def test_a_map_has_the_colours_of_any_grouping_and_shapes_say_the_rest(analyst, against):
    first, second = make_runs(SIX, tilts=[None, 3.0])
    put_in_income_groups(first)
    City.objects.update(latitude=Decimal("34.1"), longitude=Decimal("111.2"))
    asked = {"against": second.pk} if against else {}

    chart = page(analyst, first, "run-map", level="income", **asked).context["chart"]
    plain = page(analyst, first, "run-map", **asked).context["chart"]

    colour = chart["layer"][2]["encoding"]["color"]
    assert colour["scale"]["domain"] == ["Low income", "High income", "all others"]
    assert {row["group"] for row in chart["data"]["values"]} == set(colour["scale"]["domain"])
    assert ("shape" in chart["layer"][2]["encoding"]) == against
    assert plain["layer"][2]["encoding"]["color"].get("field") == ("way" if against else None)


@pytest.mark.parametrize("name", ["api-run-leads", "api-run-map", "api-run-trend"])
def test_the_api_lists_the_units_of_a_place_and_names_one_that_is_none(analyst, run, name):
    leaf, other = run.data_set.leaf_codes[:2]
    usual = {"node": leaf, "over": other, "places": 0} if name == "api-run-leads" else {}
    address = reverse(f"indexer:{name}", args=[run.pk])

    def units(**asked):
        answer = analyst.get(address, usual | asked).json()
        return {row["unit_en"] for row in answer.get("results", answer.get("points"))}

    assert units(group="income:Low income") == {"Xi'an", "Garze"}
    assert units(group="income:低收入", province="Sichuan") == {"Garze"}
    assert units(region="西北") == {"Xi'an"}
    for wrong in ({"group": "income:Rich"}, {"group": "wealth:Low income"}, {"province": "Utopia"}):
        refused = analyst.get(address, usual | wrong)
        ((key, value),) = wrong.items()
        assert refused.status_code == 400
        assert value in refused.json()[key][0]
