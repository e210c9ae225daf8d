import csv
import io

import numpy as np
import pytest
from django.urls import reverse

from indexer.enums import RunStatus
from indexer.models import DataSet, Run
from indexer.selectors import comparison
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.methods import use_method
from indexer.services.runs import compute_waiting_runs
from indexer.views.comparison import matrices
from tests.factories import make_framework
from tests.indexer.composites import ranks_of
from tests.indexer.factories import make_version
from tests.indexer.finished_runs import make_runs, print_figure, random_values, register_places

pytestmark = pytest.mark.django_db
HERE = "/compare/"


@pytest.fixture(scope="module")
def runs_of_the_file(undone_after_the_file):
    # Under equal weights A leads; the tilt towards the last leaves turns them around.
    return make_runs([[5, 5, 2, 2, 2], [1, 1, 3, 3, 4], [4, 4, 5, 5, 4]], tilts=[None, 3.0, 6.0])


def ask(*runs, **more):
    return {"runs": [run.pk for run in runs], **more}


def test_the_first_two_versions_are_compared_by_default(analyst, runs):
    response = analyst.get(HERE)
    assert response.context["runs"] == runs[:2]
    assert response.context["is_pair"]


def test_the_finding_counts_the_cities_that_move(analyst, runs):
    text = analyst.get(HERE, ask(*runs[:2])).content.decode()
    assert "<h1>The choice of weights moves 2\u00a0of 3\u00a0cities</h1>" in text
    same = make_runs(random_values(3), tilts=[None, None])
    assert "moves none of 3 cities" in analyst.get(HERE, ask(*same)).content.decode()


def test_rows_show_ranks_shift_scores_and_the_cause(analyst, runs):
    rows = {row["city"].name_en: row for row in analyst.get(HERE, ask(*runs[:2])).context["rows"]}
    assert (rows["Nanyang"]["ranks"], rows["Nanyang"]["shift"]) == ([2, 3], -1)
    assert (rows["Xi'an"]["ranks"], rows["Xi'an"]["shift"]) == ([3, 2], 1)
    # infra falls from 1/2 to 1/5: Nanyang holds half of both its leaves.
    assert rows["Nanyang"]["cause"]["name"] == "Indicator infra"
    assert rows["Nanyang"]["cause"]["part"] == "−15.0000"


def test_the_base_can_be_chosen(analyst, runs):
    response = analyst.get(HERE, ask(*runs[:2], base=runs[1].pk))
    assert response.context["runs"] == [runs[1], runs[0]]


def test_three_versions_show_the_rank_under_each_and_no_split(analyst, runs):
    response = analyst.get(HERE, ask(*runs))
    assert "of 3 cities" in response.content.decode()
    assert [len(row["ranks"]) for row in response.context["rows"]] == [3, 3, 3]
    assert "scores" not in response.context["figures"]
    assert len(response.context["summaries"]) == 2


@pytest.mark.parametrize(
    "sort", ["city", "-province", "rank2", "-shift", "score1", "-score2", "-change", "odd"]
)
def test_every_column_sorts(analyst, runs, sort):
    assert len(analyst.get(HERE, ask(*runs[:2], sort=sort)).context["rows"]) == 3


def test_the_largest_change_comes_first_when_asked(analyst, runs):
    rows = analyst.get(HERE, ask(*runs[:2], sort="-shift")).context["rows"]
    assert [row["shift"] for row in rows] == [1, 0, -1]


def test_filters_keep_the_comparison_and_htmx_gets_the_table(analyst, runs):
    part = analyst.get(HERE, ask(*runs[:2], q="xian"), headers={"HX-Request": "true", "HX-Target": "results"})
    text = part.content.decode()
    assert [row["city"].name_en for row in part.context["rows"]] == ["Xi'an"]
    assert "<html" not in text
    assert text.count('name="runs"') == 2


def test_differing_lower_weights_are_pointed_out(analyst, runs):
    assert "differ inside the sub-indices, too" in analyst.get(HERE, ask(*runs[:2])).content.decode()
    same = make_runs(random_values(3), tilts=[None, None])
    assert "differ inside the sub-indices" not in analyst.get(HERE, ask(*same)).content.decode()


def test_scores_that_are_no_sums_are_split_and_it_is_said_how(analyst):
    runs = make_runs(random_values(3), aggregation="geometric")
    response = analyst.get(HERE, ask(*runs))
    assert "logarithmic mean" in response.content.decode()
    assert "scores" in response.context["figures"]


def test_scores_that_are_places_among_others_are_not_split(analyst):
    runs = make_runs(random_values(3), aggregation="copeland")
    response = analyst.get(HERE, ask(*runs))
    assert "cannot be split by sub-index" in response.content.decode()
    assert "scores" not in response.context["figures"]


def test_two_to_fifty_versions_are_compared(analyst):
    runs = make_runs(random_values(12), tilts=[float(n) for n in range(51)])
    for chosen in (runs[:1], runs):
        response = analyst.get(HERE, ask(*chosen))
        assert response.status_code == 400
        assert f"{len(chosen)} chosen: choose 2 to 50 versions." in response.content.decode()
    response = analyst.get(HERE, ask(*runs[:50]))
    assert response.status_code == 200
    # No room for fifty columns of ranks: best, median and worst instead.
    assert [column.key for column in response.context["table"].columns][1:-1] == [
        "rank1", "best", "median", "worst", "shift",
    ]  # fmt: skip
    assert response.context["rows"][0]["span"][0] == 1
    assert len(response.context["matrices"][0]["rows"]["lines"]) == 50
    assert analyst.get(f"{HERE}ranks.svg", ask(*runs[:50])).status_code == 200


def test_runs_of_frameworks_that_share_no_indicator_are_not_compared(analyst, runs):
    other = make_runs(random_values(3, 2), framework=make_framework({"alpha": {}, "beta": {}}))
    response = analyst.get(HERE, ask(runs[0], other[0]))
    assert response.status_code == 400
    assert "there is nothing to compare" in response.content.decode()


def test_what_comes_and_goes_is_listed_and_the_others_are_ranked_among_themselves(
    analyst, runs, django_assert_num_queries
):
    # The newcomer leads, which moves nobody else; the data are those of the first year.
    values = np.array([[4, 4, 5, 5, 4], [99, 99, 99, 99, 99], [5, 5, 2, 2, 2]])
    edition = add_edition(runs[0], rows=[2, 3, 0], values=values, year=2017)
    second = Run.objects.filter(data_set=edition).earliest("pk")
    with django_assert_num_queries(18):
        response = analyst.get(HERE, ask(runs[0], second))
    compared, text = response.context["compared"], response.content.decode()
    assert [city.name_en for city in compared.cities] == ["Nanyang", "Garze"]
    own = ranks_of(runs[0])
    before = [own[pk] for pk in compared.cities.ids]
    assert compared.own_ranks[:, 0].tolist() == before
    assert compared.ranks[:, 0].tolist() == [1 + (rank > min(before)) for rank in before]
    assert sorted(compared.ranks[:, 1].tolist()) == [1, 2]
    assert sorted(compared.own_ranks[:, 1].tolist()) == [2, 3]
    assert compared.change_in(slice(None)).total[:, compared.sub_positions].sum(axis=1) == pytest.approx(
        compared.score_changes, abs=1e-12
    )
    assert "The 2 cities that every run ranks are compared" in text
    assert "2 more are ranked by some of the runs alone" in text
    assert [row[0] for row in response.context["apart"].rows] == ["Xi'an", "Luoyang"]
    assert [row[3] for row in response.context["apart"].rows] == ["not in the data", "1"]

    rows = {
        row["City (English)"]: row for row in read_csv(analyst.get(f"{HERE}export/", ask(runs[0], second)))
    }
    assert list(rows)[2:] == ["Xi'an", "Luoyang"]
    reasons = [rows[name]["Left out, because"] for name in rows]
    assert reasons[:2] == ["", ""]
    assert reasons[3].endswith("Test data (2016): not in the data")
    own_after = next(name for name in rows["Luoyang"] if "whole run" in name and "2017" in name)
    assert (rows["Luoyang"][own_after], rows["Xi'an"][own_after]) == ("1", "")

    asked = {"runs": f"{runs[0].pk},{second.pk}"}
    answer = analyst.get("/api/v1/comparisons/", asked).json()
    assert (answer["cities"], [unit["unit_en"] for unit in answer["apart"]]) == (2, ["Xi'an", "Luoyang"])
    assert answer["apart"][1]["runs"][0] == {
        "run": runs[0].pk, "in_data": False, "rank": None, "score": None,
    }  # fmt: skip
    listed = analyst.get("/api/v1/comparisons/cities/", asked).json()["results"]
    assert {unit["unit_en"]: unit["own_ranks"][0] for unit in listed} == {
        city.name_en: rank for city, rank in zip(compared.cities, before, strict=True)
    }
    report = analyst.get("/compare/report/", ask(runs[0], second)).content.decode()
    assert report.count("The 2 cities that every run ranks are compared") >= 2
    city = compared.cities[0]
    change = analyst.get(f"{HERE}cities/{city.pk}/", ask(runs[0], second)).context["change"]
    assert change.gained == len(change.passed) - len(change.passed_by)


def test_runs_that_rank_nobody_in_common_are_refused(analyst, runs):
    values = random_values(1, seed=3)
    edition = add_edition(runs[0], rows=[3], values=values, year=2017)
    response = analyst.get(HERE, ask(runs[0], Run.objects.filter(data_set=edition).earliest("pk")))
    assert response.status_code == 400
    assert "No city is ranked by all of these runs" in response.content.decode()


def add_edition(run, *, rows, values, year):
    """Add an edition of other places, the rows of `register_places`, and compute it."""
    data_set = DataSet.objects.get(pk=run.data_set_id)
    places = register_places(4, actor=data_set.created_by)
    edition = add_data_set(
        terms=EditionTerms(
            framework=data_set.framework,
            name_zh=data_set.name_zh,
            name_en=data_set.name_en,
            year=year,
            method=data_set.method,
        ),
        matrix=Matrix(
            city_ids=[places[row].pk for row in rows],
            leaf_codes=data_set.leaf_codes,
            values=np.asarray(values, dtype=float),
            totals={},
        ),
        actor=data_set.created_by,
    )
    compute_waiting_runs(edition.pk)
    return edition


def test_an_edition_of_the_same_cities_in_another_order_is_split_into_weights_and_data(analyst):
    first = make_runs(random_values(5), tilts=[None])[0]
    data_set = DataSet.objects.get(pk=first.data_set_id)
    make_version(data_set.framework, tilt=2.0)
    edition = add_data_set(
        terms=EditionTerms(
            framework=data_set.framework,
            name_zh="修订",
            name_en="Revised",
            year=2017,
            method=data_set.method,
        ),
        matrix=Matrix(
            city_ids=data_set.city_ids[::-1],
            leaf_codes=data_set.leaf_codes,
            values=random_values(5, seed=2)[::-1],
            totals={},
        ),
        actor=data_set.created_by,
    )
    compute_waiting_runs(edition.pk)
    second = Run.objects.filter(data_set=edition).latest("pk")
    response = analyst.get(HERE, ask(first, second))
    compared = response.context["compared"]
    ranks = ranks_of(second)
    assert compared.ranks[:, 1].tolist() == [ranks[city.pk] for city in compared.cities]
    roots = compared.change_in(slice(None)).total[:, compared.sub_positions].sum(axis=1)
    assert roots == pytest.approx(compared.score_changes, abs=1e-12)
    assert compared.change_in(slice(None)).values.any()
    assert "(data changed)" in response.content.decode()
    rows = read_csv(analyst.get(reverse("indexer:comparison-export"), ask(first, second)))
    for row in rows:
        parts = {name: float(v) for name, v in row.items() if name.startswith("Contribution of")}
        assert "Contribution of data" in parts
        assert sum(parts.values()) == pytest.approx(float(row["Change of the score"]), abs=1e-12)


def test_versions_are_labelled_by_what_tells_them_apart(analyst):
    first = make_runs(random_values(4), tilts=[None])[0]
    other = with_method(first, normalisation="rank")
    labels = analyst.get(HERE, ask(first, other)).context["figures"]["weights"].labels
    assert labels == [
        "Share of the total; Reflect: max + min - x; Arithmetic mean",
        "Rank; Arithmetic mean",
    ]


def test_methods_of_different_units_compare_ranks_alone(analyst):
    first = make_runs(random_values(6), tilts=[None])[0]
    second = with_method(first, normalisation="minmax")
    response = analyst.get(HERE, ask(first, second))
    text = response.content.decode()
    assert "measure in different units" in text
    assert "(method changed)" in text
    assert response.context["rows"][0]["change"] is None
    rows = read_csv(analyst.get(reverse("indexer:comparison-export"), ask(first, second)))
    assert {row["Change of the score"] for row in rows} == {""}
    assert any("points of 100" in name for name in rows[0])


def test_a_method_of_the_same_unit_has_a_part_of_its_own(analyst):
    values = random_values(9)
    values[0, 0] = 5000.0
    first = make_runs(values, tilts=[None])[0]
    compared = analyst.get(HERE, ask(first, with_method(first, outliers="winsorise"))).context["compared"]
    assert not compared.change_in(slice(None)).weights.any()
    roots = compared.change_in(slice(None)).values[:, compared.sub_positions].sum(axis=1)
    assert roots == pytest.approx(compared.score_changes, abs=1e-12)
    assert np.abs(compared.score_changes).max() > 0.01


def test_the_file_counts_the_values_that_a_method_filled_in(analyst):
    values = random_values(6)
    values[2, 1] = np.nan
    first = make_runs(values, tilts=[None], missing="zero")[0]
    second = with_method(first, missing="mean")
    rows = read_csv(analyst.get(reverse("indexer:comparison-export"), ask(first, second)))
    counted = [name for name in rows[0] if name.startswith("Values behind")]
    assert len(counted) == 2
    for name in counted:
        assert sorted(row[name] for row in rows) == ["0"] * 5 + ["1"]


def with_method(run, **method):
    """Compute a run's data and weights under another method."""
    other = Run.objects.create(
        data_set_id=run.data_set_id, weight_version_id=run.weight_version_id, method=use_method(**method)
    )
    compute_waiting_runs(run.data_set_id)
    return Run.objects.get(pk=other.pk)


def read_csv(response):
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_every_version_is_set_against_every_other(analyst, runs):
    response = analyst.get(HERE, ask(*runs, k=1))
    shifts, overlaps = response.context["matrices"]
    compared = response.context["compared"]
    cells = [[float(cell["text"]) for cell in line["cells"]] for line in shifts["rows"]["lines"]]
    assert cells == pytest.approx(compared.mean_shifts, abs=0.005)
    assert cells[0][2] == pytest.approx(compared.summaries[1].mean_absolute, abs=0.005)
    assert {cell["text"] for line in overlaps["rows"]["lines"] for cell in line["cells"]} == {"100"}
    assert [row["tau_b"] for row in response.context["summaries"]] == ["0.3333", "0.3333"]


def test_every_two_versions_come_as_a_file(analyst, runs):
    rows = read_csv(analyst.get("/compare/pairs/", ask(*runs)))
    assert [(row["Run"], row["Other run"]) for row in rows] == [
        (str(runs[a].pk), str(runs[b].pk)) for a, b in ((0, 1), (0, 2), (1, 2))
    ]
    compared = analyst.get(HERE, ask(*runs)).context["compared"]
    shifts = [float(row["Mean rank shift"]) for row in rows]
    assert shifts == [compared.mean_shifts[a, b] for a, b in ((0, 1), (0, 2), (1, 2))]
    assert float(rows[0]["Kendall tau-b"]) == pytest.approx(1 / 3)


def test_many_versions_are_sent_while_they_are_held_against_each_other(analyst, monkeypatch):
    rng = np.random.default_rng(5)
    runs = make_runs(rng.integers(1, 4, (40, 5)).astype(float), tilts=[None, 1.0, 2.0, 3.0])
    whole = analyst.get("/compare/pairs/", ask(*runs))
    assert not whole.streaming
    monkeypatch.setattr(matrices, "PAIRS_AT_ONCE", 2)
    monkeypatch.setattr(comparison, "CORRELATED_CELLS", 50)
    held, real = [], comparison._summary
    monkeypatch.setattr(comparison, "_summary", lambda *given: held.append(1) or real(*given))
    streamed = analyst.get("/compare/pairs/", ask(*runs))
    assert streamed.streaming
    pieces = iter(streamed)
    first = next(pieces)
    assert len(held) == 3, "of six"
    assert first + b"".join(pieces) == whole.content


def test_versions_are_correlated_together_as_they_are_alone(analyst, monkeypatch):
    rng = np.random.default_rng(6)
    runs = make_runs(rng.integers(1, 4, (40, 5)).astype(float), tilts=[None, 1.0, 2.0, 3.0])
    ranked, real = [], comparison.midranks
    monkeypatch.setattr(comparison, "midranks", lambda version: ranked.append(1) or real(version))
    compared = analyst.get(HERE, ask(*runs)).context["compared"]
    ranks = compared.ranks
    for one, other, summary in compared.pairs():
        assert summary == comparison.summarise_shift(ranks[:, one], ranks[:, other])
    assert len(ranked) == len(runs), "each once, of as many pairs as there are"


def test_a_city_can_be_marked_by_any_of_its_names(analyst, runs):
    response = analyst.get(HERE, ask(*runs, mark="宛城， Xi'an"))
    drawn = response.context["figures"]["ranks"].spec["data"]["values"]
    assert {point["name"] for point in drawn if point["marked"]} == {"Nanyang", "Xi'an"}
    wrong = analyst.get(HERE, ask(*runs, mark="南阴市, Atlantis", lines="x", k="7")).content.decode()
    assert "There is no city “南阴市” here. Nearest names: Nanyang." in wrong
    assert "There is no city “Atlantis” here." in wrong


def test_a_version_that_is_not_computed_yet_is_named(analyst, runs):
    version = make_version(DataSet.objects.get(pk=runs[0].data_set_id).framework)
    response = analyst.get(HERE, ask(runs[0], version.runs.get()))
    assert response.status_code == 400
    assert f"Not computed yet: {version.label_en}." in response.content.decode()


@pytest.mark.parametrize("runs_asked", ["999999", "x", "-1"])
def test_unknown_runs_are_not_found(analyst, runs, runs_asked):
    assert analyst.get(HERE, {"runs": runs_asked}).status_code == 404


def test_anybody_compares_published_versions_and_no_others(client, runs):
    assert "Nothing to compare yet" in client.get(HERE).content.decode()
    assert client.get(HERE, ask(*runs[:2])).status_code == 404
    assert client.get(reverse("indexer:comparison-export"), ask(*runs[:2])).status_code == 404
    shown = make_runs(random_values(3), published=True, framework=make_framework())
    assert client.get(HERE).context["runs"] == shown


def test_the_file_holds_contributions_that_sum_to_the_change(analyst, runs):
    response = analyst.get(reverse("indexer:comparison-export"), ask(*runs[:2]))
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert len(rows) == 3
    for row in rows:
        parts = [float(value) for name, value in row.items() if name.startswith("Contribution of")]
        assert sum(parts) == pytest.approx(float(row["Change of the score"]), abs=1e-12)
        assert row["SHA-256 of the data"] == runs[0].data_set.sha256


def test_scores_are_marked_where_the_report_prints_them(analyst, runs):
    print_figure(runs[0], 0, f"{100 * (0.5 + 1 / 5) / 2:.2f}")
    rows = {row["city"].name_en: row for row in analyst.get(HERE, ask(*runs[:2])).context["rows"]}
    assert [cell.source for cell in rows["Nanyang"]["scores"]] == ["published", "reconstructed"]


@pytest.mark.parametrize(("name", "head"), [("weights.svg", b"<svg"), ("ranks.png", b"\x89PNG")])
def test_a_figure_comes_as_a_file(analyst, runs, name, head):
    response = analyst.get(f"{HERE}{name}", ask(*runs[:2]))
    assert response.status_code == 200
    assert response.content.startswith(head)


@pytest.mark.parametrize("name", ["weights.gif", "nothing.svg"])
def test_an_unknown_figure_is_not_found(analyst, runs, name):
    assert analyst.get(f"{HERE}{name}", ask(*runs[:2])).status_code == 404


def test_only_get_is_taken(analyst, runs):
    assert analyst.post(HERE).status_code == 405


def test_a_failed_run_is_offered_but_not_compared(analyst, runs):
    runs[2].status, runs[2].node_scores = RunStatus.FAILED, None
    runs[2].save()
    assert analyst.get(HERE, ask(runs[0], runs[2])).status_code == 400


@pytest.mark.parametrize(("cities", "versions"), [(1, 2), (3, 2), (3, 3), (3, 10)])
def test_the_page_takes_the_same_queries_for_any_number_of_cities_and_versions(
    analyst, cities, versions, django_assert_num_queries
):
    runs = make_runs(random_values(cities), tilts=[float(n) for n in range(versions)])
    # Session, account; all runs, those compared, their data; indicators, weights, scores, cities, provinces.
    with django_assert_num_queries(15):
        analyst.get(HERE, ask(*runs))
