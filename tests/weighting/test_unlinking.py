"""After the close nothing that is stored leads from a person to a ballot: not a value, not an order."""

import contextlib
import itertools
import json
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, connections

from tests.factories import (
    ballot_of,
    claim_of,
    fill_ballot,
    make_framework,
    make_invitation,
    make_panel,
    make_round,
)
from weighting.enums import RoundState
from weighting.manifest import hash_receipt_list
from weighting.models import Ballot, Invitation, Score
from weighting.selectors.rounds import receipts_of, superseded_receipts_of
from weighting.services import claims, residue, unlinking
from weighting.services.ballots import save_score, seal_ballot, withdraw_ballot
from weighting.services.rounds import close_round

pytestmark = [pytest.mark.alone, pytest.mark.django_db]

EXPERTS, ROUNDS = 24, 4
# By chance an order finds one person a round; sixteen in four rounds happens once in 10^5 orders.
SUSPICIOUS = 20
TREE = {"a": {}, "b": {}, "c": {}}


def own_answers(place, code):
    """Every place has answers of its own, from which the attack is marked."""
    return (place // 5 ** list(TREE).index(code)) % 5 + 1


def place_of(scores):
    return sum((scores[code] - 1) * 5**power for power, code in enumerate(TREE))


def hold_round():
    """Hold a round whose experts come in random order; return it, closed."""
    framework = make_framework(TREE)
    round_ = make_round(framework=framework, panel=make_panel(EXPERTS), sealed=0)
    places = list(range(EXPERTS))
    random.shuffle(places)
    for place in places:
        invitation = make_invitation(round_, place=place)
        fill_ballot(invitation, scores=lambda code, p=place: own_answers(p, code))
        seal_ballot(claim_of(invitation))
    return close_round(round_, actor=round_.managers.get())


def physical_columns():
    return ["ctid", "xmin", "xmax", "cmin"] if connection.vendor == "postgresql" else ["rowid"]


def rows_of(model, condition, order):
    """Return the rows as somebody with the database reads them: each column, and where the row lies."""
    columns = [field.column for field in model._meta.concrete_fields]
    hidden = physical_columns()
    cast = [f"CAST({name} AS text)" if connection.vendor == "postgresql" else name for name in hidden]
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join([*columns, *cast])} FROM {table} WHERE {condition} ORDER BY {order}"
        )
        rows = cursor.fetchall()
    return {name: [row[i] for row in rows] for i, name in enumerate([*columns, *hidden])}


def sort_key(value):
    """Let anything be sorted; (0,10) comes after (0,9)."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", str(value))]


def order_by(values):
    return sorted(range(len(values)), key=lambda place: sort_key(values[place]))


def orders_of_people(round_):
    """Every order that a table about people can be put in, the log of their links too."""
    tables = {"invitation": rows_of(Invitation, f"round_id = {round_.pk}", "expert_id")}
    for name in ("weighting_accesslink", "weighting_expert"):
        model = next(model for model in apps.get_models() if model._meta.db_table == name)
        chosen = f"panel_id = {round_.panel_id}" if name.endswith("expert") else "invitation_id IS NOT NULL"
        tables[name] = rows_of(model, chosen, "id")
    for table, columns in tables.items():
        for name, values in columns.items():
            if len(values) == EXPERTS and len(set(map(str, values))) == EXPERTS:
                yield f"{table}.{name}", order_by(values)


def orders_of_ballots(round_):
    rows = rows_of(Ballot, f"round_id = {round_.pk}", "id")
    answers = [json.loads(text) if isinstance(text, str) else text for text in rows.pop("sealed_scores")]
    places = [place_of(scores) for scores in answers]
    for name, values in rows.items():
        order = order_by(values)
        yield name, [places[ballot] for ballot in order]
        yield f"{name} backwards", [places[ballot] for ballot in reversed(order)]
    # As the database itself hands them out.
    yield "unsorted", [place_of(scores) for scores in round_.ballots.values_list("sealed_scores", flat=True)]


def best_guess():
    """Match people to ballots by every pair of orders; return how many the best pair finds in all rounds."""
    found = {}
    for round_ in [hold_round() for _ in range(ROUNDS)]:
        for people, ballots in itertools.product(orders_of_people(round_), orders_of_ballots(round_)):
            hits = sum(a == b for a, b in zip(people[1], ballots[1], strict=True))
            found[people[0], ballots[0]] = found.get((people[0], ballots[0]), 0) + hits
    return max(found.values())


def shared_values(round_):
    """Return what stands both in a ballot's row and in some row about people, and is no common word."""
    about_ballots, about_people = set(), set()
    for model in apps.get_models(include_auto_created=True):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            text = repr(cursor.fetchall())
        words = set(re.findall(r"\w{9,}", text.replace("-", "")))
        (about_ballots if model in (Ballot, Score) else about_people).update(words)
    return about_ballots & about_people


@pytest.fixture
def _without_rewriting(monkeypatch):
    """Cut the links, and leave the ballots where and as they are."""

    def cut(round_, _kept, **_locks):
        Ballot.objects.filter(round=round_).update(lock=None)

    monkeypatch.setattr(unlinking, "_rewrite", cut)
    monkeypatch.setattr(claims, "forget_place", lambda _ballot: None)


@pytest.mark.postgres
def test_no_order_in_any_table_matches_people_to_ballots_better_than_chance():
    assert best_guess() < SUSPICIOUS


@pytest.mark.postgres
def test_without_the_shuffle_an_order_matches_them(monkeypatch):
    """Control: the copies then lie in the order of those whose they are, who came in that order."""
    monkeypatch.setattr("tests.weighting.test_unlinking.random.shuffle", lambda _places: None)
    monkeypatch.setattr(
        unlinking.secrets.SystemRandom,
        "shuffle",
        lambda _self, copies: copies.sort(key=lambda copy: place_of(copy.sealed_scores)),
    )

    assert best_guess() > EXPERTS * ROUNDS * 0.8


@pytest.mark.usefixtures("_without_rewriting")
def test_ballots_that_keep_their_ids_and_places_are_matched(monkeypatch):
    monkeypatch.setattr("tests.weighting.test_unlinking.random.shuffle", lambda _places: None)

    assert best_guess() > EXPERTS * ROUNDS * 0.8


@pytest.mark.postgres
def test_no_value_of_a_ballot_stands_in_a_row_about_people():
    assert shared_values(hold_round()) == set()


def test_a_lock_that_the_invitation_bears_too_is_such_a_value(monkeypatch):
    """Control."""
    rewrite = unlinking._rewrite

    def keep(round_, kept, **_locks):
        rewrite(round_, kept, keeps_locks=True)
        for invitation, ballot in zip(round_.invitations.all(), round_.ballots.all(), strict=True):
            Invitation.objects.filter(pk=invitation.pk).update(claim=ballot.lock)

    monkeypatch.setattr(unlinking, "_rewrite", keep)

    assert len(shared_values(hold_round())) == EXPERTS


@pytest.mark.postgres
def test_the_published_list_holds_the_receipts_of_the_kept_ballots_and_no_others():
    round_ = make_round(panel=make_panel(6), sealed=5)
    superseded, withdrawn = (make_invitation(round_, place=place) for place in range(2))
    replaced = ballot_of(superseded).receipt
    void = {replaced, ballot_of(withdrawn).receipt}
    save_score(claim_of(superseded), code="infra", value=5, seen_revision=1, client="second thoughts")
    seal_ballot(claim_of(superseded))
    withdraw_ballot(claim_of(withdrawn))
    kept = set(Ballot.objects.exclude(receipt__in=[*void, ""]).values_list("receipt", flat=True))

    closed = close_round(round_, actor=round_.managers.get())

    assert len(kept) == closed.sealed_count == 4
    assert receipts_of(closed) == sorted(kept)
    assert closed.receipt_root == hash_receipt_list(receipts_of(closed))
    assert not void & set(receipts_of(closed))
    # A receipt that a later seal replaced is told from one that nobody knows.
    assert superseded_receipts_of(closed) == [replaced]
    assert list(Ballot.objects.exclude(superseded_receipts=[])) == []


def bytes_on_disk(*, log_only=False):
    """Return the database file and its log as they lie on the disk, or the log alone.

    Another process reads them: a process that closes such a file gives up every lock that its own
    connections hold on it, and the next worker to leave would take the log away from under them.
    """
    path = Path(connection.settings_dict["NAME"])
    log = path.with_name(path.name + "-wal")
    files = [file for file in ([log] if log_only else [path, log]) if file.exists()]
    return subprocess.run(["cat", "/dev/null", *files], check=True, capture_output=True).stdout


def traces_on_disk():
    """Close a round; return which old ids and nonces can still be read from the files."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's files belong to its server, which vacuums them")
    round_ = make_round(state=RoundState.OPEN, sealed=5)
    ids, nonces = zip(*Ballot.objects.values_list("pk", "nonce"), strict=True)
    secrets = [pk.hex.encode() for pk in ids] + [nonce.encode() for nonce in nonces]
    assert all(secret in bytes_on_disk() for secret in secrets), "they were there"
    close_round(round_, actor=round_.managers.get())
    left = bytes_on_disk()
    return [secret for secret in secrets if secret in left]


@pytest.mark.django_db(transaction=True)
def test_no_old_id_and_no_nonce_can_be_read_from_the_files():
    assert traces_on_disk() == []


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_a_thread_keeps_does_not_hold_the_log_back():
    with ThreadPoolExecutor(1) as thread:
        try:
            assert thread.submit(Ballot.objects.count).result() == 0
            assert traces_on_disk() == []
            assert bytes_on_disk(log_only=True) == b""
        finally:
            thread.submit(connections.close_all).result()


@pytest.mark.django_db(transaction=True)
def test_unless_the_log_is_emptied_they_can(monkeypatch):
    monkeypatch.setattr(residue, "_empty_log", lambda _patience: False)

    assert traces_on_disk() != []


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_holds_the_log_back_delays_no_close(caplog, monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("there is no such log")
    monkeypatch.setattr(residue, "PATIENCE_MS", 50)
    round_ = make_round(sealed=5)
    with contextlib.closing(connection.Database.connect(connection.settings_dict["NAME"])) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM weighting_ballot").fetchone()
        closed = close_round(round_, actor=round_.managers.get())

    assert closed.state == RoundState.CLOSED
    assert "was not emptied" in caplog.text
