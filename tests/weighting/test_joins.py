"""Nothing that is stored of an open round joins a person to a ballot: tried, with joins planted as controls.

Tried are equal values, the marks that the database itself leaves on rows, orders, sessions, logs, messages to
workers, and the files: on SQLite the write-ahead log, on PostgreSQL the pages of the tables with their dead
rows. PostgreSQL's own write-ahead log does tell the order of writing; that is a stated limit.
"""

import itertools
import logging
import math
import os
import random
import re
import struct
import threading
import time
from types import SimpleNamespace

import celery
import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.urls import reverse

from benchmarks.serving import PRODUCT
from tests import factories
from tests.factories import ballot_of, claim_of
from tests.faults.autosave import Web
from tests.processes import wait_until
from tests.weighting.claims import KEY as TYPE_KEY
from tests.weighting.claims import begin, browser, key_of, open_link
from tests.weighting.errands import settled
from tests.weighting.test_sheets import several
from tests.weighting.test_unlinking import bytes_on_disk, order_by, rows_of, shared_values
from weighting import turnstiles
from weighting.models import Ballot, Invitation, Score
from weighting.selectors.rounds import enterable_in
from weighting.services import claims, marks, residue, sheets
from weighting.services.rounds import close_round
from weighting.services.sheets import import_sheets

pytestmark = [pytest.mark.postgres, pytest.mark.alone, pytest.mark.django_db(transaction=True)]

# Where PostgreSQL keeps the rows of rounds that have not ended.
[PEOPLE], BALLOTS = residue.PEOPLE, residue.BALLOTS[0]
EXPERTS = 12
# By chance an order finds one person; eight of twelve once in 50,000 orders, and a few hundred are tried.
SUSPICIOUS = 8
TREE = {"a": {}, "b": {}, "c": {}}


def hold_open():
    """Let experts come in random order, each in a browser of its own; return the round, still open."""
    round_ = factories.make_round(
        framework=factories.make_framework(TREE), panel=factories.make_panel(EXPERTS)
    )
    people, tokens = [factories.make_invitation(round_, place=place) for place in range(EXPERTS)], {}
    if connection.vendor == "postgresql":
        # Its marks tell when a ballot was begun, so a link that is made just then tells whose: a limit.
        tokens = {invitation.pk: factories.issue_invitation_link(invitation) for invitation in people}
    random.shuffle(people)
    for invitation in people:
        client = browser()
        begin(client, tokens.get(invitation.pk) or factories.issue_invitation_link(invitation))
        factories.fill_ballot(invitation)
        client.post(reverse("weighting:ballot-seal"))
    for invitation in random.sample(people, 3):
        factories.save_score(claim_of(invitation), code="a", value=5, seen_revision=1, client="again")
    return round_


def enter_forms():
    """Let a manager enter the forms of all in one file; return the round, and whose ballot is whose."""
    round_ = factories.make_round(
        framework=factories.make_framework(TREE), panel=factories.make_panel(EXPERTS)
    )
    said = {one.expert.code: [1, 2, place % 5 + 1] for place, one in enumerate(enterable_in(round_))}
    source, manager = several(round_, said), round_.managers.get()
    entered = import_sheets(round_, source=source, filename="forms.xlsx", actor=manager)
    return round_, {one.pk: str(ballot.pk) for one, ballot in entered}


def truth_of(round_):
    """Return whose ballot is whose, which the browsers of the experts know."""
    return {each.pk: str(ballot_of(each).pk) for each in Invitation.objects.filter(round=round_)}


def marks_of_people(round_):
    """Every value, and every mark of the database, on each row about a person."""
    rows = rows_of(Invitation, f"round_id = {round_.pk}", "id")
    return dict(zip(rows["id"], zip(*[rows[name] for name in marked(rows)], strict=True), strict=True))


def marks_of_ballots(round_):
    """The same of each ballot and its scores."""
    rows = rows_of(Ballot, f"round_id = {round_.pk}", "id")
    found = {as_id(pk): set() for pk in rows["id"]}
    for name in marked(rows):
        for pk, mark in zip(rows["id"], rows[name], strict=True):
            found[as_id(pk)].add(mark)
    rows = rows_of(Score, "1 = 1", "id")
    for name in marked(rows):
        for pk, mark in zip(rows["ballot_id"], rows[name], strict=True):
            if as_id(pk) in found:
                found[as_id(pk)].add(mark)
    return found


def marked(rows):
    return [name for name in rows if name in ("xmin", "xmax", "claim", "lock")]


def as_id(value):
    text = str(value)
    return text if "-" in text else "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])


def joined_by_marks(round_):
    """Match people to ballots by marks that one person and one ballot bear; return how many are right."""
    people, found, truth = marks_of_people(round_), marks_of_ballots(round_), truth_of(round_)
    right = 0
    for pk, own in people.items():
        others = set(itertools.chain(*(marks for other, marks in people.items() if other != pk)))
        for mark in set(own) - others - {"0", None, ""}:
            right += [ballot for ballot, marks in found.items() if mark in marks] == [truth[pk]]
    return right


def joined_by_order(round_, truth=None):
    """Match people to ballots by every pair of orders; return how many the best pair finds."""
    truth, best = truth or truth_of(round_), 0
    rows = rows_of(Ballot, f"round_id = {round_.pk}", "id")
    firsts = rows_of(Score, "1 = 1", "id")
    first = {as_id(pk): place for place, pk in reversed(list(enumerate(firsts["ballot_id"])))}
    rows["first score"] = [first.get(as_id(pk), 0) for pk in rows["id"]]
    ids = [as_id(pk) for pk in rows["id"]]
    orders = [[ids[place] for place in order_by(values)] for values in rows.values()]
    for people, order in itertools.product(orders_of_people(round_), orders):
        for ballots_ in (order, order[::-1]):
            best = max(best, sum(truth[pk] == ballot for pk, ballot in zip(people, ballots_, strict=True)))
    return best


def orders_of_people(round_):
    """Every order of the invitations, and of whatever else has as many rows as there are people."""
    pks = list(Invitation.objects.filter(round=round_).order_by("expert_id").values_list("pk", flat=True))
    rows = rows_of(Invitation, f"round_id = {round_.pk}", "expert_id")
    for values in rows.values():
        if len(set(map(str, values))) == EXPERTS:
            yield [pks[place] for place in order_by(values)]
    for model in apps.get_models(include_auto_created=True):
        if "invitation_id" in {field.column for field in model._meta.concrete_fields}:
            rows = rows_of(model, "invitation_id IS NOT NULL", "id")
            for values in rows.values() if len(rows["id"]) == EXPERTS else []:
                yield [rows["invitation_id"][place] for place in order_by(values)]


def file_of(relation):
    """Return the file of a table or an index of PostgreSQL, as it lies on the disk."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT current_setting('data_directory'), pg_relation_filepath(%s)", [relation])
        with open(os.path.join(*cursor.fetchone()), "rb") as file:
            return file.read()


def tuples_of(table):
    """Return (xmin, xmax, bytes) of every row on the pages of a PostgreSQL table, the dead ones too."""
    raw = file_of(table)
    for start in range(0, len(raw), 8192):
        page = raw[start : start + 8192]
        lower = struct.unpack_from("<H", page, 12)[0]
        for place in range(24, lower, 4):
            word = struct.unpack_from("<I", page, place)[0]
            offset, flags, length = word & 0x7FFF, (word >> 15) & 3, word >> 17
            if flags == 1 and length:
                yield *struct.unpack_from("<II", page, offset), page[offset : offset + length]


def joined_on_pages(round_):
    """Match people to ballots by the transaction that first wrote the claim of one and the other."""
    truth = truth_of(round_)
    people, found = list(tuples_of(PEOPLE)), list(tuples_of(BALLOTS))
    claimed = {
        each.pk: min(xmin for xmin, _xmax, row in people if each.claim.encode() in row)
        for each in Invitation.objects.filter(round=round_)
    }
    right = 0
    for pk, xid in claimed.items():
        mine = {str(b.pk) for b in Ballot.objects.filter(round=round_) if wrote(found, b, xid)}
        right += list(claimed.values()).count(xid) == 1 and mine == {truth[pk]}
    return right


def joined_by_place(round_):
    """Match people to ballots by where they lie in SQLite's file; return how many the best pair finds."""
    raw, truth, best = bytes_on_disk(), truth_of(round_), 0
    people = {each.pk: each.claim.encode() for each in Invitation.objects.filter(round=round_)}
    found = {str(each.pk): each.receipt.encode() for each in Ballot.objects.filter(round=round_)}
    keys = {str(each.pk): each.pk.hex.encode() for each in Ballot.objects.filter(round=round_)}
    orders = [order for marks in (found, keys) for order in orders_in(raw, marks)]
    for one, other in itertools.product(orders_in(raw, people), orders):
        for order in (other, other[::-1]):
            best = max(best, sum(truth[pk] == ballot for pk, ballot in zip(one, order, strict=True)))
    return best


def orders_in(raw, marks):
    """Every order that the marks have in a file: each stands in its table and in indexes."""
    places = {
        each: [match.start() for match in re.finditer(re.escape(mark), raw)] for each, mark in marks.items()
    }
    times = min(map(len, places.values()))
    assert times
    return [sorted(places, key=lambda each, time=time: places[each][time]) for time in range(times)]


def parts_of(part):
    """Return the names of a table's parts: of rounds under way, and of those that have ended."""
    return part, part.replace("_open", "_ended")


def wrote(rows, ballot, xid):
    return any(xid in (xmin, xmax) and ballot.pk.bytes in row for xmin, xmax, row in rows)


# --- what is tried --------------------------------------------------------------------------------


def test_no_value_of_an_open_ballot_stands_in_a_row_about_people():
    assert shared_values(hold_open()) == set()


def test_no_mark_of_the_database_joins_an_open_ballot_to_a_person():
    assert joined_by_marks(hold_open()) == 0


def test_at_no_moment_does_a_mark_of_the_database_join_them(monkeypatch):
    """A server that is killed right after an act empties nothing: what is read then is what the act wrote."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite leaves no marks on rows")
    monkeypatch.setattr(residue, "_forget_order", lambda: None)
    assert joined_by_marks(hold_open()) == 0


def test_no_order_joins_open_ballots_to_people():
    # What chance does once it does not do again; an order that tells of them does it every time.
    assert any(joined_by_order(hold_open()) < SUSPICIOUS for _round in range(3))


def test_no_order_joins_ballots_that_were_entered_in_one_file_to_people():
    assert any(joined_by_order(*enter_forms()) < SUSPICIOUS for _round in range(3))


def test_no_place_in_the_file_joins_open_ballots_to_people():
    if connection.vendor != "sqlite":
        pytest.skip("as above: PostgreSQL's rows say themselves where they lie")
    assert any(joined_by_place(hold_open()) < SUSPICIOUS for _round in range(3))


def test_no_session_log_or_message_tells_of_an_expert(caplog, monkeypatch):
    sent = []
    monkeypatch.setattr(celery.Task, "apply_async", lambda task, *args, **_options: sent.append((task, args)))
    with caplog.at_level(logging.DEBUG):
        round_ = hold_open()
        invitation = factories.make_invitation(round_)
        other, token = browser(), factories.issue_invitation_link(invitation)
        open_link(other, token)
        other.post(TYPE_KEY, {"key": key_of(browser_of(invitation))})
    told = caplog.text
    assert not Session.objects.exists()
    assert sent == []
    for each in Invitation.objects.filter(round=round_):
        claim, ballot = claim_of(each), ballot_of(each)
        for secret in (claim.secret, claim.lock, each.claim, str(ballot.pk), ballot.pk.hex, ballot.receipt):
            assert secret not in told


def browser_of(invitation):
    client = browser()
    client.cookies["ballot_keys"] = factories.held_by(invitation)
    return client


def test_the_files_of_an_open_round_hold_no_earlier_state_of_the_invitations():
    round_ = hold_open()
    # PostgreSQL's own housekeeping may have been in the way of the last.
    settled(residue.FORGETTING)
    if connection.vendor == "postgresql":
        assert joined_on_pages(round_) == 0
        assert len(list(tuples_of(PEOPLE))) == Invitation.objects.count()
        assert all(orders_by_key(raw, round_) for raw in indexes_of_claims())
    assert not hold_earlier_states(round_)


def hold_earlier_states(round_):
    """Whether the files tell how the invitations of a round stood before.

    On PostgreSQL also by what no row is any more: a page that is tidied keeps the bytes in its free room.
    """
    found = [claim.encode() for claim in claims_of(round_)]
    if connection.vendor == "postgresql":
        raw = file_of(PEOPLE)
        return any(raw.count(claim) > 1 for claim in found)
    log = bytes_on_disk(log_only=True)
    return any(claim in log for claim in found)


def claims_of(round_):
    return list(Invitation.objects.filter(round=round_).values_list("claim", flat=True))


def indexes_of_claims():
    """Return the files of the indexes that PostgreSQL finds an invitation in by its claim."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%%(claim%%'", [PEOPLE]
        )
        names = [name for (name,) in cursor.fetchall()]
    assert names
    return [file_of(name) for name in names]


def orders_by_key(raw, round_):
    """Whether the claims lie in an index in their own order: entries are laid down as they come."""
    found = sorted(each.claim.encode() for each in Invitation.objects.filter(round=round_))
    places = [raw.find(claim) for claim in found]
    assert min(places) >= 0
    return places in (sorted(places), sorted(places, reverse=True))


def test_where_many_come_together_the_files_are_emptied_once_for_all_after_a_rest(monkeypatch):
    rested = threading.Event()
    monkeypatch.setattr(residue.FORGETTING, "rest_seconds", 3600.0)
    monkeypatch.setattr(turnstiles, "time", SimpleNamespace(monotonic=time.monotonic, sleep=rested.wait))
    try:
        round_ = hold_open()
        # Until then they lie there: a stated limit, and what shows that the rest is told apart from them.
        assert hold_earlier_states(round_)
    finally:
        rested.set()
        settled(residue.FORGETTING)
        residue.FORGETTING._ended_at = -math.inf

    assert not hold_earlier_states(round_)
    assert connection.vendor != "postgresql" or joined_on_pages(round_) == 0


def test_a_server_that_starts_hides_what_one_that_was_killed_had_not(monkeypatch, tmp_path):
    monkeypatch.setattr(residue, "_forget_order", lambda: None)
    round_ = hold_open()
    assert hold_earlier_states(round_)
    # To read a file of SQLite takes away the locks that this process has on it, which are taken anew.
    connections.close_all()
    web = Web(tmp_path, PRODUCT)
    try:
        wait_until(lambda: not hold_earlier_states(round_), what="what was left to be hidden")
    finally:
        web.stop()


def test_after_the_close_no_page_holds_a_lock_or_an_answer():
    round_ = hold_open()
    locks = [ballot.lock.encode() for ballot in Ballot.objects.filter(round=round_)]
    close_round(round_, actor=round_.managers.get())
    settled(residue.EMPTYING)

    if connection.vendor == "postgresql":
        assert not any(list(tuples_of(part)) for part in (PEOPLE, BALLOTS, "weighting_score"))
        left = b"".join(file_of(part) for part in (*parts_of(PEOPLE), *parts_of(BALLOTS)))
        assert all(left.count(claim.encode()) == 1 for claim in claims_of(round_))
    else:
        left = bytes_on_disk()
    assert not any(lock in left for lock in locks)
    assert shared_values(round_) == set()


# --- controls: joins that were planted are found --------------------------------------------------


@pytest.fixture
def _not_tidied():
    """Let PostgreSQL remove no dead rows by itself, as it does whenever it comes to it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite overwrites what it deletes")
    tell = f"ALTER TABLE {PEOPLE} SET (autovacuum_enabled = %s)"
    with connection.cursor() as cursor:
        cursor.execute(tell, [False])
    yield
    with connection.cursor() as cursor:
        cursor.execute(tell, [True])


@pytest.fixture
def _marked_alone(monkeypatch):
    """Write only the invitation that changed, as is usual, and let it lie there."""
    monkeypatch.setattr(
        marks, "_written_together", lambda invitation: Invitation.objects.filter(pk=invitation.pk)
    )
    monkeypatch.setattr(residue, "_lay_people_in_order", lambda: None)


@pytest.mark.usefixtures("_marked_alone")
def test_invitations_that_stay_where_they_were_written_lie_as_their_ballots_do():
    if connection.vendor != "sqlite":
        pytest.skip("what PostgreSQL leaves on its pages is tried below")
    assert joined_by_place(hold_open()) >= SUSPICIOUS


@pytest.mark.usefixtures("_marked_alone")
def test_an_invitation_that_is_written_alone_bears_the_mark_of_its_ballot():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite leaves no marks on rows")

    assert joined_by_marks(hold_open()) > EXPERTS // 2


def test_one_and_the_same_hash_on_both_is_found(monkeypatch):
    monkeypatch.setattr("weighting.selectors.claims.CLAIM_DOMAIN", "quanheng/ballot-lock/1")
    round_ = hold_open()

    assert joined_by_marks(round_) == EXPERTS
    assert shared_values(round_)


def test_a_note_of_who_came_is_found_by_its_order(monkeypatch):
    """A link that is made anew at every visit lies in the order of the visits, as the ballots do."""
    claim_ballot = claims.claim_ballot

    def note(claim, **options):
        ballot = claim_ballot(claim, **options)
        claim.invitation.access_links.all().delete()
        factories.issue_invitation_link(claim.invitation)
        return ballot

    monkeypatch.setattr("weighting.views.welcome.claim_ballot", note)
    monkeypatch.setattr(claims, "forget_place", lambda _ballot: None)

    assert joined_by_order(hold_open()) >= SUSPICIOUS


def test_ballots_that_are_entered_in_the_order_of_their_file_lie_in_it(monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's rows of ballots are numbered by chance")
    monkeypatch.setattr(sheets, "in_an_order_of_chance", list)

    assert joined_by_order(*enter_forms()) == EXPERTS


def test_unless_the_disk_is_emptied_earlier_states_lie_on_it(monkeypatch):
    monkeypatch.setattr(residue, "_forget_order", lambda: None)
    monkeypatch.setattr(marks, "forget_order_on_commit", lambda: None)
    round_ = hold_open()
    assert hold_earlier_states(round_)
    if connection.vendor == "postgresql":
        assert not any(orders_by_key(raw, round_) for raw in indexes_of_claims())


@pytest.mark.usefixtures("_marked_alone", "_not_tidied")
def test_pages_with_dead_rows_join_them(monkeypatch):
    monkeypatch.setattr(residue, "_rewrite_tables", lambda *_tables: None)

    assert joined_on_pages(hold_open()) > EXPERTS // 2
