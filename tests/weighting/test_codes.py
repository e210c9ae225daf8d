"""Codes typed by hand: tolerant of how they are written, hashed at rest, and limited when wrong."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.urls import reverse

from tests import factories
from weighting.exceptions import Refused, TooManyAttempts
from weighting.models import AccessLink, CodeAttempts, Invitation
from weighting.services import attempts as counting
from weighting.services import codes
from weighting.services.attempts import MOST_FAILURES
from weighting.services.codes import issue_invitation_code, normalise_code, redeem_code

CODE = reverse("weighting:enter-code")
CONFIRM = reverse("weighting:confirm-link")
WRONG = "0000-0000-0000-0000"


@pytest.fixture
def invitation(db):
    return factories.make_invitation()


def test_a_code_has_eighty_bits_in_groups_of_four(invitation):
    issued = {issue_invitation_code(invitation) for _ in range(50)}

    assert len(issued) == 50
    assert len(codes.ALPHABET) ** codes.CODE_LENGTH == 2**80
    for code in issued:
        groups = code.split("-")
        assert [len(group) for group in groups] == [4, 4, 4, 4]
        assert set("".join(groups)) <= set(codes.ALPHABET)


def test_a_code_is_stored_as_a_hash_alone(invitation):
    code = issue_invitation_code(invitation)

    rows = str(AccessLink.objects.values_list())
    assert code not in rows
    assert normalise_code(code) not in rows


@pytest.mark.parametrize(
    "typed",
    [
        "10AB-CDEF-GH12-3456",
        "10abcdefgh123456",
        " io ab cdef gh12 3456 ",
        "Loab-cdef-ghi2-3456",
        "1OABCDEFGH123456",
    ],
)
def test_case_groups_and_look_alikes_do_not_matter(typed):
    assert normalise_code(typed) == "10ABCDEFGH123456"


def test_a_code_opens_the_same_page_as_the_link_and_leaves_no_trace_in_the_address(client, invitation):
    code = issue_invitation_code(invitation)

    response = client.post(CODE, {"code": code.lower().replace("-", " ")})

    assert response["Location"] == CONFIRM
    assert invitation.expert.name in client.get(CONFIRM).content.decode()
    assert not Invitation.objects.get(pk=invitation.pk).started
    assert client.post(CONFIRM, factories.CONSENT)["Location"] == reverse("weighting:ballot")


@pytest.mark.parametrize("typed", [WRONG, "", "x" * 41, "short"])
def test_a_wrong_code_is_refused_on_the_page(client, invitation, typed):
    response = client.post(CODE, {"code": typed})

    assert response.status_code == 422
    assert "error-summary" in response.content.decode()


@pytest.mark.parametrize("spoil", [{"revoked": True}])
def test_a_revoked_code_opens_nothing(client, invitation, spoil):
    code = issue_invitation_code(invitation)
    AccessLink.objects.update(**spoil)

    assert client.post(CODE, {"code": code}).status_code == 422


def test_a_code_of_a_removed_expert_opens_nothing(client, invitation):
    code = issue_invitation_code(invitation)
    Invitation.objects.update(removed=True)

    assert client.post(CODE, {"code": code}).status_code == 422


def test_wrong_codes_are_limited_per_address(client, invitation):
    code = issue_invitation_code(invitation)
    for _attempt in range(MOST_FAILURES):
        assert client.post(CODE, {"code": WRONG}).status_code == 422

    assert client.post(CODE, {"code": WRONG}).status_code == 429
    assert client.post(CODE, {"code": WRONG}, REMOTE_ADDR="10.0.0.9").status_code == 422
    assert client.post(CODE, {"code": code}).status_code == 302


def test_right_codes_are_never_limited(client, invitation):
    code = issue_invitation_code(invitation)

    for _attempt in range(MOST_FAILURES + 5):
        assert client.post(CODE, {"code": code}).status_code == 302


def test_the_limit_is_lifted_with_the_next_window_and_old_rows_go(invitation, monkeypatch):
    for _attempt in range(MOST_FAILURES):
        with pytest.raises(Refused):
            redeem_code(WRONG, address="10.0.0.1")
    with pytest.raises(TooManyAttempts):
        redeem_code(WRONG, address="10.0.0.1")

    later = counting.timezone.now() + timedelta(seconds=counting.WINDOW_SECONDS)
    monkeypatch.setattr(counting.timezone, "now", lambda: later)

    with pytest.raises(Refused, match="opens nothing"):
        redeem_code(WRONG, address="10.0.0.1")
    assert CodeAttempts.objects.get().failures == 1


def test_addresses_are_kept_as_keyed_hashes(invitation):
    with pytest.raises(Refused):
        redeem_code(WRONG, address="10.0.0.1")

    assert "10.0.0.1" not in str(CodeAttempts.objects.values_list())


def test_the_sign_in_page_shows_the_way(client, db):
    assert CODE in client.get(reverse("weighting:sign-in")).content.decode()
    assert client.put(CODE).status_code == 405


def try_at_once(count):
    """Return how each of so many wrong codes, typed at once from one address, was answered."""
    answers, start = [], threading.Barrier(count)

    def attempt():
        start.wait()
        try:
            redeem_code(WRONG, address="10.0.0.1")
        except Refused as refusal:
            answers.append(type(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_at_once_no_more_than_the_limit_are_tried():
    answers = try_at_once(MOST_FAILURES + 6)

    assert answers.count(Refused) == MOST_FAILURES
    assert answers.count(TooManyAttempts) == 6
    assert CodeAttempts.objects.get().failures == MOST_FAILURES


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_counting_by_reading_first_would_let_more_through(monkeypatch):
    """The control: read, compare and write apart, as a limit is often written."""
    together = threading.Barrier(MOST_FAILURES + 6)

    def read_then_write(secret, address):
        attempts, _made = CodeAttempts.objects.get_or_create(origin=address, window=1)
        together.wait()
        if attempts.failures >= MOST_FAILURES:
            return None
        attempts.failures += 1
        attempts.save()
        return attempts

    monkeypatch.setattr(codes, "count_attempt", read_then_write)

    assert try_at_once(MOST_FAILURES + 6).count(Refused) > MOST_FAILURES
