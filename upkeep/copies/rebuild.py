"""Build the database that a copy was made of, of this release or an older one, in an empty place."""

from collections.abc import Sequence

from django.apps.registry import Apps
from django.db import transaction

from upkeep.copies.archive import CopyError, Head, lines_of, open_archive
from upkeep.copies.heads import heads_in
from upkeep.copies.prints import print_of
from upkeep.copies.restore import check_references, clear, load, set_counters
from upkeep.copies.snapshot import step_by_step
from upkeep.copies.tables import Table, all_tables


def rebuild(path: str, head: Head) -> None:
    """Make the tables as the copy's migrations leave them, fill them, and compare every row with the copy.

    Raises
    ------
    CopyError
        When the copy is of a later release, or what was loaded is not what it holds.
    """
    apps = _make_tables(head)
    tables = _tables_of(head, apps)
    with open_archive(path) as archive, transaction.atomic(durable=True):
        clear(tables)
        for table in tables:
            load(table, archive)
        check_references()
        set_counters(tables, head)
        strange = [t.name for t in tables if print_of(t.lines()) != print_of(lines_of(archive, t.name))]
        if strange or heads_in(apps) != head.chain_heads:
            raise CopyError(
                f"What was loaded is not what the copy holds: {', '.join(strange) or 'heads of chains'}."
            )


def _make_tables(head: Head) -> Apps:
    executor = step_by_step()
    known = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    wanted = {(app, name) for app, name in head.migrations}
    plan = [step for step in known if (step[0].app_label, step[0].name) in wanted]
    if unknown := wanted - {(step.app_label, step.name) for step, _backwards in known}:
        raise CopyError(
            f"The copy was made by {head.made_by}, a later release than this one:"
            f" {', '.join('.'.join(key) for key in sorted(unknown))} is unknown here. Use that release, or a"
            " later one."
        )
    return executor.migrate(None, plan=plan).apps


def _tables_of(head: Head, apps: Apps) -> Sequence[Table]:
    made = {table.name: table for table in all_tables(apps)}
    differing = set(made) ^ set(head.tables)
    differing |= {
        name for name in set(made) & set(head.tables) if {*made[name].columns} != {*head.tables[name].columns}
    }
    if differing:
        raise CopyError(
            f"The copy names migrations that do not lead to its tables: {', '.join(sorted(differing))}."
            " Restore it with the release that made it."
        )
    return [Table(table.model, head.tables[name].columns) for name, table in made.items()]
