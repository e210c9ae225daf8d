"""Up to this release and back, and onto a new machine, again and again: every row is found again.

Each way back is killed once before it is gone to its end. By then the store is as it was or as the copy
says, and the same command goes on from there.
"""

import random
import time

import pytest
from django.db import connection

from tests.numbers import in_full
from tests.processes import kill_tree, wait_until
from tests.upkeep.stores import COPY, RELEASES, Store, prints

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

TIMES = in_full(10, otherwise=1)
OF_THEN = ("0.1.0", "first-days")
# In which seconds the database of then is made beside, and in which it is put in place.
MAKING, PLACING = 4.0, 0.2
UP = """
call('go_back', {recorded!r}, yes=True)
call('upgrade', verbosity=0)
from weighting.models import Account
Account.objects.create(username='of this release {turn}')
"""
# The command says for whoever kills it how far it has come.
BACK = """
from upkeep.copies import ways
rebuild = ways.rebuild
def rebuild_and_say_so(*arguments):
    rebuild(*arguments)
    print('MADE', flush=True)
ways.rebuild = rebuild_and_say_so
print('BEGUN', flush=True)
call('go_back', *{copies!r}, yes=True)
"""
NEW_MACHINE = """
call('restore', {copy!r}, verbosity=0)
call('verify_versions', verbosity=0)
"""
# Puts the new database in the old one's place piece by piece.
CARELESS = {
    "sqlite": """
import os, time
def replace(source, target):
    with open(source, 'rb') as new, open(target, 'wb') as old:
        old.write(new.read()[:100_000])
    print('HALF', flush=True)
    time.sleep(600)
os.replace = replace
""",
    "postgresql": """
import time
from contextlib import nullcontext
from upkeep.copies import beside
def put_in_place(used):
    beside._execute(f'DROP TABLE {used}.weighting_score CASCADE')
    print('HALF', flush=True)
    time.sleep(600)
beside._put_in_place = put_in_place
from upkeep.copies import ways
make = ways.rebuild
def make_and_forget_transactions(*arguments):
    make(*arguments)
    beside.transaction.atomic = lambda **_how: nullcontext()
ways.rebuild = make_and_forget_transactions
""",
}


@pytest.fixture
def new_store(tmp_path):
    """Return what makes a store on a machine of its own."""
    made = []

    def make(**how):
        folder = tmp_path / f"machine-{len(made)}"
        folder.mkdir()
        made.append(Store(folder, **how))
        return made[-1]

    yield make
    for store in made:
        store.end()


def copy_of(store, name, *, after=""):
    """Return the prints of what a store holds after a program, or why that broke or it cannot be read."""
    path = store.folder / f"{name}.zip"
    path.unlink(missing_ok=True)
    said = store.run(after + COPY.format(path=str(path)))
    return prints(path) if path.exists() else said


def kill_at(store, program, sign, seconds):
    """Begin a program, and kill it so many seconds after it has said a word."""
    process = store.begin(program)
    try:
        for line in process.stdout:
            if line.strip() == sign:
                time.sleep(seconds)
                break
        return process.poll() is None
    finally:
        kill_tree(process)


def go_back(store):
    """Go back to the end, and return what there is then.

    A server of which a client was killed takes its time to see it.
    """

    def met():
        found = copy_of(store, "back", after=BACK.format(copies=[]))
        return None if "still uses the database" in found else found

    return wait_until(met, what="the way back")


def test_a_store_is_what_it_was_however_often_it_goes_up_and_back(new_store):
    dice, store, killed, whole = random.Random(2016), new_store(), 0, 0
    for turn in range(TIMES):
        recorded = RELEASES / f"{OF_THEN[turn % 2]}.zip"
        then = prints(recorded)
        now = copy_of(store, "now", after=UP.format(recorded=str(recorded), turn=turn))
        assert isinstance(now, dict), now
        assert now["weighting_account"][0] == then["weighting_account"][0] + 1

        sign, most = [("MADE", PLACING), ("BEGUN", MAKING)][turn % 2]
        killed += kill_at(store, BACK.format(copies=[]), sign, dice.uniform(0, most))
        met = copy_of(store, "met")
        assert met in (now, then), f"neither as it was nor as it shall be, turn {turn}: {met}"
        if met == now:
            whole += 1
            assert go_back(store) == then

        restored = NEW_MACHINE.format(copy=str(store.folder / "now.zip"))
        assert copy_of(new_store(migrated=True), "there", after=restored) == now
    print(
        f"gone back on {connection.vendor}: {TIMES} times, {killed} killed on the way, of which {whole} left"
        " all as it was; as often onto a new machine"
    )


def test_a_way_back_that_replaces_piece_by_piece_is_found(new_store):
    """Control."""
    store, recorded = new_store(migrated=True), RELEASES / "0.1.0.zip"
    back = COPY.format(path=str(store.folder / "now.zip")) + CARELESS[connection.vendor]

    assert kill_at(store, back + BACK.format(copies=[str(recorded)]), "HALF", 0)

    assert copy_of(store, "met") not in (prints(store.folder / "now.zip"), prints(recorded))
