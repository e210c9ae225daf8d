"""The expert's pages: each works, refuses other methods and other roles, and tells what went wrong."""

import contextlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client

from tests import factories
from tests.factories import ballot_of, claim_of
from tests.weighting.ballots import CODES, pk_of, save, stored, url
from weighting.enums import Role, RoundState, Rule
from weighting.manifest import hash_receipt
from weighting.models import Ballot, Indicator, Invitation, Score
from weighting.selectors.ballots import own_ballot
from weighting.services.ballots import seal_ballot
from weighting.services.rounds import close_round, void_round
from weighting.views import ballot as ballot_page

pytestmark = pytest.mark.django_db

ITEM = "weighting/expert/_item.html"
CROWD = 8
PAGES = ["ballot", "ballot-review", "ballot-receipt", "ballot-receipt-download"]


# The ballot


def test_the_ballot_shows_every_item_in_both_languages_with_nothing_chosen(expert):
    page = expert.get(url("ballot"), headers={"accept-language": "en"}).content.decode()

    for code in CODES:
        assert f"Indicator {code}" in page
        assert f"指标{code}" in page
    assert page.count('type="radio"') == 5 * len(CODES)
    assert "checked" not in page
    assert page.count('<span class="scale-end scale-end--low" aria-hidden="true">') == len(CODES)


def test_abstaining_is_offered_only_where_the_rule_allows_it(client):
    round_ = factories.make_round(rule=Rule.NORMALISED_MEAN)
    factories.sign_in_expert(client, factories.make_invitation(round_))

    assert client.get(url("ballot")).content.decode().count('value="abstain"') == len(CODES)


def test_the_ballot_comes_back_with_its_answers_and_points_at_the_first_gap(expert, round_):
    save(expert, "infra", 4)

    page = expert.get(url("ballot")).content.decode()

    assert (
        f'id="score-{pk_of(round_, "infra")}-4" name="score-{pk_of(round_, "infra")}" value="4" checked'
        in page
    )
    assert f'href="#score-{pk_of(round_, "industry")}" data-next-gap' in page


@pytest.mark.usefixtures("parts_told")
def test_a_question_is_drawn_once_for_all_who_have_not_answered_it(expert, round_):
    """An answer is drawn for whoever gave it alone: what was kept of it would come sooner to others.

    What is kept of the questions does not depend on who answered which: that, too, would be told by the time.
    """
    other = factories.sign_in_expert(Client(), factories.make_invitation(round_, place=1))

    def drawn(who):
        return [t.name for t in who.get(url("ballot")).templates].count(ITEM)

    drawn(expert)
    assert drawn(other) == 0
    save(expert, "infra", 4)
    assert (drawn(expert), drawn(other)) == (1, 0)
    # Words that are others are other questions, in each language.
    Indicator.objects.filter(framework=round_.framework, code="infra").update(
        definition_zh="路", definition_en="Roads"
    )
    Indicator.objects.filter(framework=round_.framework, code="travel").update(name_en="Works", name_zh="厂")
    assert (drawn(expert), drawn(other)) == (len(CODES) + 1, 0)
    assert "厂" in other.get(url("ballot"), headers={"accept-language": "zh-hans"}).content.decode()
    assert "Works" in other.get(url("ballot"), headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize("kept", [True, False])
def test_of_many_who_come_together_one_draws_a_question_and_the_others_wait(invitation, monkeypatch, kept):
    """Whoever finds nothing drawn would draw it as well; the control does."""
    if not kept:
        monkeypatch.setattr(ballot_page, "DRAWING", contextlib.nullcontext())
    together, drawn, draw = threading.Barrier(CROWD), [], ballot_page.render_to_string
    all_draw = threading.Barrier(1 if kept else CROWD)

    def slowly(*asked):
        drawn.append(asked)
        # Another thread has its turn.
        time.sleep(0.01)
        all_draw.wait(60)
        return draw(*asked)

    def come(card):
        together.wait()
        return ballot_page._kept(card, {"may_abstain": False, "other_lang": "en"}, own.questions)

    monkeypatch.setattr(ballot_page, "render_to_string", slowly)
    own = own_ballot(claim_of(invitation))
    # What tests before this one had drawn of the same words.
    own.questions.cards.clear()
    item = own.items[0]
    with ThreadPoolExecutor(CROWD) as pool:
        shown = set(pool.map(come, [ballot_page.Card(item, [], None, None)] * CROWD))
    assert len(shown) == 1
    assert len(drawn) == (1 if kept else CROWD)


@pytest.mark.parametrize("size", [1, 3])
def test_the_ballot_takes_as_many_queries_for_few_items_as_for_many(
    client, manager, size, django_assert_num_queries
):
    tree = {f"group{place}": {f"leaf{place}{leaf}": {} for leaf in range(4)} for place in range(1, size + 1)}
    framework = factories.make_framework(tree | {"last": {}}, owner=manager)
    round_ = factories.make_round(manager=manager, framework=framework)
    invitation = factories.make_invitation(round_)
    factories.fill_ballot(invitation)
    factories.sign_in_expert(client, invitation)

    with django_assert_num_queries(6):
        client.get(url("ballot"))


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_the_ballot_is_kept_in_a_cache(expert, invitation, page):
    factories.fill_ballot(invitation)
    seal_ballot(claim_of(invitation))

    assert "no-store" in expert.get(url(page))["Cache-Control"]


# One answer


def test_a_click_is_saved_alone(expert, invitation):
    response = save(expert, "infra", 4)

    assert (response.status_code, response.json()) == (200, {"state": "saved", "revision": 1})
    assert stored(invitation) == {"infra": 4}


def test_an_abstention_is_saved_where_the_rule_allows_it(client):
    invitation = factories.make_invitation(factories.make_round(rule=Rule.NORMALISED_MEAN))
    factories.sign_in_expert(client, invitation)

    save(client, "infra", "abstain")

    assert stored(invitation) == {"infra": None}


def test_a_repeated_click_is_stored_once(expert, invitation):
    first = save(expert, "infra", 4)
    again = save(expert, "infra", 4)

    assert again.json() == first.json()
    assert Score.objects.get(ballot=ballot_of(invitation)).revision == 1


def test_a_stale_page_is_told_both_what_is_stored_and_that_nothing_changed(expert, invitation):
    save(expert, "infra", 4)

    response = save(expert, "infra", 2, seen=0, page="page-2")

    assert response.status_code == 409
    answer = response.json()
    assert (answer["state"], answer["value"], answer["revision"]) == ("stale", "4", 1)
    assert stored(invitation) == {"infra": 4}


def test_two_pages_that_agree_have_no_conflict(expert):
    save(expert, "infra", 4)

    assert save(expert, "infra", 4, seen=0, page="page-2").json()["state"] == "saved"


@pytest.mark.parametrize("value", ["0", "6", "2.5", "five", "", "٣", "abstain"])
def test_a_score_off_the_scale_is_refused_by_name(expert, invitation, value):
    response = save(expert, "infra", value)

    assert response.status_code == 422
    assert response.json()["state"] == "refused"
    assert stored(invitation) == {}


@pytest.mark.parametrize(
    "fields", [{"seen": "-1"}, {"seen": "x"}, {"page": ""}, {"page": "x" * 37}, {"page": "\0"}]
)
def test_a_damaged_request_is_refused(expert, invitation, fields):
    assert save(expert, "infra", 3, **fields).status_code == 422
    assert stored(invitation) == {}


def test_an_item_that_the_round_does_not_ask_about_is_refused(expert):
    assert save(expert, "elsewhere", 3).status_code == 422


def test_after_the_close_a_click_is_told_so(expert, round_, round_manager):
    save(expert, "infra", 4)
    close_round(round_, actor=round_manager)

    response = save(expert, "industry", 3)

    assert (response.status_code, response.json()["state"]) == (409, "closed")


def test_without_scripts_one_answer_is_a_plain_form(expert, round_, invitation):
    response = expert.post(
        url("ballot-item-save", "infra"),
        {"value": "2", "seen": "0", "client": "plain"},
        headers={"accept": "text/html"},
    )

    assert response["Location"] == f"{url('ballot')}#score-{pk_of(round_, 'infra')}"
    assert stored(invitation) == {"infra": 2}


# Review and seal


def test_the_review_lists_the_gaps_with_links_and_offers_no_seal(expert, round_, invitation):
    factories.fill_ballot(invitation, skip=["mobile", "travel"])

    page = expert.get(url("ballot-review")).content.decode()

    for code in ("mobile", "travel"):
        assert f"{url('ballot')}#score-{pk_of(round_, code)}" in page
    assert url("ballot-seal") not in page


def test_the_review_counts_the_own_answers(expert, invitation):
    factories.fill_ballot(invitation, scores=lambda code: 5 if code == "infra" else 2)

    response = expert.get(url("ballot-review"))

    assert {row["answer"]: row["count"] for row in response.context["distribution"]} == {
        "1": 0,
        "2": 6,
        "3": 0,
        "4": 0,
        "5": 1,
    }
    assert url("ballot-seal") in response.content.decode()


def test_sealing_leads_to_the_receipt_and_its_nonce(expert, invitation):
    factories.fill_ballot(invitation)

    response = expert.post(url("ballot-seal"), follow=True)

    ballot = ballot_of(invitation)
    assert response.redirect_chain == [(url("ballot-receipt"), 302)]
    assert ballot.receipt in response.content.decode()
    assert ballot.nonce in response.content.decode()


def test_sealing_with_gaps_is_refused_with_the_gaps(expert, invitation):
    factories.fill_ballot(invitation, skip=["mobile"])

    response = expert.post(url("ballot-seal"))

    assert response.status_code == 409
    assert "mobile" in response.content.decode()
    assert not Invitation.objects.get(pk=invitation.pk).sealed


def test_sealing_unchanged_answers_again_keeps_the_receipt(expert, invitation):
    factories.fill_ballot(invitation)
    expert.post(url("ballot-seal"))
    receipt = ballot_of(invitation).receipt

    expert.post(url("ballot-seal"))

    assert ballot_of(invitation).receipt == receipt


def test_changes_since_sealing_are_counted_until_the_ballot_is_sealed_again(expert, invitation):
    factories.fill_ballot(invitation)
    expert.post(url("ballot-seal"))
    save(expert, "infra", 5, seen=1)
    save(expert, "mobile", 5, seen=1)

    for page in ("ballot", "ballot-review", "ballot-receipt"):
        response = expert.get(url(page))
        assert response.context["own"].changed_count == 2
        assert "notice--warning" in response.content.decode()
    expert.post(url("ballot-seal"))
    assert expert.get(url("ballot-receipt")).context["own"].changed_count == 0


def test_the_downloaded_receipt_can_be_recomputed(expert, round_, invitation):
    factories.fill_ballot(invitation)
    expert.post(url("ballot-seal"))

    response = expert.get(url("ballot-receipt-download"))

    document = json.loads(response.content)
    assert response["Content-Disposition"].startswith("attachment")
    assert document["receipt"] == hash_receipt(
        round_id=document["round"],
        questionnaire_hash=document["questionnaire_hash"],
        nonce=document["nonce"],
        scores=document["scores"],
    )


@pytest.mark.parametrize("page", ["ballot-receipt", "ballot-receipt-download"])
def test_without_a_seal_there_is_no_receipt(expert, page):
    assert expert.get(url(page))["Location"] == url("ballot-review")


# After the close


@pytest.mark.parametrize("is_sealed", [True, False])
def test_after_the_close_only_whether_it_was_sealed_is_told(
    expert, round_, invitation, round_manager, is_sealed
):
    factories.fill_ballot(invitation)
    if is_sealed:
        seal_ballot(claim_of(invitation))
    nonce = ballot_of(invitation).nonce
    close_round(round_, actor=round_manager)

    response = expert.get(url("ballot"))

    page = response.content.decode()
    assert response.context["sealed"] is is_sealed
    assert "own" not in response.context
    assert 'type="radio"' not in page
    assert not nonce or nonce not in page
    for other in PAGES[1:]:
        assert expert.get(url(other), follow=True).context["sealed"] is is_sealed


def test_a_seal_after_the_close_is_refused(expert, round_, invitation, round_manager):
    factories.fill_ballot(invitation)
    close_round(round_, actor=round_manager)

    assert expert.post(url("ballot-seal")).status_code == 409
    assert not Ballot.objects.filter(round=round_).exists()


def test_a_voided_round_says_so(expert, round_, round_manager):
    void_round(round_, reason="wrong list", actor=round_manager)

    assert expert.get(url("ballot")).context["void"] is True


def test_after_the_deadline_the_receipt_can_still_be_fetched_until_the_close(
    expert, round_, invitation, monkeypatch
):
    factories.fill_ballot(invitation)
    seal_ballot(claim_of(invitation))
    monkeypatch.setattr("weighting.selectors.ballots.timezone.now", lambda: round_.deadline)

    assert expert.get(url("ballot")).context["awaits_close"] is True
    assert save(expert, "infra", 1, seen=1).json()["state"] == "closed"
    assert ballot_of(invitation).nonce in expert.get(url("ballot-receipt")).content.decode()


# Who may come here


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("ballot-review", "post"),
        ("ballot-seal", "get"),
        ("ballot-receipt", "post"),
        ("ballot-receipt-download", "post"),
        ("ballot", "delete"),
    ],
)
def test_a_wrong_method_is_refused(expert, name, method):
    assert getattr(expert, method)(url(name)).status_code == 405


def test_an_answer_cannot_travel_in_an_address(expert):
    assert expert.get(url("ballot-item-save", "infra"), {"value": 5}).status_code == 405


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR])
@pytest.mark.parametrize("page", PAGES)
def test_staff_cannot_know_of_any_ballot(client, round_, role, page):
    factories.sign_in_staff(client, factories.make_account(role))

    assert client.get(url(page)).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_asked_to_come_in(client, page):
    response = client.get(url(page))

    assert response.status_code == 302
    assert response["Location"].startswith(url("sign-in"))


def test_one_expert_never_sees_or_touches_the_ballot_of_another(expert, round_, invitation):
    other = factories.make_invitation(round_, place=1)
    factories.fill_ballot(other, scores=lambda code: 5)
    seal_ballot(claim_of(other))

    assert "checked" not in expert.get(url("ballot")).content.decode()
    save(expert, "infra", 1)
    assert stored(other)["infra"] == 5
    assert expert.get(url("ballot-receipt"))["Location"] == url("ballot-review")


def test_a_withdrawn_link_leaves_the_ballot_with_the_browser_that_claimed_it(expert, invitation):
    save(expert, "infra", 4)
    invitation.access_links.update(revoked=True)

    assert save(expert, "infra", 5, seen=1).status_code == 200
    assert stored(invitation) == {"infra": 5}


def test_an_answer_from_another_site_is_refused(invitation):
    from django.test import Client

    client = factories.sign_in_expert(Client(), invitation)
    client.handler.enforce_csrf_checks = True

    assert save(client, "infra", 4).status_code == 403


def test_scores_stay_out_of_error_reports_and_logs(expert, monkeypatch, caplog, settings):
    def fail(*_args, **_kwargs):
        raise RuntimeError("boom")

    monkeypatch.setattr("weighting.views.ballot.save_score", fail)
    expert.raise_request_exception = False
    settings.DEBUG = False

    response = save(expert, "infra", 4, page="a-page-that-is-secret")

    record = next(record for record in caplog.records if record.exc_info)
    from django.views.debug import ExceptionReporter

    report = ExceptionReporter(record.request, *record.exc_info).get_traceback_text()
    assert response.status_code == 500
    assert "a-page-that-is-secret" not in report
    assert "value = '4'" not in report


def test_the_round_states_that_experts_can_meet_have_pages(client):
    round_ = factories.make_round(state=RoundState.AGGREGATED)
    factories.sign_in_expert(client, factories.make_invitation(round_))

    assert client.get(url("ballot")).context["sealed"] is True
