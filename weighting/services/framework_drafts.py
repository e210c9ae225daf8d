"""Frameworks made in the browser: begun, written row by row, and added once nothing is wrong with them.

What is wrong is what the reader of files says: there is one way to check a tree.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.exceptions import Refused
from weighting.models import Account, Framework, FrameworkDraft
from weighting.numeric.tree import MAX_NODES
from weighting.readers import FileProblems
from weighting.selectors.framework_drafts import CELLS, former_codes_of, mark_of, rows_of, scan_rows
from weighting.services.audit import record_act
from weighting.services.frameworks import add_framework, refuse_used, replace_framework
from weighting.services.locks import still_there
from weighting.services.quotas import check_quota, check_tables_of_a_day

Rows = list[dict[str, Any]]


class Names(TypedDict):
    """What a framework is called, as its services take it."""

    name_zh: str
    name_en: str


# Each may hold a tree of the largest size.
MOST_DRAFTS = 50


@transaction.atomic
def begin_draft(*, name_zh: str, name_en: str, actor: Account) -> FrameworkDraft:
    """Begin a tree with no node yet."""
    _check_drafts(actor)
    return FrameworkDraft.objects.create(name_zh=name_zh, name_en=name_en, created_by=actor)


@transaction.atomic
def copy_framework(framework: Framework, *, actor: Account) -> FrameworkDraft:
    """Begin the next edition of a framework with the tree of this one."""
    _check_drafts(actor)
    return FrameworkDraft.objects.create(**_as_it_is(framework), created_by=actor)


@transaction.atomic
def reopen_framework(framework: Framework, *, actor: Account) -> FrameworkDraft:
    """Begin to change a framework that nothing rests on, or go on where somebody began to.

    Raises `Refused` when something rests on it.
    """
    framework = still_there(Framework.objects.select_for_update(no_key=True), framework.pk)
    refuse_used(framework)
    begun = FrameworkDraft.objects.filter(came_from=framework, replaces=True).first()
    return begun or FrameworkDraft.objects.create(**_as_it_is(framework), replaces=True, created_by=actor)


def rename_draft(draft: FrameworkDraft, *, name_zh: str, name_en: str) -> None:
    """Give the tree other names."""
    FrameworkDraft.objects.filter(pk=draft.pk).update(name_zh=name_zh, name_en=name_en)


@transaction.atomic
def add_row(draft: FrameworkDraft, *, parent: int | None, cells: Mapping[str, str]) -> int:
    """Add a node as the last one below a parent, and return its key.

    Raises `FileProblems` with what is wrong with it.
    """
    draft = _lock(draft)
    if len(draft.rows) >= MAX_NODES:
        message = _("A framework has at most %(limit)d indicators. Remove one before you add another.")
        raise Refused(message % {"limit": MAX_NODES})
    key = draft.next_key
    row = {**dict.fromkeys(CELLS, ""), **cells, "key": key, "parent": None}
    draft.next_key += 1
    _put(draft, [*draft.rows, row], key, parent)
    return key


class ChangedMeanwhile(Refused):
    """Somebody else wrote a row after it was looked at; ``row`` is what it says now."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        super().__init__(
            _(
                "Somebody else changed this indicator after you opened it. Nothing of yours is kept yet: "
                "look at what it says now, then keep yours in its place, or leave it."
            )
        )


@transaction.atomic
def change_row(
    draft: FrameworkDraft, key: int, *, parent: int | None, cells: Mapping[str, str], seen: str = ""
) -> None:
    """Change what a node says and, where the parent is another, move it with all below it.

    ``seen`` is the mark of the row that the change was made to. Raises `FileProblems` with what is wrong
    with it, `ChangedMeanwhile` when the row is another by now and says neither that nor this.
    """
    draft = _lock(draft)
    row = draft.rows[_place(draft.rows, key)]
    if seen not in ("", mark_of(row)) and any(
        row[name] != said for name, said in {**cells, "parent": parent}.items()
    ):
        raise ChangedMeanwhile(row)
    _put(draft, [{**row, **cells} if row["key"] == key else row for row in draft.rows], key, parent)


@transaction.atomic
def move_row(draft: FrameworkDraft, key: int, *, down: bool) -> None:
    """Exchange a node, with all below it, with the sibling before or after it; the last stays the last."""
    draft = _lock(draft)
    parent = draft.rows[_place(draft.rows, key)]["parent"]
    siblings = [row["key"] for row in draft.rows if row["parent"] == parent]
    at = siblings.index(key)
    first, second = (at, at + 1) if down else (at - 1, at)
    if first < 0 or second == len(siblings):
        return
    start, middle = _span(draft.rows, siblings[first])
    _same, end = _span(draft.rows, siblings[second])
    rows = draft.rows
    _keep(draft, [*rows[:start], *rows[middle:end], *rows[start:middle], *rows[end:]])


@transaction.atomic
def remove_row(draft: FrameworkDraft, key: int, *, seen: str = "") -> None:
    """Take a node out with all below it; raises `ChangedMeanwhile` when it is another than was seen."""
    draft = _lock(draft)
    start, end = _span(draft.rows, key)
    if seen not in ("", mark_of(draft.rows[start])):
        raise ChangedMeanwhile(draft.rows[start])
    _keep(draft, [*draft.rows[:start], *draft.rows[end:]])


@transaction.atomic
def finish_draft(draft: FrameworkDraft, *, actor: Account) -> Framework:
    """Make the draft a framework, or put it in the place of the one that it changes.

    Raises `FileProblems` with all that is wrong with it, `Refused` when the tree is already there or when
    something rests by now on the framework that it changes.
    """
    draft = _lock(draft)
    scan = scan_rows(draft.rows)
    if scan.table is None:
        raise FileProblems(scan.problems)
    names: Names = {"name_zh": draft.name_zh, "name_en": draft.name_en}
    former, source = former_codes_of(draft), draft.came_from
    if source and draft.replaces:
        act = "change"
        framework = replace_framework(source, scan.table, **names, former_codes=former)
    else:
        check_tables_of_a_day(actor)
        act = "make"
        framework = add_framework(scan.table, **names, actor=actor, came_from=source, former_codes=former)
    record_act(actor, act, framework, sha256=framework.sha256, indicators=len(scan.table.rows))
    draft.delete()
    return framework


def discard_draft(draft: FrameworkDraft) -> None:
    """Throw a draft away; what it came from stays as it is."""
    FrameworkDraft.objects.filter(pk=draft.pk).delete()


def _check_drafts(actor: Account) -> None:
    words = _("You have %(count)d frameworks in the making: finish one or throw one away first.")
    check_quota(FrameworkDraft.objects.filter(created_by=actor), most=MOST_DRAFTS, words=words, actor=actor)


def _as_it_is(framework: Framework) -> dict[str, Any]:
    rows = rows_of(framework)
    return {
        "name_zh": framework.name_zh,
        "name_en": framework.name_en,
        "rows": rows,
        "next_key": len(rows),
        "came_from": framework,
    }


def _lock(draft: FrameworkDraft) -> FrameworkDraft:
    """Return the draft as it stands, until the end of the transaction; refused where it is gone."""
    held = FrameworkDraft.objects.select_for_update(of=("self",)).select_related("came_from")
    found = held.filter(pk=draft.pk).first()
    if found is None:
        raise Refused(_("This draft was finished or thrown away meanwhile."))
    return found


def _keep(draft: FrameworkDraft, rows: Rows) -> None:
    draft.rows = rows
    draft.save(update_fields=["rows", "next_key"])


def _put(draft: FrameworkDraft, rows: Rows, key: int, parent: int | None) -> None:
    """Keep rows with one of them below a parent, unless something is wrong with that one."""
    rows = _below(rows, key, parent)
    place = _place(rows, key)
    problems = [problem for problem in scan_rows(rows).problems if problem.row == place + 1]
    if problems:
        raise FileProblems(problems)
    _keep(draft, rows)


def _below(rows: Rows, key: int, parent: int | None) -> Rows:
    """Return the rows with a node, and all below it, last below another; one that is there already stays."""
    start, end = _span(rows, key)
    taken = rows[start:end]
    if rows[start]["parent"] == parent:
        return rows
    if parent in {row["key"] for row in taken}:
        raise Refused(_("An indicator cannot lie below itself. Choose another parent."))
    left = [*rows[:start], *rows[end:]]
    at = len(left) if parent is None else _span(left, parent)[1]
    return [*left[:at], {**taken[0], "parent": parent}, *taken[1:], *left[at:]]


def _place(rows: Rows, key: int) -> int:
    for position, row in enumerate(rows):
        if row["key"] == key:
            return position
    raise Refused(_("This indicator was taken out of the tree meanwhile. Go back to the tree."))


def _span(rows: Rows, key: int) -> tuple[int, int]:
    """Return where a node begins and where what is below it ends: a branch stands in one piece."""
    start = _place(rows, key)
    below = {key}
    end = start + 1
    while end < len(rows) and rows[end]["parent"] in below:
        below.add(rows[end]["key"])
        end += 1
    return start, end
