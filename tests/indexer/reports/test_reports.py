"""Reports: sentences that fit the numbers, ties and single cities too, in both languages."""

import numpy as np
import pytest
from django.urls import reverse
from django.utils import translation

from indexer.selectors.comparison import compare_runs
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.runs import load_runs
from indexer.selectors.studies import rank_intervals_of
from indexer.views.reports.comparison_words import comparison_sentences
from indexer.views.reports.fragility import report_fragility
from indexer.views.reports.run_words import digits_apart, in_both_languages, run_sentences
from indexer.words import ranks_between
from tests.factories import make_account, make_framework
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.study_runs import make_panel_run, make_study

pytestmark = pytest.mark.django_db

COMPARED = reverse("indexer:comparison-report")


def about(values, **method):
    """Return the sentences on a run of such values."""
    return told(make_runs(values, tilts=[None], **method)[0])


def told(run):
    (loaded,) = load_runs(make_account(), [run.pk])
    return run_sentences(
        node_scores_of(loaded), rank_intervals_of(loaded, run.data_set.created_by), report_fragility(loaded)
    )


def comparing(values, tilts):
    runs = make_runs(values, tilts=tilts)
    return comparison_sentences(compare_runs(load_runs(make_account(), [run.pk for run in runs])))


def test_a_leader_and_who_follows():
    said = about([[1] * 5, [2] * 5, [7] * 5])

    assert said[0] == "Garze leads 3 cities with 70.00 % of the total, before Xi'an with 20.00."
    assert said[1] == "Garze leads in every one of the 2 sub-indices."
    assert said[2].startswith("The first city holds half of what all cities hold, or more; the Gini")
    assert said[3].startswith("Of the regions Southwest holds most: 70.0 % of it, in 1 of 3 cities.")
    assert "no bootstrap" in said[4]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Nanyang, Xi'an and Garze share the lead in every one of the 2 sub-indices."),
        ("zh-hans", "南阳市、西安市和甘孜藏族自治州在全部 2 个分指数中均居首。"),
    ],
)
def test_leaders_who_share_the_lead_are_several(language, said):
    with translation.override(language):
        assert about([[7] * 5, [7] * 5, [7] * 5, [1] * 5])[1] == said


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([[3] * 5], "The data set holds one city, Nanyang, at 100.00 % of the total: there is"),
        ([[3] * 5] * 4, "All 4 cities tie at 25.00 % of the total."),
        (
            [[3] * 5, [3] * 5, [2] * 5, [2] * 5],
            "Nanyang and Xi'an share the first rank among 4 cities at 30.00 % of the total, before "
            "Garze and Luoyang at 20.00.",
        ),
        ([[3] * 5] * 6 + [[1] * 5], "Nanyang, Xi'an, Garze and 3 more share the first rank among 7 cities"),
    ],
)  # fmt: skip
def test_ties_and_a_single_city_are_told_as_they_are(values, sentence):
    assert about(values)[0].startswith(sentence)


def test_a_single_city_leads_nothing_and_has_no_distribution():
    assert len(about([[3] * 5])) == 1


def test_scores_that_differ_are_written_differently():
    assert [digits_apart(10.1940, 10.1941), digits_apart(1.0, None), digits_apart(1.0, 1.0)] == [4, 2, 8]
    assert "with 33.334 " in about([[1.00001] * 5, [1] * 5, [1] * 5])[0]


def test_scores_below_zero_have_their_sign_and_no_shares():
    said = about([[1, 1, 1, 1, 1], [2, 2, 2, 2, 2], [4, 4, 4, 4, 5]], normalisation="zscore")

    assert "hundredths of a standard deviation" in said[0]
    assert not any("half of what" in sentence for sentence in said)


def test_leaders_of_sub_indices_are_named_one_by_one():
    said = about([[9, 9, 1, 1, 1], [1, 1, 9, 9, 9]])

    assert said[1] == "First in the sub-indices: Indicator infra: Nanyang; Indicator industry: Xi'an."


def test_a_bootstrap_gives_the_least_sure_city_draws_and_seed():
    run = make_panel_run()
    study = make_study(run, draws=500, seed=11)
    (said,) = (sentence for sentence in told(run) if "bootstrap" in sentence)
    intervals = rank_intervals_of(run, run.data_set.created_by)
    widths = intervals.q95 - intervals.q05

    assert (study.draws, study.seed) == (500, 11)
    assert "500 bootstrap draws, seed 11" in said
    assert f"rank {intervals.q05[widths.argmax()]:g} and" in said


def test_no_change_says_so_and_nothing_of_movers():
    said = comparing([[9] * 5, [5] * 5, [1] * 5], [None, 1.0])

    assert said[0] == "None of 3 cities changes rank between these 2 rankings."
    assert "Nanyang comes first throughout." in said
    assert "The first 1 cities" not in " ".join(said)
    assert not any("Most is" in sentence for sentence in said)


def test_a_change_names_gains_losses_the_new_leader_and_the_cause():
    said = comparing([[9, 9, 2, 2, 2], [2, 2, 7, 7, 7], [5, 5, 3, 3, 3]], [None, 1.0])

    assert said == [
        "2 of 3 cities change rank between these 2 rankings.",
        "Most is gained by Xi'an: 1 place.",
        "Most is lost by Nanyang: 1 place.",
        "On average each city moves by 0.667 places; Spearman's correlation is 0.5000.",
        "The first rank passes from Nanyang to Xi'an.",
        "The weights of Indicator infra and Indicator industry differ most, by 16.67 percentage points each.",
        "Of the changes of all scores 50 % come through each of Indicator infra and Indicator industry.",
    ]


def test_where_only_losses_are_there_is_no_word_of_gains():
    # Equal weights tie the two; the others part them, and nobody gains.
    said = comparing([[4, 4, 2, 2, 2], [2, 2, 4, 4, 4]], [None, 1.0])

    assert said[0] == "1 of 2 cities changes rank between these 2 rankings."
    assert not any("gained" in sentence for sentence in said)
    assert any(sentence.startswith("Most is lost by Nanyang: 1 place.") for sentence in said)
    assert "The first rank passes from Nanyang and Xi'an to Xi'an." in said


def test_one_city_and_all_tied():
    assert comparing([[3] * 5], [None, 1.0])[0] == "There is one city: no weights can move it."
    said = comparing([[3] * 5] * 3, [None, 1.0])
    assert "All cities tie throughout." in said
    assert "No score changes." in said


def test_many_rankings_count_their_leaders():
    said = comparing(random_values(12), [None, 1.0, 2.0])

    assert said[0].endswith("between these 3 rankings.")
    assert any(sentence.startswith("Furthest from the base is version 3") for sentence in said)
    assert any("throughout" in sentence or "of 3 rankings." in sentence for sentence in said)


def test_every_sentence_is_written_in_both_languages():
    with translation.override("zh-hans"):
        (first, chinese), (second, english) = in_both_languages(lambda: [translation.gettext("Unit")])

    assert (first, second) == ("zh-hans", "en")
    assert (chinese, english) == (["单位"], ["Unit"])


@pytest.mark.parametrize(("language", "words"), [("en", "leads"), ("zh-hans", "居首")])
def test_the_page_of_a_run_has_both_abstracts_pictures_and_origin(analyst, language, words):
    run = make_runs(random_values(35), tilts=[None])[0]
    page = analyst.get(reverse("indexer:run-report", args=[run.pk]), headers={"accept-language": language})
    text = page.content.decode()

    assert page.status_code == 200
    assert "In brief" in text
    assert "摘要" in text
    assert words in text
    assert reverse("indexer:run-picture", args=[run.pk, "composition", "svg"]) in text
    assert run.manifest_hash in text
    assert "--normalisation share --negative reflect --missing refuse --aggregation arithmetic" in text
    assert len(page.context["rows"]) == 30
    assert page.context["left_out"] == 5


def test_fragility_is_told_from_the_critical_weights(analyst):
    run = make_runs([[3, 1, 1, 1, 1], [1, 2, 1, 1, 1]], tilts=[None])[0]
    said = told(run)
    fragility = report_fragility(run)
    pair = fragility.changes.pairs[0]
    (row,) = analyst.get(reverse("indexer:run-report", args=[run.pk])).context["fragile"]["rows"]
    assert [row["upper"], row["lower"]] == [fragility.cities[place] for place in pair]
    assert f"“{row['node'].name}” in its group goes from {row['weights'][0]} % beyond" in said[-1]
    assert said[-2].startswith("The one pair of neighbours")
    assert said[-2].endswith("when one weight moves by a percentage point.")


def test_a_report_has_the_intervals_of_a_study_and_the_most_fragile_pairs(analyst):
    run = make_panel_run(cities=14)
    address = reverse("indexer:run-report", args=[run.pk])
    assert "<h2>How sure" not in analyst.get(address).content.decode()
    study = make_study(run, draws=600)
    page = analyst.get(address)
    text = page.content.decode()
    assert "<h2>How sure" in text
    assert reverse("indexer:study-picture", args=[study.pk, "intervals", "svg"]) in text
    sizes = [abs(float(row["change"].replace("−", "-"))) for row in page.context["fragile"]["rows"]]
    assert len(sizes) == 10
    assert sizes == sorted(sizes)
    fragility = report_fragility(run)
    assert sizes[0] == pytest.approx(100 * fragility.sizes[~np.isnan(fragility.sizes)].min(), rel=0.01)
    (_own, english), (_other, chinese) = page.context["abstracts"]
    assert "pairs of neighbours" in english[-2]
    assert "名次相邻的" in chinese[-2]


def test_ties_are_told_and_what_is_no_mean_at_the_top_has_no_critical_weight(analyst):
    run = make_runs(random_values(6), tilts=[None], aggregation="minimum", normalisation="minmax")[0]
    page = analyst.get(reverse("indexer:run-report", args=[run.pk]))
    assert page.context["fragile"] is None
    assert "How fragile" not in page.content.decode()
    assert about([[3] * 5] * 2)[-1].startswith("No single weight turns")
    assert about([[4, 2, 3, 3, 3], [2, 4, 3, 3, 3]])[-1] == "Nanyang and Xi'an share rank 1 already."


@pytest.mark.parametrize("tilts", [[None, 1.0], [None, 1.0, 2.0]])
def test_the_page_of_a_comparison_has_pictures_that_are_there(analyst, tilts):
    runs = make_runs(random_values(12), tilts=tilts)
    page = analyst.get(COMPARED, {"runs": [run.pk for run in runs]})
    pictures = [figure.image_url for figure in page.context["figures"].values()]

    assert page.status_code == 200
    assert all(run.manifest_hash in page.content.decode() for run in runs)
    assert len(pictures) >= 2
    assert analyst.get(pictures[0]).content.startswith(b"<svg")


# One city alone has no neighbour, and its report no fragile pair to look for.
@pytest.mark.parametrize("cities", [2, 4])
def test_reports_cost_the_same_however_many_cities(analyst, django_assert_num_queries, cities):
    framework = make_framework()
    runs = make_runs(random_values(cities), framework=framework)
    with django_assert_num_queries(15):
        analyst.get(reverse("indexer:run-report", args=[runs[0].pk]))
    with django_assert_num_queries(10):
        analyst.get(COMPARED, {"runs": [run.pk for run in runs]})


def test_an_unfinished_run_has_no_report_and_a_hidden_one_is_not_found(client, analyst):
    waiting = make_runs(random_values(3), tilts=[None], computed=False)[0]
    page = analyst.get(reverse("indexer:run-report", args=[waiting.pk]))

    assert "abstracts" not in page.context
    client.logout()
    assert client.get(reverse("indexer:run-report", args=[waiting.pk])).status_code == 404


def test_ranks_between_are_whole():
    """Quantiles of few draws fall between ranks, and nobody has rank 38.95."""
    assert [ranks_between(*ends) for ends in ((38.95, 46), (9, 9.75), (3, 3))] == ["38–46", "9–10", "3"]
