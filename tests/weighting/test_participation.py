"""Agreeing to the terms, declaring an interest, withdrawing, being removed, and notes of the managers."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.factories import ballot_of, claim_of
from weighting.enums import Feedback
from weighting.exceptions import ExpertRemoved, Refused, RoundNotOpen
from weighting.models import Ballot, Invitation, RoundNote, Score
from weighting.services.access import issue_invitation_link
from weighting.services.ballots import save_comments, seal_ballot, withdraw_ballot
from weighting.services.invitations import remove_expert
from weighting.services.rounds import close_round

pytestmark = pytest.mark.django_db

CONFIRM = reverse("weighting:confirm-link")
BALLOT = reverse("weighting:ballot")
TERMS = reverse("weighting:ballot-terms")
WITHDRAW = reverse("weighting:ballot-withdraw")
JSON = {"accept": "application/json"}


def open_link(client, invitation):
    client.cookies["django_language"] = "en"
    client.get(reverse("weighting:receive-link", args=[issue_invitation_link(invitation)]))


def save(client, code, value, seen=0):
    fields = {"value": value, "seen": seen, "client": "page-1"}
    return client.post(reverse("weighting:ballot-item-save", args=[code]), fields, headers=JSON)


# Terms and consent


def test_nothing_is_agreed_to_beforehand(client, invitation):
    open_link(client, invitation)

    page = client.get(CONFIRM).content.decode()

    assert 'name="consent"' in page
    assert 'name="interest"' in page
    assert "checked" not in page


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"consent": "on"},
        {"interest": "none"},
        {"interest": "some", "consent": "on"},
        {"interest": "other", "consent": "on"},
        {"interest": "some", "conflict": "x" * 1001, "consent": "on"},
    ],
)
def test_without_consent_and_a_declaration_nobody_begins(client, invitation, fields):
    open_link(client, invitation)

    response = client.post(CONFIRM, fields)

    assert response.status_code == 422
    assert "error-summary" in response.content.decode()
    assert client.get(BALLOT).status_code == 302
    assert not Invitation.objects.get(pk=invitation.pk).started


def test_an_interest_is_kept_in_the_experts_words(client, invitation):
    open_link(client, invitation)

    client.post(CONFIRM, {"interest": "some", "conflict": "I advise the city of X.", "consent": "on"})

    stored = Invitation.objects.get(pk=invitation.pk)
    assert (stored.consented, stored.conflict) == (True, "I advise the city of X.")
    assert "I advise the city of X." in client.get(TERMS).content.decode()


def test_who_has_agreed_is_not_asked_again(client, invitation):
    factories.sign_in_expert(client, invitation)
    open_link(client, invitation)

    assert client.get(CONFIRM)["Location"] == BALLOT


@pytest.mark.parametrize(
    ("feedback", "said", "not_said"),
    [
        (Feedback.NONE, "After the close nobody can find your ballot", "until the series ends"),
        (Feedback.GROUP, "the median and the middle half", "until the series ends"),
        (Feedback.OWN, "until the series ends", "After the close nobody can find your ballot"),
    ],
)
def test_the_terms_say_how_long_a_ballot_can_be_found(client, manager, feedback, said, not_said):
    round_ = factories.make_round(manager=manager, feedback=feedback)
    open_link(client, factories.make_invitation(round_))

    page = client.get(CONFIRM).content.decode()

    assert said in page
    assert not_said not in page
    assert "minutes" in page
    assert "withdraw at any time before the close" in page


def test_the_terms_can_be_read_again_from_the_ballot(expert):
    assert TERMS in expert.get(BALLOT).content.decode()
    assert expert.get(TERMS).status_code == 200


def test_notes_of_the_managers_stand_on_the_terms_and_the_ballot(
    client, expert, round_, round_manager, invitation
):
    for number in (1, 2):
        RoundNote.objects.create(
            round=round_, text_zh=f"更正{number}", text_en=f"Correction {number}", created_by=round_manager
        )

    client.cookies["django_language"] = "en"
    for address in (BALLOT, TERMS):
        page = client.get(address).content.decode()
        assert page.index("Correction 2") < page.index("Correction 1")


def test_the_ballot_says_whose_it_is_and_offers_to_leave(expert, invitation):
    page = expert.get(BALLOT, headers={"accept-language": "en"}).content.decode()

    assert invitation.expert.name in page
    assert reverse("weighting:sign-out") in page


# Withdrawing


def test_withdrawing_is_asked_before_it_is_done(expert, invitation):
    save(expert, "infra", 4)

    assert expert.get(WITHDRAW).status_code == 200
    assert Score.objects.count() == 1


@pytest.mark.parametrize("is_sealed", [True, False])
def test_withdrawing_deletes_everything_and_leaves_no_trace(expert, invitation, is_sealed):
    factories.fill_ballot(invitation)
    if is_sealed:
        seal_ballot(claim_of(invitation))

    response = expert.post(WITHDRAW)

    assert response["Location"] == TERMS
    assert not Score.objects.exists()
    assert not Ballot.objects.exists()
    stored = Invitation.objects.get(pk=invitation.pk)
    assert (ballot_of(invitation), stored.started, stored.sealed) == (None, False, False)
    assert (stored.consented, stored.conflict) == (False, "")


def test_after_withdrawing_the_ballot_asks_for_consent_anew(expert, invitation):
    expert.post(WITHDRAW)

    assert expert.get(BALLOT)["Location"] == TERMS
    assert expert.get(reverse("weighting:ballot-review"), follow=True).redirect_chain[-1][0] == TERMS
    assert 'name="consent"' in expert.get(TERMS).content.decode()
    assert expert.post(TERMS, {}).status_code == 422
    assert expert.post(TERMS, factories.CONSENT)["Location"] == BALLOT
    assert save(expert, "infra", 3).json()["state"] == "saved"


def test_a_tab_left_open_cannot_undo_a_withdrawal(expert, invitation):
    save(expert, "infra", 4)
    withdraw_ballot(claim_of(invitation))

    response = save(expert, "infra", 5, seen=1)

    assert (response.status_code, response.json()["state"]) == (422, "refused")
    assert not Invitation.objects.get(pk=invitation.pk).started


def test_after_the_close_nobody_withdraws(expert, round_, invitation, round_manager):
    factories.fill_ballot(invitation)
    seal_ballot(claim_of(invitation))
    close_round(round_, actor=round_manager)

    assert expert.post(WITHDRAW)["Location"] == BALLOT
    assert expert.get(WITHDRAW)["Location"] == BALLOT
    with pytest.raises(RoundNotOpen):
        withdraw_ballot(claim_of(invitation))
    assert Ballot.objects.count() == 1


def test_withdrawing_without_a_ballot_leads_to_the_terms(expert):
    expert.post(WITHDRAW)

    assert expert.post(WITHDRAW)["Location"] == TERMS


# Removed from the panel


def test_a_removed_expert_is_told_so_and_can_change_nothing(client, invitation):
    token = issue_invitation_link(invitation)
    factories.sign_in_expert(client, invitation)
    save(client, "infra", 4)
    Invitation.objects.filter(pk=invitation.pk).update(removed=True)

    assert save(client, "infra", 5, seen=1).status_code == 302
    client.cookies["django_language"] = "en"
    client.get(reverse("weighting:receive-link", args=[token]))
    response = client.get(CONFIRM)
    assert response.status_code == 404
    assert "no longer on the panel" in response.content.decode()
    for act in (seal_ballot, withdraw_ballot):
        with pytest.raises(ExpertRemoved):
            act(claim_of(invitation))


def test_the_ballot_of_a_removed_expert_is_neither_kept_nor_counted(round_, round_manager):
    removed, other = factories.make_invitation(round_), factories.make_invitation(round_, place=1)
    for invitation in (removed, other):
        factories.fill_ballot(invitation)
    seal_ballot(claim_of(other))
    remove_expert(removed, actor=round_manager)

    closed = close_round(round_, actor=round_manager)

    assert (closed.invited_count, closed.sealed_count) == (4, 1)
    assert Ballot.objects.filter(round=round_).count() == 1


# Comments


def comment(client, code, text, seen=""):
    address = reverse("weighting:ballot-comment-save", args=[code])
    return client.post(address, {"comment": text, "seen": seen}, headers=JSON)


def stored_comment():
    return Score.objects.get().comment


def test_a_comment_is_saved_alone_and_a_new_score_keeps_it(expert):
    save(expert, "infra", 4)

    response = comment(expert, "infra", " Why not?\r\nReally. ")
    save(expert, "infra", 5, seen=1)

    assert response.json() == {"state": "saved", "comment": "Why not?\nReally."}
    assert stored_comment() == "Why not?\nReally."
    assert "Why not?" in expert.get(BALLOT).content.decode()


def test_a_comment_needs_an_answer_beside_it(expert):
    assert comment(expert, "infra", "text").status_code == 422


def test_a_comment_of_another_page_is_never_overwritten_silently(expert):
    save(expert, "infra", 4)
    comment(expert, "infra", "from a phone")

    response = comment(expert, "infra", "from a desk")

    assert (response.status_code, response.json()["comment"]) == (409, "from a phone")
    assert stored_comment() == "from a phone"
    assert comment(expert, "infra", "from a desk", seen="from a phone").status_code == 200
    assert comment(expert, "infra", "from a desk", seen="old").json()["state"] == "saved"


def test_a_comment_that_is_too_long_is_refused(expert):
    save(expert, "infra", 4)

    response = comment(expert, "infra", "x" * 1001)

    assert response.status_code == 422
    assert "1000" in response.json()["message"]


def test_no_comment_is_taken_after_the_close_or_a_withdrawal(expert, round_, round_manager):
    save(expert, "infra", 4)
    expert.post(WITHDRAW)
    assert comment(expert, "infra", "text").status_code == 422
    close_round(round_, actor=round_manager)
    assert comment(expert, "infra", "text").json()["state"] == "closed"


def test_without_scripts_the_page_saves_comments_with_the_scores(expert, round_):
    pk = round_.framework.indicators.get(code="infra").pk
    fields = {"client": "plain", f"seen-{pk}": "0:", f"score-{pk}": "3", f"comment-{pk}": "Plain."}

    assert expert.post(BALLOT, fields).status_code == 302
    assert stored_comment() == "Plain."
    fields = {"client": "plain", f"seen-{pk}": "1:3", f"score-{pk}": "3", f"comment-{pk}": "Stale."}
    response = expert.post(BALLOT, fields)
    assert response.status_code == 409
    assert "Stale." in response.content.decode()
    assert stored_comment() == "Plain."


def test_comments_of_a_page_cost_no_more_queries_and_a_stale_one_stops_none(
    invitation, django_assert_num_queries
):
    claim = factories.fill_ballot(invitation)
    save_comments(claim, {"infra": ("from a phone", "")})
    with django_assert_num_queries(6):
        assert save_comments(claim, {"fixed": ("one", "")}) == {}
    with django_assert_num_queries(6):
        refused = save_comments(claim, dict.fromkeys(["infra", "mobile", "retail"], ("from a desk", "")))

    assert {code: refusal.comment for code, refusal in refused.items()} == {"infra": "from a phone"}
    stored = Score.objects.exclude(comment="").values_list("indicator__code", "comment")
    assert dict(stored) == {
        "infra": "from a phone",
        "fixed": "one",
        "mobile": "from a desk",
        "retail": "from a desk",
    }


def test_without_scripts_a_comment_that_is_too_long_is_refused_by_name(expert, round_):
    pk = round_.framework.indicators.get(code="infra").pk

    response = expert.post(BALLOT, {"client": "plain", f"comment-{pk}": "x" * 1001})

    assert response.status_code == 409


def test_comments_are_sealed_beside_the_scores_and_no_part_of_the_receipt(expert, invitation):
    factories.fill_ballot(invitation)
    receipt = seal_ballot(claim_of(invitation)).receipt
    comment(expert, "infra", "On second thoughts")

    assert expert.get(BALLOT).context["own"].changed_count == 1
    sealed = seal_ballot(claim_of(invitation))

    assert sealed.receipt == receipt
    assert sealed.sealed_comments == {"infra": "On second thoughts"}
    assert expert.get(BALLOT).context["own"].changed_count == 0


# The order of the items


def order_of(client):
    sections = client.get(BALLOT).context["own"].sections
    return [[item.indicator.code for item in section.items] for section in sections]


def wide_round(manager):
    leaves = {f"leaf{place}": {} for place in range(12)}
    framework = factories.make_framework(
        {"one": leaves, "two": {f"x{leaf}": {} for leaf in leaves}}, owner=manager
    )
    return factories.make_round(manager=manager, framework=framework)


def test_the_order_inside_a_section_is_the_ballots_own_and_stays(client, manager):
    round_ = wide_round(manager)
    orders = []
    for place in range(3):
        factories.sign_in_expert(client, factories.make_invitation(round_, place=place))
        order = order_of(client)
        save(client, "leaf3", 5)
        assert order_of(client) == order
        review = client.get(reverse("weighting:ballot-review")).context["own"].gaps
        assert [gap.code for gap in review] == [code for group in order for code in group if code != "leaf3"]
        orders.append(order)

    assert all(
        [sorted(group) for group in order] == [sorted(group) for group in orders[0]] for order in orders
    )
    assert len({str(order) for order in orders}) == 3


# A second look


def review_of(client, invitation, scores):
    factories.fill_ballot(invitation, scores=scores)
    return client.get(reverse("weighting:ballot-review"))


def test_a_ballot_of_one_score_is_offered_a_second_look(client, manager):
    invitation = factories.make_invitation(wide_round(manager))
    factories.sign_in_expert(client, invitation)

    response = review_of(client, invitation, lambda code: 2 if code == "leaf1" else 3)

    assert response.context["own"].favourite == 3
    assert "notice--info" in response.content.decode()


def test_extreme_answers_are_listed_for_a_second_look(client, manager):
    invitation = factories.make_invitation(wide_round(manager))
    factories.sign_in_expert(client, invitation)

    own = review_of(client, invitation, lambda code: {"leaf1": 1, "leaf2": 5}.get(code, 2 + len(code) % 3))

    own = own.context["own"]
    assert sorted(item.indicator.code for item in own.extremes) == ["leaf1", "leaf2"]
    assert own.favourite is None


def test_a_short_or_lively_ballot_is_left_in_peace(expert, invitation):
    own = review_of(expert, invitation, lambda code: 3).context["own"]

    assert (own.favourite, own.extremes) == (None, [])


def test_a_withdrawn_ballot_cannot_be_sealed_without_answers(invitation):
    factories.fill_ballot(invitation)
    withdraw_ballot(claim_of(invitation))

    with pytest.raises(Refused):
        seal_ballot(claim_of(invitation))


def test_the_deadline_is_told_in_the_rounds_own_time_zone(client, manager):
    deadline = timezone.now().replace(microsecond=0) + timedelta(days=3)
    round_ = factories.make_round(manager=manager, deadline=deadline, time_zone="Europe/Berlin")
    invitation = factories.make_invitation(round_)
    open_link(client, invitation)
    terms = client.get(CONFIRM).content.decode()
    client.post(CONFIRM, factories.CONSENT)

    local = deadline.astimezone(ZoneInfo("Europe/Berlin")).strftime("%-d %b %Y, %H:%M (Europe/Berlin, UTC+0")
    for page in (terms, client.get(BALLOT).content.decode()):
        assert local in page
