"""What a claim has written anew follows from the rounds under way, not from all that there ever were."""

import pytest
from django.db import connection, transaction
from django.db.models import F

from tests import factories
from tests.weighting.claims import sealed
from tests.weighting.test_unlinking import bytes_on_disk
from weighting.models import Ballot, Expert, Invitation
from weighting.services import residue
from weighting.services.marks import mark_participation
from weighting.services.rounds import close_round

pytestmark = [pytest.mark.postgres, pytest.mark.alone, pytest.mark.django_db(transaction=True)]

ENDED, EXPERTS = 100, 100
# A few pages, which on SQLite have 16 KB, and a head in its log: in a larger index the same rows lie on more
# of them. How many is left to chance by random ids: 11 to 20 were seen.
SOME = 26 * (16_384 + 24)
FILES = (
    "SELECT oid::regclass::text, pg_relation_filenode(oid), pg_relation_size(oid) FROM pg_class"
    " WHERE relkind IN ('r', 'i', 't') AND relnamespace = current_schema()::regnamespace"
)


@pytest.fixture
def written(monkeypatch):
    """Return what tells how many bytes an act had the database write anew to forget what it changed."""
    logs, empty_log = [], residue._empty_log

    def measured(patience):
        logs.append(len(bytes_on_disk(log_only=True)))
        return empty_log(patience)

    def by(act):
        before = files()
        logs.clear()
        act()
        after = files()
        rewritten = (size for name, (node, size) in after.items() if before.get(name, (0,))[0] != node)
        return sum(logs) + sum(rewritten)

    monkeypatch.setattr(residue, "_empty_log", measured)
    return by


def files():
    """Return the file of each table and index of PostgreSQL, and its size; one written anew is another."""
    if connection.vendor != "postgresql":
        return {}
    with connection.cursor() as cursor:
        cursor.execute(FILES)
        return {name: (node, size) for name, node, size in cursor.fetchall()}


@pytest.fixture
def round_():
    return factories.make_round(panel=factories.make_panel(6))


def years_pass():
    """Let there be many rounds that have ended."""
    one = factories.make_round(state="closed")
    people = Expert.objects.bulk_create(
        Expert(panel=one.panel, code=f"P{n}", name=f"Person {n}", email=f"{n}@panel.example")
        for n in range(EXPERTS)
    )
    ballot = one.ballots.first()
    for _number in range(ENDED):
        one.pk = None
        one.save(force_insert=True)
        Invitation.objects.bulk_create(
            Invitation(round_id=one.pk, expert=person, started=True, sealed=True, ended=True)
            for person in people
        )
        Ballot.objects.bulk_create(
            Ballot(round_id=one.pk, sealed_scores=ballot.sealed_scores, receipt=ballot.receipt, ended=True)
            for _person in people
        )
    residue._empty_all()


def come(round_, place):
    return lambda: sealed(factories.make_invitation(round_, place=place))


def test_to_forget_a_claim_takes_no_more_after_many_rounds(round_, written):
    come(round_, 0)()
    before = written(come(round_, 1))
    years_pass()
    assert 0 < written(come(round_, 2)) <= before + SOME


@pytest.mark.parametrize("people", [5, 50])
def test_a_claim_writes_its_own_round_alone_and_on_sqlite_its_own_invitation(people):
    """On PostgreSQL all of its round, so that none bears a mark of its own."""
    factories.make_round(panel=factories.make_panel(7))
    round_ = factories.make_round(panel=factories.make_panel(people))
    with transaction.atomic():
        before = rows_written()
        mark_participation(factories.make_invitation(round_), started=True)
        written = rows_written() - before
    assert written == (1 if connection.vendor == "sqlite" else round_.invitations.count())


def rows_written():
    """Count the rows that this transaction has written so far; on PostgreSQL the invitations alone."""
    if connection.vendor == "sqlite":
        return connection.connection.total_changes
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM weighting_invitation WHERE xmin = pg_current_xact_id()::xid")
        return cursor.fetchone()[0]


def test_to_forget_at_the_close_takes_no_more_either(written):
    first, second = (factories.make_round(sealed=5) for _round in range(2))
    before = written(lambda: close_round(first, actor=first.managers.get()))
    years_pass()
    assert 0 < written(lambda: close_round(second, actor=second.managers.get())) <= before + SOME


def test_rows_that_did_not_lie_apart_would_be_written_anew_each_time(round_, written):
    """Control; on SQLite, where nothing but what changed is written, an act that changes all."""
    come(round_, 0)()
    before = written(come(round_, 1))
    years_pass()
    Invitation.objects.update(ended=False)

    def act():
        come(round_, 2)()
        if connection.vendor == "sqlite":
            Invitation.objects.update(reminders_sent=F("reminders_sent") + 1)
            residue._forget_order()

    assert written(act) > before + 2 * SOME
