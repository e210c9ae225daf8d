"""One moment of the database, read while others write; and what state its tables are in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps as apps_now
from django.apps.registry import Apps
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from upkeep.copies.archive import CopyError


@contextmanager
def one_moment() -> Iterator[None]:
    """Let everything inside see the database as it is at one moment; nobody waits for it."""
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    # A transaction of this product takes SQLite's one lock as it begins; a reader needs none.
    connection.ensure_connection()
    mode = connection.transaction_mode  # type: ignore[attr-defined]  # SQLite's own
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # as above
    try:
        with transaction.atomic(durable=True):
            yield
    finally:
        connection.transaction_mode = mode  # type: ignore[attr-defined]  # as above


# Migrations of the product's own are never edited nor taken away: one that is unknown is of a later release.
# The short ways of an empty database alone may be: a database never bears their names.
OWN_APPS = ("weighting", "indexer")
SHORT_WAY = "_squashed_"


@dataclass(frozen=True)
class State:
    """What the tables have been through, and models that fit them: those of the code, or older ones."""

    migrations: list[list[str]]
    apps: Apps
    is_behind: bool


def state_here() -> State:
    """Return the state of the tables, which may be older than the code.

    Raises
    ------
    CopyError
        When the database is newer than the code.
    """
    executor = MigrationExecutor(connection)
    loader = executor.loader
    known = loader.disk_migrations
    strange = [key for key in loader.applied_migrations if key[0] in OWN_APPS and key not in known]
    if strange:
        raise CopyError(
            f"The database is of a later release: {', '.join('.'.join(key) for key in sorted(strange))}"
            " is unknown here. Check out that release again, whose manage.py go_back leads back to this one."
        )
    applied = sorted(key for key in loader.applied_migrations if key in known)
    is_behind = bool(executor.migration_plan(loader.graph.leaf_nodes()))
    reached = [key for key in applied if key in loader.graph.nodes]
    apps = loader.project_state(reached).apps if is_behind else apps_now
    steps = [[app, name] for app, name in applied if (app, name) not in loader.replacements]
    return State(steps, apps, is_behind)


def step_by_step() -> MigrationExecutor:
    """Return what migrates as every release did in its time, without the short ways of an empty database."""
    executor = MigrationExecutor(connection)
    loader = executor.loader
    loader.replace_migrations = False  # type: ignore[attr-defined]  # not in the stubs
    loader.build_graph()
    for key, way in loader.replacements.items():
        loader.graph.remove_replacement_node(key, way.replaces)
    loader.replacements.clear()
    return executor


def forget_short_ways() -> None:
    """Leave the names of the steps: a release from before there were short ways still knows the database."""
    ways = MigrationRecorder(connection).migration_qs.filter(app__in=OWN_APPS, name__contains=SHORT_WAY)
    ways.delete()


def current_state() -> State:
    """Return the state of the tables, which must be that of this release.

    Raises
    ------
    CopyError
        When the database is older or newer than the code.
    """
    state = state_here()
    if state.is_behind:
        raise CopyError(
            "The database is not migrated to this release. To put a copy back, run manage.py migrate first;"
            " to upgrade it, which makes a copy before, run manage.py upgrade."
        )
    return state
