"""Two acts at once, on both databases; each promise has a control in which its lock is taken away.

`make faults` runs the promised numbers of races, `make test` fewer.
"""

import random
import secrets
import threading
import time
from collections import Counter
from functools import partial

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models import QuerySet

from tests.factories import (
    ballot_of,
    claim_of,
    fill_ballot,
    make_framework,
    make_invitation,
    make_panel,
    make_round,
)
from tests.numbers import in_full
from tests.processes import wait_until
from tests.weighting.ballots import WITHOUT_LOOKING, answers_stored_by
from tests.weighting.test_sheets import filled
from weighting.exceptions import (
    AlreadyClaimed,
    ClaimReplaced,
    RoundNotOpen,
    StaleScore,
)
from weighting.manifest import hash_receipt_list
from weighting.models import Ballot, Invitation, Round, Score
from weighting.models.scoring_round import LEAST_PANEL
from weighting.selectors.claims import SECRET_BYTES, Claim, bears_locks, claim_hash
from weighting.selectors.rounds import receipts_of
from weighting.services import ballots, claims, sheets
from weighting.services.ballots import save_score, seal_ballot
from weighting.services.claims import claim_ballot
from weighting.services.rounds import close_round

pytestmark = [pytest.mark.postgres, pytest.mark.faults, pytest.mark.django_db(transaction=True)]

CLOSE_RACES = in_full(500, otherwise=60)
SHEET_RACES = in_full(200, otherwise=30)
SAVE_RACES = in_full(200, otherwise=30)
CLAIM_RACES = in_full(200, otherwise=5)
# A control ends with the first race that goes wrong, which is nearly always among the first.
CONTROL_RACES = 120
# A few milliseconds either way, so that each act comes first in some of the races.
SPREAD_SECONDS = 0.004
SUB_INDICES = {"infra": {}, "industry": {}}


def run_at_once(*acts):
    """Run each act in a thread and a connection of its own; return what each gave or raised."""
    outcomes = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place, act):
        start.wait()
        time.sleep(random.uniform(0, SPREAD_SECONDS))
        try:
            outcomes[place] = act()
        except Exception as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.fixture
def _without_locks(monkeypatch):
    """Take away what makes an act wait: row locks, and on SQLite the early write lock."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
    # Written without the lock, and with it again for whoever comes after.
    monkeypatch.setattr(claims.HELD_ROUND, "_written", {})
    if connection.vendor == "sqlite":
        connection.close()
        monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "transaction_mode", "DEFERRED")
        monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.2)
    yield
    connection.close()


@pytest.fixture
def open_rounds(manager):
    """Return a maker of open rounds in which one expert has sealed, and of one who has not started."""
    framework, panel = make_framework(SUB_INDICES, owner=manager), make_panel(LEAST_PANEL, owner=manager)

    @transaction.atomic
    def make():
        round_ = make_round(framework=framework, panel=panel, manager=manager, quorum=2, sealed=1)
        return round_, make_invitation(round_, place=1)

    return make


def race_close_against_seal(round_, invitation, manager):
    """Return whether the round and the late expert agree on what counted, and who came first."""
    fill_ballot(invitation)
    claim = claim_of(invitation)
    return race_close_against(lambda: seal_ballot(claim), round_, manager)


def race_close_against_sheet(round_, invitation, manager):
    """Return the same of an expert whose form the manager enters at the last moment."""
    form = filled(round_)
    # A form is read in a process of its own, before anything is locked: that takes longer than a race.
    read = sheets.read_sheet_ballot(form, "f.xlsx", sheets.terms_of(round_))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "read_sheet_ballot", lambda *_form: read)
        return race_close_against(
            lambda: sheets.import_sheet(invitation, source=form, filename="f.xlsx", actor=manager),
            round_,
            manager,
        )


def race_close_against(seal, round_, manager):
    closed, sealed = run_at_once(lambda: close_round(round_, actor=manager), seal)
    if not isinstance(closed, Round) or isinstance(sealed, OperationalError):
        return False, None
    receipts = receipts_of(Round.objects.get(pk=round_.pk))
    people = Invitation.objects.filter(round=round_, sealed=True).count()
    agreed = (
        closed.sealed_count == len(receipts) == people
        and closed.receipt_root == hash_receipt_list(receipts)
        and not bears_locks(round_)
    )
    if isinstance(sealed, RoundNotOpen):
        return agreed and len(receipts) == 1, "close"
    return agreed and getattr(sealed, "receipt", None) in receipts, "seal"


@pytest.mark.parametrize(
    ("late", "race", "times"),
    [("seals", race_close_against_seal, CLOSE_RACES), ("forms", race_close_against_sheet, SHEET_RACES)],
)
def test_who_comes_late_is_counted_or_refused(open_rounds, manager, monkeypatch, late, race, times):
    results = [race(*open_rounds(), manager) for _ in range(times)]
    # On a slow machine one of the two may always be later by more than those milliseconds.
    monkeypatch.setattr(f"{__name__}.SPREAD_SECONDS", 0.3)
    while len({first for _agreed, first in results}) < 2 and len(results) < times + 60:
        results.append(race(*open_rounds(), manager))

    firsts = Counter(first for _agreed, first in results)
    print(f"closes against late {late} on {connection.vendor}: {times}, first came {dict(firsts)}")
    assert all(agreed for agreed, _first in results)
    assert {first for _agreed, first in results} == {"close", "seal"}, "the races never met"


@pytest.mark.usefixtures("_without_locks")
def test_without_locks_a_late_seal_and_the_close_disagree(open_rounds, manager, monkeypatch):
    def hash_slowly(**parts):
        time.sleep(0.02)
        return hash_receipt(**parts)

    hash_receipt = ballots.hash_receipt
    monkeypatch.setattr(ballots, "hash_receipt", hash_slowly)

    assert not all(race_close_against_seal(*open_rounds(), manager)[0] for _ in range(CONTROL_RACES))


def save_while_closing(round_, invitation, manager):
    """Save an answer that has to wait for a close which is not committed yet; return what it raised."""
    claim, is_waited_for = claim_of(invitation), threading.Event()

    @transaction.atomic
    def close():
        close_round(round_, actor=manager)
        is_waited_for.set()
        if connection.vendor == "postgresql":
            wait_until(_somebody_waits, what="a save that waits for the close")
        else:
            time.sleep(0.2)

    def save():
        is_waited_for.wait()
        save_score(claim, code="infra", value=3, seen_revision=0, client="late")

    return run_at_once(close, save)[1]


def _somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()


def test_a_save_that_waited_for_the_close_is_told_so(open_rounds, manager):
    assert isinstance(save_while_closing(*open_rounds(), manager), RoundNotOpen)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks as a transaction begins")
def test_a_save_that_does_not_wait_for_the_close_is_lost(open_rounds, manager):
    """Control: without its lock it reads the open round, and the answer has no ballot any more."""

    @transaction.atomic
    def close():
        close_round(round_, actor=manager)
        is_closed.set()
        assert is_saved.wait(30)

    def save():
        assert is_closed.wait(30)
        save_score(claim, code="infra", value=3, seen_revision=0, client="late")
        is_saved.set()

    (round_, invitation), is_closed, is_saved = open_rounds(), threading.Event(), threading.Event()
    claim = claim_of(invitation)
    with answers_stored_by(HOLD="PERFORM 1"):
        assert run_at_once(close, save)[1] is None
    assert Score.objects.exclude(ballot__in=Ballot.objects.all()).exists()


def race_two_saves(invitation, revision):
    """Save two values at once from pages that saw the same revision; return whether one was told."""
    claim = claim_of(invitation)
    outcomes = run_at_once(
        *[
            lambda value=value: save_score(
                claim, code="infra", value=value, seen_revision=revision, client=f"page {value}"
            )
            # Neither is the value that stands there: odd revisions hold 1 or 2, even ones 3 or 4.
            for value in ((1, 2) if revision % 2 == 0 else (3, 4))
        ]
    )
    saved = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    told = [outcome for outcome in outcomes if isinstance(outcome, StaleScore)]
    if (len(saved), len(told)) != (1, 1):
        return False
    stored = Score.objects.get(ballot=ballot_of(invitation))
    return stored.revision == revision + 1 and stored.value == saved[0].value == told[0].value


def test_of_two_saves_at_once_one_is_stored_and_the_other_is_told():
    invitation = make_invitation(make_round(framework=make_framework(SUB_INDICES)))
    claim_of(invitation)

    assert all(race_two_saves(invitation, revision) for revision in range(SAVE_RACES))
    print(f"two saves at once on {connection.vendor}: {SAVE_RACES}")


def test_saving_without_looking_at_the_revision_loses_an_answer():
    """Control: both are then told that they are stored, and one of them is not."""
    invitation = make_invitation(make_round(framework=make_framework(SUB_INDICES)))
    claim_of(invitation)

    with answers_stored_by(WRITE=WITHOUT_LOOKING):
        assert not all(race_two_saves(invitation, revision) for revision in range(CONTROL_RACES))


def test_two_seals_at_once_give_one_receipt(open_rounds):
    """A double click, or two devices: both are shown the same receipt, and none is superseded."""
    _round, invitation = open_rounds()
    for turn in range(SAVE_RACES // 3):
        fill_or_change(invitation, turn)
        claim = claim_of(invitation)
        one, other = run_at_once(*[lambda claim=claim: seal_ballot(claim)] * 2)
        assert one.receipt == other.receipt == ballot_of(invitation).receipt
    assert len(ballot_of(invitation).superseded_receipts) == SAVE_RACES // 3 - 1


@pytest.mark.usefixtures("_without_locks")
def test_without_locks_two_seals_hand_out_a_receipt_that_does_not_count(open_rounds, monkeypatch):
    def hash_slowly(**parts):
        time.sleep(0.02)
        return hash_receipt(**parts)

    hash_receipt = ballots.hash_receipt
    monkeypatch.setattr(ballots, "hash_receipt", hash_slowly)
    _round, invitation = open_rounds()

    def differ(turn):
        fill_or_change(invitation, turn)
        claim = claim_of(invitation)
        one, other = run_at_once(*[lambda: seal_ballot(claim)] * 2)
        return getattr(one, "receipt", 1) != getattr(other, "receipt", 2)

    assert any(differ(turn) for turn in range(CONTROL_RACES))


def fill_or_change(invitation, turn):
    if turn == 0:
        fill_ballot(invitation)
    else:
        value = 5 if turn % 2 else 1
        save_score(claim_of(invitation), code="infra", value=value, seen_revision=turn, client="next")


def race_close_against_first_visit(round_, invitation, manager):
    """Return whether the round closed and the ballot was begun or refused."""
    closed, saved = run_at_once(
        lambda: close_round(round_, actor=manager),
        lambda: claim_of(invitation),
    )
    stored = isinstance(saved, Claim)
    return isinstance(closed, Round) and closed.sealed_count == 1 and (stored or type(saved) is RoundNotOpen)


@pytest.fixture
def _slow_first_visits(monkeypatch):
    def make_slowly(held, round_):
        time.sleep(0.02)
        return make_ballot(held, round_)

    make_ballot = claims._new_ballot
    monkeypatch.setattr(claims, "_new_ballot", make_slowly)


@pytest.mark.usefixtures("_slow_first_visits")
def test_a_first_visit_and_a_close_never_wait_for_each_other(open_rounds, manager):
    """The first visit makes a ballot that refers to the round, which the close has locked."""
    results = [race_close_against_first_visit(*open_rounds(), manager) for _ in range(CLOSE_RACES // 3)]

    assert all(results)


def race_two_claims(invitation):
    """Return whether one holds invitation and ballot, and the other was told."""
    browsers = [Claim(invitation, secrets.token_hex(SECRET_BYTES)) for _browser in range(2)]
    outcomes = run_at_once(*[partial(claim_ballot, claim) for claim in browsers])
    claimed = Invitation.objects.get(pk=invitation.pk).claim
    holders = [claim for claim in browsers if claim_hash(claim.secret) == claimed]
    opened = [claim for claim in browsers if Ballot.objects.filter(lock=claim.lock).exists()]
    told = [type(outcome) for outcome in outcomes].count(AlreadyClaimed)
    return holders == opened and (len(opened), told) == (1, 1)


@pytest.mark.usefixtures("_slow_first_visits")
def test_of_two_who_claim_at_once_one_holds_the_ballot_and_the_other_is_told(open_rounds):
    """A link in a shared mailbox: what the second confirms opens nothing and is counted nowhere."""
    assert all(race_two_claims(open_rounds()[1]) for _race in range(CLAIM_RACES))


@pytest.mark.usefixtures("_slow_first_visits", "_without_locks")
def test_without_locks_two_claim_one_invitation_or_break_on_it(open_rounds):
    assert not all(race_two_claims(open_rounds()[1]) for _race in range(CONTROL_RACES))


def race_seal_against_beginning_anew(invitation):
    """Return whether either the seal counts and nobody began anew, or the other way round."""
    fill_ballot(invitation)
    sealing, anew = claim_of(invitation), Claim(invitation, secrets.token_hex(SECRET_BYTES))
    sealed, begun = run_at_once(partial(seal_ballot, sealing), partial(claim_ballot, anew, anew=True))
    held = Invitation.objects.get(pk=invitation.pk)
    if isinstance(begun, Ballot):
        return type(sealed) is ClaimReplaced and held.claim == claim_hash(anew.secret) and not held.sealed
    return type(begun) is AlreadyClaimed and held.claim == claim_hash(sealing.secret) and held.sealed


def test_a_seal_and_a_beginning_anew_never_both_succeed(open_rounds):
    assert all(race_seal_against_beginning_anew(open_rounds()[1]) for _race in range(CLAIM_RACES))
