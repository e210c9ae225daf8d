import csv
import io

import pytest
from django.urls import reverse

from indexer.enums import RunStatus
from indexer.models import DataSet
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_version
from tests.indexer.pages import make_runs, print_figure, random_values
from weighting.enums import Role

pytestmark = pytest.mark.django_db
HERE = "/compare/"


@pytest.fixture
def analyst(client):
    return sign_in_staff(client, make_account(Role.ANALYST))


@pytest.fixture
def runs():
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
    assert "<h1>The choice of weights moves 2 of 3 cities</h1>" in text
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
    part = analyst.get(HERE, ask(*runs[:2], q="xian"), headers={"HX-Request": "true"})
    text = part.content.decode()
    assert [row["city"].name_en for row in part.context["rows"]] == ["Xi'an"]
    assert "<html" not in text
    assert text.count('name="runs"') == 2


def test_differing_lower_weights_are_pointed_out(analyst, runs):
    assert "differ inside the sub-indices, too" in analyst.get(HERE, ask(*runs[:2])).content.decode()
    same = make_runs(random_values(3), tilts=[None, None])
    assert "differ inside the sub-indices" not in analyst.get(HERE, ask(*same)).content.decode()


def test_scores_that_are_no_sums_are_not_split(analyst):
    runs = make_runs(random_values(3), aggregation="geometric")
    response = analyst.get(HERE, ask(*runs))
    assert "cannot be split by sub-index" in response.content.decode()
    assert "scores" not in response.context["figures"]


@pytest.mark.parametrize("count", [1, 9])
def test_two_to_eight_versions_are_compared(analyst, count):
    runs = make_runs(random_values(2), tilts=[float(n) for n in range(count)])
    response = analyst.get(HERE, ask(*runs))
    assert response.status_code == 400
    assert f"{count} chosen: choose 2 to 8 versions." in response.content.decode()


def test_versions_of_different_data_are_not_compared(analyst, runs):
    other = make_runs(random_values(3))
    response = analyst.get(HERE, ask(runs[0], other[0]))
    assert response.status_code == 400
    assert "Only versions of one data set can be compared" in response.content.decode()


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


def test_while_runs_are_computed_the_page_says_so_and_looks_again(analyst):
    make_runs(random_values(2), computed=False)
    text = analyst.get(HERE).content.decode()
    assert "The rankings are being computed" in text
    assert 'hx-trigger="every 2s"' in text


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


@pytest.mark.parametrize("cities", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_cities(analyst, cities, django_assert_num_queries):
    runs = make_runs(random_values(cities), tilts=[None, 1.0])
    # Session, account; all runs, those compared; indicators, weights, scores, cities, provinces, figures.
    with django_assert_num_queries(10):
        analyst.get(HERE, ask(*runs))
