"""What a reader kept on the disk, such as a copy or a long query, is gone soon after the reader is."""

from contextlib import contextmanager

import pytest
from django.db import OperationalError, ProgrammingError, connection

from tests.factories import ballot_of, claim_of
from tests.weighting.errands import settled
from tests.weighting.test_joins import BALLOTS, file_of, hold_earlier_states, hold_open
from tests.weighting.test_unlinking import bytes_on_disk
from weighting.services import residue
from weighting.services.ballots import seal_ballot, withdraw_ballot
from weighting.services.rounds import close_round

pytestmark = [pytest.mark.postgres, pytest.mark.alone, pytest.mark.django_db(transaction=True)]


@contextmanager
def reading():
    """Let somebody look at another table of the database, as it is now."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN" if other.vendor == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT count(*) FROM weighting_expert")
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def bytes_of_ballots():
    return bytes_on_disk() if connection.vendor == "sqlite" else file_of(BALLOTS)


def withdraw_first(round_):
    withdraw_ballot(claim_of(round_.invitations.first()))


def close(round_):
    close_round(round_, actor=round_.managers.get())


def test_earlier_states_that_a_reader_kept_are_gone_soon_after_it_is():
    round_ = hold_open()
    with reading():
        seal_ballot(claim_of(round_.invitations.first()))
        # It is in the way.
        assert hold_earlier_states(round_)
    settled(residue.FORGETTING)
    assert not hold_earlier_states(round_)


@pytest.mark.parametrize("act", [withdraw_first, close])
def test_locks_that_a_reader_kept_are_gone_soon_after_it_is(act):
    round_ = hold_open()
    lock = ballot_of(round_.invitations.first()).lock.encode()
    with reading():
        act(round_)
        assert lock in bytes_of_ballots()
    settled(residue.EMPTYING)
    assert lock not in bytes_of_ballots()


def test_what_a_busy_database_refused_is_done_again(monkeypatch, caplog):
    answers = [OperationalError("database is locked"), ProgrammingError("no such table"), False]

    def act():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(residue, "_forget_order", act)
    residue.FORGETTING.ask()
    settled(residue.FORGETTING)

    assert answers == []
    assert "OperationalError" in caplog.text
    assert "ProgrammingError" in caplog.text
