"""An empty database is made by the short way: it is the one that all steps would have made."""

import json
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.upkeep.stores import Store

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
SHORT_WAY = "call('migrate', verbosity=0)\n"
EVERY_STEP = """
from upkeep.copies.snapshot import step_by_step
executor = step_by_step()
executor.migrate(executor.loader.graph.leaf_nodes())
call('upgrade', verbosity=0)
"""
DESCRIBE = """
import json
from tests.upkeep.schema import described
print(json.dumps(described()))
"""
ODD = """
from django.db import connection
connection.cursor().execute("ALTER TABLE weighting_round ADD COLUMN odd integer")
"""
OWN_APPS = ("weighting", "indexer")


@pytest.fixture
def found(tmp_path):
    """Return what a program finds a new database to be made of, each time that it describes it."""
    made = []

    def run(program):
        folder = tmp_path / f"store-{len(made)}"
        folder.mkdir()
        made.append(Store(folder))
        said = made[-1].run(program)
        assert said.startswith("{"), said
        return [json.loads(line) for line in said.splitlines()]

    yield run
    for store in made:
        store.end()


def test_the_short_way_leads_to_the_database_that_every_step_leads_to(found):
    short, odd = found(SHORT_WAY + DESCRIBE + ODD + DESCRIBE)
    (stepped,) = found(EVERY_STEP + DESCRIBE)

    for kind in stepped:
        assert short[kind] == stepped[kind], kind
    # Control: another column is seen.
    assert odd != stepped
    # A release from before there were short ways knows a database by these names.
    assert {(app, name) for app, name in short["migrations"] if app in OWN_APPS} == {
        (app, file.stem)
        for app in OWN_APPS
        for file in Path(ROOT, app, "migrations").glob("0*.py")
        if "_squashed_" not in file.stem
    }
