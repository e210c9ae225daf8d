"""A study that draws nothing speaks of cases, and claims nothing of how sure a rank is."""

import re

import pytest
from django.urls import reverse

from tests.indexer.studies.test_studies import QUESTIONS
from tests.indexer.study_runs import make_panel_run, make_study

pytestmark = pytest.mark.django_db
DRAWS, CASES = re.compile(r"of the draws|and draws"), re.compile(r"of the cases|and cases")
SURE = "Groups that can be told apart"


def said(client, kind):
    """Return the page of a study, with the words of its pictures."""
    study = make_study(make_panel_run(), kind, **QUESTIONS[kind])
    answer = client.get(reverse("indexer:study-detail", args=[study.pk]))
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("kind", ["jackknife", "left_out"])
def test_what_is_left_out_one_by_one_is_counted_in_cases(analyst, kind):
    page = said(analyst, kind)
    assert CASES.search(page)
    assert not DRAWS.search(page)
    assert SURE not in page


@pytest.mark.parametrize("kind", ["bootstrap", "noise", "smaa"])
def test_what_is_drawn_is_counted_in_draws(analyst, kind):
    page = said(analyst, kind)
    assert DRAWS.search(page)
    assert not CASES.search(page)
    assert SURE in page
