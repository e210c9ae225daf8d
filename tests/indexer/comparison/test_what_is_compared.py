"""What the page of comparison compares, and where it leads, where nothing or little is there to compare."""

import pytest
from django.urls import reverse

from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, sign_in_staff
from tests.indexer.comparison.test_comparison_pages import HERE, ask
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role

pytestmark = pytest.mark.django_db


def test_equal_weights_are_what_the_first_version_is_compared_with_where_there_are_such(analyst):
    first, _second, equal = make_runs(random_values(4), tilts=[3.0, 6.0, None])

    assert analyst.get(HERE).context["runs"] == [first, equal]


def test_of_many_versions_a_few_are_offered_and_the_others_found_by_name(analyst, monkeypatch):
    runs = make_runs(random_values(4), tilts=[None, 3.0, 6.0, 9.0])
    assert not analyst.get(HERE).context["offered"].is_searched
    monkeypatch.setattr("indexer.selectors.run_search.MOST_OFFERED", 1)
    few = analyst.get(HERE, ask(*runs[:2]))
    last = next(option["name"] for option in analyst.get(HERE, ask(*runs[2:])).context["options"][-1:])
    found = analyst.get(HERE, ask(*runs[:2], find=last.upper()))

    assert [option["run"] for option in few.context["options"]] == runs[:3]
    assert "1 further version is not listed" in few.content.decode()
    assert [option["run"] for option in found.context["options"]] == [*runs[:2], runs[3]]
    assert found.context["offered"].not_offered == 0
    assert [option["run"] for option in found.context["options"] if option["is_chosen"]] == runs[:2]


def test_an_administrator_alone_is_led_to_the_page_of_people(client):
    sign_in_staff(client, make_account(Role.ADMINISTRATOR))
    link = f'href="{reverse("weighting:people")}">Invite your colleagues</a>'
    assert link in client.get(HERE).text
    make_account(Role.ANALYST)
    assert link not in client.get(HERE).text


def test_nobody_else_is_led_there(analyst):
    assert "Invite your colleagues" not in analyst.get(HERE).text


def test_staff_with_a_single_ranking_are_led_to_it(analyst):
    link = f'href="{reverse("indexer:run-list")}">Look at the rankings</a>'
    assert link not in analyst.get(HERE).content.decode()
    make_runs(random_values(3), tilts=[None])
    text = analyst.get(HERE).content.decode()
    assert ("Nothing to compare yet" in text, link in text) == (True, True)


def test_while_runs_are_computed_the_page_says_so_and_looks_again(analyst):
    make_runs(random_values(2), computed=False)
    text = analyst.get(HERE).content.decode()
    assert "The rankings are being computed" in text
    assert 'hx-trigger="every 2s"' in text


def test_the_newest_edition_is_compared_by_default(analyst):
    first = make_runs(random_values(4))[0].data_set
    newer = add_data_set(
        terms=EditionTerms(first.framework, first.name_zh, first.name_en, 2018, first.method),
        matrix=Matrix(first.city_ids, first.leaf_codes, random_values(4, seed=2), {}),
        actor=first.created_by,
    )
    compute_waiting_runs(newer.pk)

    assert {run.data_set_id for run in analyst.get(HERE).context["runs"]} == {newer.pk}
