"""Who is said to move furthest where several do, where one side alone moves, and where nobody does."""

import pytest
from django.urls import reverse

from tests.factories import make_framework
from tests.indexer.finished_runs import make_runs
from tests.indexer.studies.test_studies import QUESTIONS
from tests.indexer.study_runs import make_panel_run, make_study

pytestmark = pytest.mark.django_db
# Under equal weights all six tie; whatever weight goes to the second tells the first three from the others.
TIED = [[1, 2]] * 3 + [[2, 1]] * 3


def _figures(analyst, *runs):
    return analyst.get("/compare/", {"runs": [run.pk for run in runs]}).context["figures"]


def test_nobody_rises_where_a_tie_of_all_parts(analyst):
    runs = make_runs(TIED, framework=make_framework({"a": {}, "b": {}}), tilts=[None, 1.0])

    parted, formed = _figures(analyst, *runs)["ranks"], _figures(analyst, *reversed(runs))["ranks"]
    assert parted.title == "Furthest down: Luoyang and 2 more; nobody rises"
    assert formed.title == "Furthest up: Luoyang and 2 more; nobody falls"


def test_two_sub_indices_differ_alike_in_weight(analyst):
    runs = make_runs(TIED, framework=make_framework({"a": {}, "b": {}}), tilts=[None, 1.0])

    title = _figures(analyst, *runs)["weights"].title
    assert title == "Weights differ most in Indicator a and 1 more: by 16.67 percentage points"


@pytest.mark.parametrize("kind", ["left_out", "variants"])
def test_a_study_in_which_nobody_moves_names_nobody(analyst, kind):
    run = make_panel_run(cities=4, values=[[1] * 5, [2] * 5, [3] * 5, [4] * 5])
    study = make_study(run, kind, **QUESTIONS[kind])
    text = analyst.get(reverse("indexer:study-detail", args=[study.pk])).text

    assert "No city changes its rank" in text
    assert "0.00 places" not in text
    assert "carries most of the order" not in text


def test_those_who_share_the_first_rank_are_not_said_to_lead_alone(analyst):
    (tied,) = make_runs(TIED, framework=make_framework({"a": {}, "b": {}}), tilts=[None])
    (shared,) = make_runs(TIED, framework=make_framework({"a": {}, "b": {}}), tilts=[1.0])
    (alone,) = make_runs([[1, 2]], framework=make_framework({"a": {}, "b": {}}), tilts=[None])

    assert "<h1>All 6\u00a0cities tie</h1>" in analyst.get(f"/runs/{tied.pk}/").text
    assert (
        "<h1>Nanyang and 2\u00a0more share the first rank among 6\u00a0cities</h1>"
        in analyst.get(f"/runs/{shared.pk}/").text
    )
    assert "<h1>Nanyang alone has a score here</h1>" in analyst.get(f"/runs/{alone.pk}/").text
