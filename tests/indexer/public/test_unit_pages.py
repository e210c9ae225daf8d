"""A unit of a published index: its profile, its peers, and up to four of them side by side."""

import html
import re

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import City, IndexEdition, IndexMethod, IndicatorTerms, Run
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.published import released_editions
from indexer.selectors.unit_history import history_of
from indexer.selectors.unit_profiles import (
    LeafTable,
    UnitProfile,
    find_positions,
    nearest_of,
    read_units,
    region_of,
    unit_key,
)
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.published import draft_index, publish_edition
from indexer.services.runs import compute_waiting_runs
from indexer.views.public.sparks import draw_spark
from indexer.views.public.units import choose_peers
from tests.factories import make_account, make_framework
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.numeric.published import column, numbers, rows_of
from tests.indexer.public.human_development import LEAVES, TERMS
from weighting.enums import Role
from weighting.models import Indicator

pytestmark = pytest.mark.django_db
INDEX = "/i/human-development/"


def words(client, address, language="en", **query):
    answer = client.get(address, query, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.fixture
def table(human_development):
    return LeafTable(node_scores_of(human_development.run))


def profile_of(table, code, peers=()):
    (position,) = find_positions(table.scores.run, [code])
    return UnitProfile(table, position, np.array(peers, dtype=int))


def test_a_profile_has_every_indicator_with_value_unit_rank(client, human_development):
    said = words(client, f"{INDEX}units/NOR/")

    assert "Norway ranks 2 of 191 countries" in said
    for part in ("Life expectancy at birth", "83.23 years", "Gross national income per capita", "64,660 $"):
        assert part in said
    assert "/i/human-development/1/units/NOR/" in said
    assert "挪威" in words(client, f"{INDEX}1/units/NOR/", "zh-hans")


def test_raw_values_are_those_of_the_file(table):
    file = {row["iso3"]: row for row in rows_of("hdi_2019_2021.csv")}
    profile = profile_of(table, "IND")
    for code, leaf in profile.leaves.items():
        published = np.array([float(row[f"{code}_2021"]) for row in file.values()])
        assert leaf.value == float(file["IND"][f"{code}_2021"])
        assert leaf.rank == (published > leaf.value).sum() + 1
        assert leaf.count == len(file)
    assert [branch.node.code for branch in profile.branches] == ["health", "education", "income"]
    assert [leaf.node.code for leaf in profile.branches[1].leaves] == ["eys", "mys"]


def test_strengths_and_weaknesses_are_those_beyond_the_spread_of_the_peers(table):
    run = table.scores.run
    peers = find_positions(run, ["NOR", "CHE", "ISL", "AUS"])
    chad = profile_of(table, "TCD", peers)
    assert not chad.strengths
    assert {leaf.node.code for leaf in chad.weaknesses} == {"le", "eys", "mys", "gnipc"}
    gaps = [leaf.gap for leaf in chad.weaknesses]
    assert gaps == sorted(gaps)
    by_hand = column(rows_of("hdi_2019_2021.csv"), "le_2021")
    group = by_hand[[run.data_set.city_ids.index(table.scores.cities.ids[place]) for place in peers]]
    (own,) = (leaf.value for leaf in chad.weaknesses if leaf.node.code == "le")
    gap = next(leaf.gap for leaf in chad.weaknesses if leaf.node.code == "le")
    # A goalpost is linear: the gap of scores is that of the values.
    assert gap == pytest.approx((own - group.mean()) / group.std())


def test_the_nearest_are_as_many_above_as_below(table):
    ranks = table.scores.result.ranks
    (position,) = find_positions(table.scores.run, ["CHN"])
    near = nearest_of(table.scores, position)
    assert len(near) == 10
    assert sorted(ranks[near] < ranks[position]) == [False] * 5 + [True] * 5


def test_where_all_are_one_region_the_nearest_are_the_peers(table):
    assert len(region_of(table.scores, 0)) == 190
    assert choose_peers(table, 0).choice == "nearest"
    own = choose_peers(table, 0, "own", "Norway, CHN；印度, Atlantis")
    assert len(own.positions) == 3
    assert own.unknown == ["Atlantis"]


def test_own_peers_stand_in_the_address(client, human_development):
    said = words(client, f"{INDEX}units/TCD/", peers="own", own="NOR, Iceland, AUS, Atlantis")
    assert "Beside Norway, Iceland, Australia" in said
    assert "These are not in the index" in said
    assert "Strengths none" in said


def test_units_side_by_side_have_an_address_to_hand_on(client, human_development):
    address = f"{INDEX}units/"
    said = words(client, address, units="NOR.CHN.IND.BRA.USA")
    assert "Norway 2, China 77, India 133, Brazil 88 of 191 countries" in said
    assert "/i/human-development/1/units/?units=NOR.CHN.IND.BRA" in said

    further = client.get(address, {"units": "NOR", "further": "巴西, IND"})
    assert further["Location"] == f"{address}?units=NOR.BRA.IND"
    assert "Atlantis" in words(client, address, units="NOR", further="Atlantis")
    said = words(client, address, units="NOR.ATL")
    assert "These are not in the index" in said
    assert "ATL" in said
    assert "Up to four countries" in words(client, address)


def test_the_best_of_a_line_is_marked_once(client, human_development):
    page = client.get(
        f"{INDEX}units/", {"units": "NOR.CHN"}, headers={"Accept-Language": "en"}
    ).content.decode()
    lines = re.findall(r'<tr class="level-2">.*?</tr>', page)
    assert len(lines) == 4
    assert [line.count("<strong>") for line in lines] == [1] * 4


def test_unknown_units_and_drafts_are_not_found(client, human_development):
    for address in (
        f"{INDEX}units/XXX/",
        f"{INDEX}units/~1/",
        f"{INDEX}2/units/NOR/",
        "/i/nothing/units/NOR/",
    ):
        assert client.get(address).status_code == 404, address


def test_profiles_are_kept_by_strangers_as_the_index_is(client, human_development):
    for address in (f"{INDEX}units/NOR/", f"{INDEX}units/?units=NOR.CHN"):
        answer = client.get(address)
        assert "public" in answer["Cache-Control"]
        assert not answer.cookies
        assert client.get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_units_without_a_plain_code_are_called_by_their_number(client):
    owner = make_account(Role.MANAGER)
    run = make_runs(random_values(4), framework=make_framework(owner=owner))[0]
    City.objects.filter(pk=run.data_set.city_ids[1]).update(code="a/b")
    publish_edition(draft_index(slug="cities", terms=TERMS, actor=owner), run=run, actor=owner)
    cities = list(node_scores_of(run).cities)
    assert [unit_key(city) for city in cities] == [f"~{city.pk}" for city in cities]
    for city in cities:
        address = reverse("indexer:public-unit", args=["cities", unit_key(city)])
        assert city.name in words(client, address)
    assert read_units("a/b", node_scores_of(run).cities, run) == ([1], [])


def test_a_profile_tells_its_rank_in_every_edition(client, human_development):
    edition = human_development
    publish_edition(edition.index, run=edition.run, actor=edition.index.created_by, reason="Again")
    assert "2021, edition 2: rank 2, score" in words(client, f"{INDEX}units/NOR/")
    assert IndexEdition.objects.filter(index=edition.index).count() == 2


def test_an_indicator_of_no_part_stands_before_the_parts_and_not_under_the_last(client):
    framework = make_framework(
        {"health": {"access": {"doctors": {}, "waiting": {}}, "infants": {}}, "green": {}}
    )
    run = make_runs(random_values(5, leaves=4), framework=framework, tilts=[None])[0]
    owner = framework.created_by
    index = draft_index(slug="ragged", terms=TERMS, actor=owner)
    publish_edition(index, run=run, reason="", actor=owner)
    page = client.get(f"/i/ragged/units/{unit_key(City.objects.get(pk=run.data_set.city_ids[0]))}/")
    health = next(branch for branch in page.context["branches"] if branch["name"].endswith("health"))

    assert [(row["under"].split()[-1:], row["name"].split()[-1]) for row in health["rows"]] == [
        ([], "infants"),
        (["access"], "doctors"),
        ([], "waiting"),
    ]


@pytest.fixture
def two_years(human_development):
    """The index of 2021, and after it an edition of 2019, by the same goalposts and weights."""
    index, data_set = human_development.index, human_development.run.data_set
    owner = index.created_by
    rows = rows_of("hdi_2019_2021.csv")
    other = add_data_set(
        terms=EditionTerms(
            framework=data_set.framework,
            name_zh="联合国",
            name_en="United Nations",
            year=2019,
            method=data_set.method,
        ),
        matrix=Matrix(
            city_ids=data_set.city_ids,
            leaf_codes=list(LEAVES),
            values=numbers(rows, [f"{code}_2019" for code in LEAVES]),
            totals={},
        ),
        actor=owner,
    )
    compute_waiting_runs(other.pk)
    publish_edition(index, run=Run.objects.get(data_set=other), actor=owner, reason="The year 2019.")
    return human_development


def test_a_profile_shows_its_way_over_the_years(client, two_years):
    said = words(client, f"{INDEX}1/units/IND/")
    rows = {row["iso3"]: row for row in rows_of("hdi_2019_2021.csv")}
    way = ", ".join(f"{year}: {float(rows['IND'][f'le_{year}']):.2f}" for year in (2019, 2021))
    assert "2019, edition 2: rank" in said
    assert re.search(r"2021, edition 1: rank 133, score 0\.6", said)
    assert way in said
    assert len(re.findall(r'class="spark"', client.get(f"{INDEX}1/units/IND/").content.decode())) == len(
        LEAVES
    )


def test_values_that_may_not_be_given_away_have_no_way(client, two_years):
    IndicatorTerms.objects.create(index=two_years.index, code="le", is_withheld=True)
    page = client.get(f"{INDEX}1/units/IND/").content.decode()
    assert page.count('class="spark"') == len(LEAVES) - 1


def test_scores_by_several_scales_are_not_set_beside_each_other(two_years):
    editions = list(released_editions().filter(index=two_years.index).order_by("-number"))
    run, city = two_years.run, City.objects.get(code="IND", pk__in=two_years.run.data_set.city_ids)
    assert history_of(editions, run, city).are_comparable
    IndexMethod.objects.filter(pk=run.method_id).update(normalisation="minmax", leaves={})
    editions = list(released_editions().filter(index=two_years.index).order_by("-number"))
    assert not history_of(editions, run, city).are_comparable


def test_a_line_breaks_where_a_year_has_no_value():
    nan = float("nan")
    spark = draw_spark([2018, 2019, 2020, 2022], [1.0, nan, 2.0, 2.0])
    assert spark.path == "M1.0 11.0M20.0 1.0L39.0 1.0"
    assert "2019" not in spark.words
    assert draw_spark([2019, 2020], [3.0, nan]) is None
    assert draw_spark([2019, 2020], [3.0, 3.0]).path == "M1.0 6.0L39.0 6.0"


def test_sources_of_the_framework_are_told_once_where_all_share_one(client, human_development):
    leaves = Indicator.objects.filter(framework=human_development.run.data_set.framework_id, is_leaf=True)
    Indicator.objects.filter(pk__in=leaves).update(source="A yearbook")
    said = words(client, f"{INDEX}units/NOR/")
    assert (said.count("A yearbook"), "Source of all indicators: A yearbook" in said) == (1, True)
    IndicatorTerms.objects.create(index=human_development.index, code="le", source="Another")
    said = words(client, f"{INDEX}1/units/NOR/")
    assert (said.count("A yearbook"), said.count("Another")) == (len(LEAVES) - 1, 1)


@pytest.mark.parametrize(
    ("missing", "ways"), [("reweight", "Reweight what is present"), ("median", "Median of what is present")]
)
def test_a_dash_says_what_is_done_about_the_value(client, missing, ways):
    values = random_values(4)
    values[2, 0] = float("nan")
    account = make_account(Role.MANAGER)
    framework = make_framework(owner=account)
    (run,) = make_runs(values, tilts=[None], framework=framework, missing=missing, normalisation="minmax")
    draft = draft_index(slug="liveability", terms=TERMS, actor=account)
    publish_edition(draft, run=run, actor=account)
    units = City.objects.in_bulk(run.data_set.city_ids)
    lacking, whole = (unit_key(units[run.data_set.city_ids[place]]) for place in (2, 0))
    said = f"“–”: there is no value. What is done about it: {ways}."
    assert said in words(client, f"/i/liveability/units/{lacking}/")
    assert "there is no value" not in words(client, f"/i/liveability/units/{whole}/")
