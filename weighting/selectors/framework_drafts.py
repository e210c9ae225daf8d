"""Trees in the making: whose they are, how they look, what is wrong with them; and what may still change."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CASCADE, ForeignObjectRel, Model, Q, QuerySet
from django.utils.translation import gettext as _

from weighting.manifest import hash_bytes
from weighting.models import Account, Framework, FrameworkDraft, Indicator, Score
from weighting.permissions import ADMINISTRATORS, STAFF, has_role
from weighting.readers import FileProblem, FrameworkScan, ProblemLog
from weighting.readers.framework import COLUMNS, METHOD_COLUMNS, scan_nodes
from weighting.readers.rows import note_controls
from weighting.selectors.frameworks import along_the_tree, framework_rows, indicators_of

Row = Mapping[str, Any]
# What every row has beside its cells; the code of its parent is looked up.
CELLS = tuple(column for column in COLUMNS if column != "parent")


@dataclass
class DraftNode:
    """A row of a draft as its page shows it; ``place`` is what problems call it by, from 1."""

    place: int
    row: Row
    depth: int
    is_leaf: bool
    problems: list[FileProblem] = field(default_factory=list)

    @property
    def indicator(self) -> Indicator:
        """The row as the indicator that it will be, though it may lack a code."""
        return Indicator(**{column: self.row[column] for column in CELLS if column != "direction"})

    @property
    def name(self) -> str:
        """What pages call it: without any name the code is all there is to show."""
        return self.indicator.name or self.row["code"]


def framework_drafts_of(account: Account) -> QuerySet[FrameworkDraft]:
    """Return an account’s drafts and those that replace a framework of its own; to administrators all."""
    drafts = FrameworkDraft.objects.select_related("came_from")
    if has_role(account, ADMINISTRATORS):
        return drafts
    if has_role(account, STAFF):
        return drafts.filter(Q(created_by=account) | Q(replaces=True, came_from__created_by=account))
    return drafts.none()


def is_used(framework: Framework) -> bool:
    """Tell whether a framework is published, or anything rests on it or on one of its nodes."""
    return framework.is_published or any(_resting_on(framework))


def is_held(framework: Framework) -> bool:
    """Tell whether nothing rests on a framework but what can still be thrown away."""
    resting = list(_resting_on(framework))
    return bool(resting) and not framework.is_published and all(is_passing(model) for model in resting)


def is_passing(model: type[Model]) -> bool:
    """Tell whether rows of a model are work in progress, which ends stored or thrown away."""
    return bool(getattr(model, "is_in_progress", False))


def _resting_on(framework: Framework) -> Iterator[type[Model]]:
    for model, path in _resting():
        if model._base_manager.filter(**{path: framework.pk}).exists():
            yield model


def _resting() -> Iterator[tuple[type[Model], str]]:
    """Yield what may rest on a framework, and how it names it.

    What describes the framework goes with it: its nodes, drafts and copies, and what it has one of. Answers
    are not looked at: their round rests on it, too.
    """
    relations = (
        relation
        for model in (Framework, Indicator)
        # Also those that have no name on this side.
        for relation in model._meta.get_fields(include_hidden=True)
        if isinstance(relation, ForeignObjectRel)
    )
    for relation in relations:
        model = relation.field.model
        goes_along = relation.one_to_one and relation.on_delete is CASCADE
        if not goes_along and model not in (Framework, FrameworkDraft, Indicator, Score):
            name = relation.field.name
            yield model, name if relation.model is Framework else f"{name}__framework"


def rows_of(framework: Framework) -> list[dict[str, Any]]:
    """Return a framework as the rows of a draft, along the tree."""
    nodes = along_the_tree(indicators_of(framework.pk))
    keys = {node.pk: key for key, node in enumerate(nodes)}
    cells = (dict(zip(COLUMNS, row, strict=True)) for row in framework_rows(nodes))
    return [
        {
            **{column: str(said[column]) for column in CELLS},
            "key": keys[node.pk],
            "parent": keys.get(node.parent_id) if node.parent_id else None,
        }
        for node, said in zip(nodes, cells, strict=True)
    ]


def former_codes_of(draft: FrameworkDraft) -> dict[str, str]:
    """Return the codes that a draft has otherwise than what it came from, as its framework keeps them.

    Keys are never used again: a row with the key of a node that was copied is that node.
    """
    if draft.came_from is None:
        return {}
    copied = {row["key"]: row["code"] for row in rows_of(draft.came_from)}
    taken = set(copied.values())
    former = {
        row["code"]: copied.get(row["key"], "" if row["code"] in taken else row["code"]) for row in draft.rows
    }
    return {code: was for code, was in former.items() if code != was}


def mark_of(row: Row) -> str:
    """Return what tells whether a row still is what somebody saw."""
    said = {name: row[name] for name in (*CELLS, "parent")}
    return hash_bytes(json.dumps(said, sort_keys=True).encode())[:16]


def scan_rows(rows: Sequence[Row]) -> FrameworkScan:
    """Check the rows of a draft as those of a file are checked."""
    log = ProblemLog(_("The tree"))
    return scan_nodes(_records(rows, log), log)


def draft_nodes(rows: Sequence[Row], problems: Sequence[FileProblem]) -> list[DraftNode]:
    """Return the rows with how deep each lies and what is wrong with it."""
    depths: dict[int | None, int] = {None: 0}
    parents = {row["parent"] for row in rows}
    nodes = []
    for position, row in enumerate(rows, start=1):
        depths[row["key"]] = depths[row["parent"]] + 1
        own = [problem for problem in problems if problem.row == position]
        nodes.append(DraftNode(position, row, depths[row["key"]], row["key"] not in parents, own))
    return nodes


def branch_of(rows: Sequence[Row], key: int) -> set[int]:
    """Return the keys of a node and of all below it, which stands behind it."""
    branch = {key}
    for row in rows:
        if row["parent"] in branch:
            branch.add(row["key"])
    return branch


def _records(rows: Sequence[Row], log: ProblemLog) -> Iterator[tuple[int, dict[str, str]]]:
    codes = {row["key"]: row["code"] for row in rows}
    for position, row in enumerate(rows, start=1):
        cells = {column: row[column] for column in CELLS}
        note_controls(cells.values(), position, log)
        yield position, {**dict.fromkeys(METHOD_COLUMNS, ""), **cells, "parent": codes.get(row["parent"], "")}
