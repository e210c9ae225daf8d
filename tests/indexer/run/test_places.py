"""Provinces and regions of a run: page, file and API say the same, and how scores were formed."""

import csv
import io

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import DataSet, Province, Run
from indexer.services.data_sets import (
    EditionTerms,
    Matrix,
    PlaceFigure,
    add_data_set,
    record_place_figures,
)
from indexer.services.methods import use_method
from indexer.services.runs import compute_waiting_runs
from indexer.views.public.embeds import ranking_chart
from indexer.views.run.ranking import composition_figure, load_ranking
from tests.factories import make_framework
from tests.indexer.factories import make_version
from tests.indexer.finished_runs import make_runs, random_values, register_places

pytestmark = pytest.mark.django_db

# Nanyang and Luoyang in Henan (Central), Xi'an in Shaanxi (Northwest), Garze in Sichuan (Southwest).
FOUR = np.repeat([[4.0], [3.0], [2.0], [1.0]], 5, axis=1)
PEOPLE = np.array([1.0, 2.0, 5.0, 3.0])


def page_of(run):
    return reverse("indexer:run-places", args=[run.pk])


def api_of(client, run, **query):
    return client.get(reverse("indexer:api-run-places", args=[run.pk]), query)


def with_people(values, auxiliary=None, **method):
    """A finished run of a data set with columns that are no indicators."""
    framework = make_framework()
    leaves = framework.indicators.filter(is_leaf=True)
    data_set = add_data_set(
        terms=EditionTerms(
            framework=framework,
            name_zh="甲",
            name_en="A",
            year=2016,
            method=use_method(**method),
        ),
        matrix=Matrix(
            city_ids=[city.pk for city in register_places(len(values), actor=framework.created_by)],
            leaf_codes=[leaf.code for leaf in leaves],
            values=values,
            totals={},
            auxiliary=auxiliary or {"population": PEOPLE, "area": np.array([1.0, np.nan, 1, 1])},
        ),
        actor=framework.created_by,
    )
    make_version(framework)
    compute_waiting_runs(data_set.pk)
    return Run.objects.get(data_set=data_set)


def test_shares_are_added_up(analyst):
    run = make_runs(FOUR, tilts=[1.0])[0]

    response = analyst.get(page_of(run))

    ranked = response.context["ranked"]
    assert ranked.is_sum
    assert [place.name_en for place in ranked.places] == ["Henan", "Shaanxi", "Sichuan"]
    assert ranked.scores == pytest.approx(np.repeat([[0.5], [0.3], [0.2]], 3, axis=1))
    text = response.content.decode()
    assert "Henan leads 3 provinces with 50.0 % of the total" in text
    assert "sum of the shares" in text
    assert ranked.first_of(0).name_en == "Nanyang"


def test_other_scores_are_averaged_plainly_and_the_page_says_so(analyst):
    run = make_runs(FOUR, tilts=[None], normalisation="minmax")[0]

    response = analyst.get(page_of(run), {"level": "region"})

    assert response.context["ranked"].scores[:, 0] == pytest.approx([(1 + 0) / 2, 2 / 3, 1 / 3])
    assert response.context["ranked"].ranks.tolist() == [2, 1, 3]
    text = response.content.decode()
    assert "Northwest leads 3 regions" in text
    assert "every city weighs the same" in text
    assert "Cities weigh" not in text


def test_cities_are_weighted_by_a_column_on_request(analyst):
    run = with_people(FOUR, normalisation="minmax")
    plain, weighted = analyst.get(page_of(run)), analyst.get(page_of(run), {"weight": "population"})

    # Henan: Nanyang scores 1 and weighs 1, Luoyang 0 and 3.
    assert plain.context["ranked"].scores[0, 0] == pytest.approx(0.5)
    assert weighted.context["ranked"].scores[0, 0] == pytest.approx(0.25)
    assert "weighted by population" in weighted.content.decode()
    # A column with a missing value cannot weigh, and is not offered.
    assert 'value="area"' not in plain.content.decode()
    assert 'value="population"' in plain.content.decode()


def test_what_is_measured_per_head_is_weighted_by_heads_unless_asked_otherwise(analyst):
    codes = [leaf.code for leaf in make_framework().indicators.filter(is_leaf=True)]
    run = with_people(FOUR, normalisation="minmax", denominators=dict.fromkeys(codes, "population"))

    usual, plain = analyst.get(page_of(run)), analyst.get(page_of(run), {"weight": "plain"})

    # Per head: 4, 1.5, 0.4, 1/3; min-max of the first and the last are 1 and 0.
    assert usual.context["ranked"].weight == "population"
    assert usual.context["ranked"].scores[0, 0] == pytest.approx(1 / 4)
    assert plain.context["ranked"].scores[0, 0] == pytest.approx(1 / 2)


def test_shares_of_quotients_are_not_added_up(analyst):
    codes = [leaf.code for leaf in make_framework().indicators.filter(is_leaf=True)]
    run = with_people(FOUR, denominators={codes[0]: "population"})

    assert not analyst.get(page_of(run)).context["ranked"].is_sum


def test_any_node_is_looked_at_with_its_children(analyst):
    values = random_values(4)
    run = make_runs(values, tilts=[None])[0]
    leaf = DataSet.objects.get(pk=run.data_set_id).leaf_codes[1]
    parent = run.data_set.framework.indicators.get(code=leaf).parent

    inner, outer = analyst.get(page_of(run), {"node": parent.code}), analyst.get(page_of(run), {"node": leaf})

    shares = values[:, 1] / values[:, 1].sum()
    assert outer.context["ranked"].scores[0, 0] == pytest.approx(shares[0] + shares[3])
    assert outer.context["ranked"].children == []
    assert leaf in [child.code for child in inner.context["ranked"].children]
    assert analyst.get(page_of(run), {"node": "nothing"}).context["ranked"].subject.node is None


def test_a_place_without_any_value_of_a_node_has_no_rank_there(analyst):
    values = FOUR.copy()
    values[1, 0] = np.nan
    run = make_runs(values, tilts=[None], missing="reweight", normalisation="rank")[0]
    leaf = run.data_set.leaf_codes[0]

    places = api_of(analyst, run, node=leaf).json()["places"]

    assert [(place["name_en"], place["rank"], place["score"] is None) for place in places] == [
        ("Henan", 1, False),
        ("Sichuan", 1, False),
        ("Shaanxi", None, True),
    ]


def test_page_file_and_api_hold_the_same(analyst):
    run = with_people(random_values(6), {"population": np.arange(1.0, 7)}, normalisation="zscore")
    query = {"level": "region", "weight": "population"}

    ranked = analyst.get(page_of(run), query).context["ranked"]
    text = analyst.get(page_of(run) + "export/", query).content.decode("utf-8-sig")
    answer = api_of(analyst, run, **query).json()

    rows = list(csv.DictReader(io.StringIO(text)))
    expected = [ranked.scores[position, 0] * 100 for position in ranked.order]
    column = next(name for name in rows[0] if name.startswith("Composite score"))
    assert [float(row[column]) for row in rows] == expected
    assert [place["score"] for place in answer["places"]] == expected
    assert {row["Scores of places"] for row in rows} == {
        "mean of the scores of the cities, weighted by population"
    }
    assert (answer["formed_by"], answer["weight"]) == ("weighted mean", "population")
    assert rows[0]["Method"].startswith("z-score")


def test_the_values_that_were_filled_in_are_counted_by_place(analyst):
    values = random_values(4)
    values[0, 1] = values[0, 3] = values[2, 0] = np.nan
    run = make_runs(values, tilts=[None], missing="mean")[0]

    text = analyst.get(page_of(run) + "export/", {"level": "region"}).content.decode("utf-8-sig")
    answer = api_of(analyst, run, level="region").json()

    rows = list(csv.DictReader(io.StringIO(text)))
    column = next(name for name in rows[0] if name.startswith("Values behind Composite score"))
    assert sum(int(row[column]) for row in rows) == 3
    assert [place["changed_values"] for place in answer["places"]] == [int(row[column]) for row in rows]
    plain = make_runs(random_values(4), tilts=[None], framework=make_framework())[0]
    assert b"Values behind" not in analyst.get(page_of(plain) + "export/").content


def test_bad_requests_to_the_api_are_all_named(analyst):
    run = with_people(FOUR)

    answer = api_of(analyst, run, level="county", weight="area")

    assert answer.status_code == 400
    assert answer.json() == {
        "level": ["There is no level “county”. Known: province, region."],
        "weight": ["No such column weighs units. Known: plain, population."],
    }
    assert api_of(analyst, run, node="nothing").status_code == 400


def test_the_page_takes_as_many_queries_for_three_cities_as_for_one(analyst, django_assert_num_queries):
    runs = [make_runs(random_values(count), tilts=[None])[0] for count in (1, 3)]
    for run in runs:
        # Session, account; run with nodes, indicators, scores, cities, places, what is printed twice, series.
        with django_assert_num_queries(12):
            analyst.get(page_of(run))


def test_strangers_see_published_runs_only(client):
    hidden, open_ = make_runs(FOUR)[0], make_runs(random_values(4), published=True)[0]

    assert client.get(page_of(hidden)).status_code == 404
    assert client.get(page_of(open_)).status_code == 200
    assert api_of(client, hidden).status_code == 404


def test_a_printed_figure_of_a_province_is_shown_beside_its_sum_and_marks_nothing(analyst):
    run = make_runs(FOUR, tilts=[None])[0]
    data_set = DataSet.objects.get(pk=run.data_set_id)
    henan = Province.objects.get(name_en="Henan")
    record_place_figures(data_set, [PlaceFigure(henan.pk, "", "51.5")], actor=data_set.created_by)

    response = analyst.get(page_of(run))

    (row,) = response.context["printed_rows"]
    assert (row["place"], row["computed"], row["printed"], row["difference"]) == (
        henan,
        "50.0",
        "51.5",
        "+1.5",
    )
    assert not response.context["run"].reproduces_publication
    places = {place["name_en"]: place for place in api_of(analyst, run).json()["places"]}
    assert (places["Henan"]["printed"], places["Shaanxi"]["printed"]) == ("51.5", None)
    assert places["Henan"]["difference"] == pytest.approx(1.5)


def test_nothing_printed_is_set_beside_a_mean(analyst):
    run = make_runs(FOUR, tilts=[None], normalisation="minmax")[0]
    data_set = DataSet.objects.get(pk=run.data_set_id)
    henan = Province.objects.get(name_en="Henan")
    record_place_figures(data_set, [PlaceFigure(henan.pk, "", "51.5")], actor=data_set.created_by)

    assert analyst.get(page_of(run)).context["printed_rows"] == []


def texts_of(spec):
    """Return how a figure writes its numbers beside its bars."""
    layers = [*spec["layer"], *spec["usermeta"].get("narrow", {}).get("layer", [])]
    texts = [layer["encoding"]["text"] for layer in layers if "text" in layer["encoding"]]
    return {text["format"] for text in texts if "format" in text}


@pytest.mark.parametrize(("digits", "written"), [(None, ".2f"), (0, ".0f"), (4, ".4f")])
def test_figures_write_scores_with_the_digits_of_the_index(analyst, digits, written):
    run = with_people(FOUR, normalisation="minmax", digits=digits)
    ranking = load_ranking(run)
    for spec in (
        analyst.get(page_of(run)).context["chart"],
        composition_figure(run),
        ranking_chart(ranking),
    ):
        assert texts_of(spec) == {written}
