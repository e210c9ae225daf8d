"""The whole ballot as one plain form: only what was changed is saved, and nothing is overwritten."""

import pytest

from tests.weighting.ballots import CODES, pk_of, save, stored, url
from weighting.models import Score
from weighting.services.rounds import close_round

pytestmark = pytest.mark.django_db


def page_fields(round_, answers, *, seen=None, then=""):
    fields = {"client": "plain", "then": then}
    for code in CODES:
        pk = pk_of(round_, code)
        fields[f"seen-{pk}"] = (seen or {}).get(code, "0:")
        if code in answers:
            fields[f"score-{pk}"] = answers[code]
    return fields


def test_the_whole_page_saves_what_was_changed_and_goes_on(expert, round_, invitation):
    response = expert.post(url("ballot"), page_fields(round_, {"infra": 5, "mobile": 1}, then="section-2"))

    assert response["Location"] == f"{url('ballot')}#section-2"
    assert stored(invitation) == {"infra": 5, "mobile": 1}


def test_the_last_button_saves_and_leads_to_the_review(expert, round_):
    response = expert.post(url("ballot"), page_fields(round_, {"infra": 5}, then="review"))

    assert response["Location"] == url("ballot-review")


def test_nobody_is_sent_to_another_site_after_saving(expert, round_):
    response = expert.post(url("ballot"), page_fields(round_, {}, then="//evil.example"))

    assert response["Location"] == url("ballot")


def test_an_untouched_answer_of_an_old_page_overwrites_nothing(expert, round_, invitation):
    save(expert, "infra", 3)
    save(expert, "infra", 5, seen=1, page="page-2")

    response = expert.post(url("ballot"), page_fields(round_, {"infra": 3}, seen={"infra": "1:3"}))

    assert response.status_code == 302
    assert stored(invitation) == {"infra": 5}


def test_a_conflict_shows_both_answers_and_either_may_be_kept(expert, round_, invitation):
    save(expert, "infra", 5)

    response = expert.post(url("ballot"), page_fields(round_, {"infra": 2, "industry": 4}))

    page = response.content.decode()
    assert response.status_code == 409
    assert stored(invitation) == {"infra": 5, "industry": 4}
    form = f'form="resolve-{pk_of(round_, "infra")}" name="value" value='
    assert f'{form}"5"' in page
    assert f'{form}"2"' in page
    expert.post(url("ballot-item-save", "infra"), {"value": "2", "seen": "1", "client": "plain"})
    assert stored(invitation)["infra"] == 2


def test_a_choice_that_was_itself_overtaken_changes_nothing(expert, invitation):
    save(expert, "infra", 5)

    response = expert.post(url("ballot-item-save", "infra"), {"value": "2", "seen": "0", "client": "plain"})

    assert response.status_code == 409
    assert stored(invitation) == {"infra": 5}


def test_a_wrong_score_on_the_whole_page_is_named(expert, round_):
    response = expert.post(url("ballot"), page_fields(round_, {"infra": "7"}))

    assert response.status_code == 422
    assert "not 7" in response.content.decode() or "7" in response.context["blockers"][0]


def test_answers_that_came_after_the_close_are_shown_and_not_stored(expert, round_, round_manager):
    close_round(round_, actor=round_manager)

    response = expert.post(url("ballot"), page_fields(round_, {"infra": 5}))

    assert response.status_code == 409
    assert [(node.code, answer) for node, answer in response.context["unsaved"]] == [("infra", "5")]
    assert not Score.objects.exists()
