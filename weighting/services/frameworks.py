"""Frameworks: added whole, never edited, replaced while nothing rests on them, shared and published."""

from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from weighting.exceptions import Refused
from weighting.manifest import hash_framework
from weighting.models import Account, Framework, Indicator
from weighting.permissions import MANAGERS, has_role
from weighting.readers import FrameworkTable, read_framework
from weighting.readers.decisions import Decisions
from weighting.readers.framework import TERMS
from weighting.selectors.framework_drafts import is_held, is_used
from weighting.selectors.frameworks import changes_framework
from weighting.services.audit import record_act
from weighting.services.locks import still_there
from weighting.services.quotas import check_tables_of_a_day
from weighting.signals import framework_added, framework_met


def import_framework(
    *,
    source: bytes,
    filename: str,
    name_zh: str,
    name_en: str,
    actor: Account,
    decisions: Decisions | None = None,
) -> Framework:
    """Add the framework of a CSV file.

    A file of a tree that is already there, whatever its encoding, may bring that another method.
    Raises `FileProblems` with every problem of the file, or `Refused` when it brings nothing.
    """
    if not (name_zh.strip() or name_en.strip()):
        raise Refused(_("Give a name in one language at least."))
    ledger = decisions or Decisions()
    table = read_framework(source, filename, ledger)
    ledger.close()
    with transaction.atomic():
        check_tables_of_a_day(actor)
        framework = add_framework(table, name_zh=name_zh, name_en=name_en, actor=actor)
        record_act(actor, "import", framework, sha256=framework.sha256, indicators=len(table.rows))
    return framework


@transaction.atomic
def add_framework(
    table: FrameworkTable,
    *,
    name_zh: str,
    name_en: str,
    actor: Account,
    came_from: Framework | None = None,
    former_codes: Mapping[str, str] | None = None,
    is_shared: bool | None = None,
) -> Framework:
    """Add a tree that was checked, which belongs to the actor: an analyst's is private until it is shared.

    Where the same tree is already there, the table may bring that another method; else it is `Refused`. Of
    one that is private to somebody else nothing is said.
    """
    known = Framework.objects.filter(Q(is_shared=True) | Q(created_by=actor))
    framework, created = known.get_or_create(
        sha256=hash_framework(table),
        defaults={
            "name_zh": name_zh,
            "name_en": name_en,
            "created_by": actor,
            "came_from": came_from,
            "former_codes": dict(former_codes or {}),
            "is_shared": has_role(actor, MANAGERS) if is_shared is None else is_shared,
        },
    )
    if not created:
        _take_rest(framework, table, actor)
        return framework
    _plant(framework, table)
    framework_added.send(sender=None, framework=framework, table=table, actor=actor, came_from=came_from)
    return framework


@transaction.atomic
def replace_framework(
    old: Framework,
    table: FrameworkTable,
    *,
    name_zh: str,
    name_en: str,
    former_codes: Mapping[str, str] | None = None,
) -> Framework:
    """Put a changed tree in the place of a framework that nothing rests on; its owner keeps it.

    The old row goes, so that whoever begins to use it meanwhile fails rather than hold a tree that changed.
    Raises `Refused` when something rests on it.
    """
    old = still_there(Framework.objects.select_for_update().select_related("created_by"), old.pk)
    refuse_used(old)
    if old.sha256 == hash_framework(table):
        old.name_zh, old.name_en = name_zh, name_en
        old.save(update_fields=["name_zh", "name_en"])
        return old
    owner, before, drafts = old.created_by, old.came_from_id, old.drafts.all()
    new = add_framework(
        table, name_zh=name_zh, name_en=name_en, actor=owner, came_from=old, is_shared=old.is_shared
    )
    renamed = dict(former_codes or {})
    codes = [row.code for row in table.rows] if before else []
    through = _former_through(renamed, old.former_codes, codes)
    Framework.objects.filter(pk=new.pk).update(came_from=before, former_codes=through)
    for edition in old.next_editions.all():
        _follow(edition, {former: code for code, former in renamed.items() if former})
        edition.came_from = new
        edition.save(update_fields=["came_from", "former_codes"])
    drafts.update(came_from=new)
    old.delete()
    new.came_from_id = before
    return new


def _former_through(
    renamed: Mapping[str, str], before: Mapping[str, str], codes: Sequence[str]
) -> dict[str, str]:
    """Return what codes were two editions back: by what they were in between, and that before."""
    there = {code: renamed.get(code, code) for code in codes}
    found = {code: before.get(former, former) if former else "" for code, former in there.items()}
    return {code: former for code, former in found.items() if code != former}


def _follow(edition: Framework, renamed: Mapping[str, str]) -> None:
    """Let what was copied from a framework know what that calls its nodes now, by their codes before."""
    own = set(edition.indicators.values_list("code", flat=True))
    former = {code: renamed.get(was, was) for code, was in edition.former_codes.items()}
    former |= {code: now for code, now in renamed.items() if code in own and code not in former}
    edition.former_codes = {code: was for code, was in former.items() if code != was}


def refuse_used(framework: Framework) -> None:
    """Refuse to change a framework that something rests on."""
    if is_held(framework):
        raise Refused(
            _(
                "Data that are being imported or gathered hold this framework: it does not change meanwhile. "
                "Copy it to the next edition instead, or throw the import away or end the gathering, as "
                "its owner or an administrator may."
            )
        )
    if is_used(framework):
        raise Refused(
            _(
                "This framework is published, or a round, weights or data rest on it: it no longer changes. "
                "Copy it to the next edition instead."
            )
        )


def refuse_private(framework: Framework) -> None:
    """Refuse what would show others a framework that its maker has not shared."""
    if not framework.is_shared:
        words = _("“%(name)s” is private as yet: share it with the staff first, on its page.")
        raise Refused(words % {"name": framework.name})


@transaction.atomic
def share_framework(framework: Framework, *, actor: Account) -> Framework:
    """Let all staff see a framework and all that rests on it, for good.

    Raises `Refused` where the same tree is shared already.
    """
    framework = still_there(Framework.objects.select_for_update(no_key=True), framework.pk)
    if framework.is_shared:
        return framework
    framework.is_shared = True
    try:
        with transaction.atomic():
            framework.save(update_fields=["is_shared"])
    except IntegrityError:
        twin = Framework.objects.get(sha256=framework.sha256, is_shared=True)
        words = _(
            "The same tree is shared already as “%(name)s”. Use that one, or share a copy that differs."
        )
        raise Refused(words % {"name": twin.name}) from None
    record_act(actor, "share", framework)
    return framework


@transaction.atomic
def publish_framework(framework: Framework, *, actor: Account) -> Framework:
    """Let anybody read a framework without signing in."""
    framework = still_there(Framework.objects.select_for_update(no_key=True), framework.pk)
    if not framework.is_published:
        refuse_private(framework)
        framework.is_published = True
        framework.save(update_fields=["is_published"])
        record_act(actor, "publish", framework)
    return framework


def _take_rest(framework: Framework, table: FrameworkTable, actor: Account) -> None:
    """Let a framework that is there have the method of a file; raises `Refused` where that is no other."""
    may = has_role(actor, MANAGERS) or changes_framework(actor, framework)
    said = {"sender": None, "framework": framework, "table": table, "actor": actor}
    if may and any(taken for _listener, taken in framework_met.send(**said)):
        return
    if not may and any(row.method for row in table.rows):
        words = _(
            "This framework is already here as “%(name)s”. If the file is to change how it is computed, let "
            "a manager import it; else use the framework that is here, or import another file."
        )
    else:
        words = _("This framework is already here as “%(name)s”. Use that one, or import another file.")
    raise Refused(words % {"name": framework.name})


def _plant(framework: Framework, table: FrameworkTable) -> None:
    """Create the nodes a level at a time, parents before children."""
    nodes: dict[str, Indicator] = {}
    for level in table.tree.levels:
        for place in level:
            row = table.rows[place]
            nodes[row.code] = Indicator(
                framework=framework,
                parent=nodes.get(row.parent),
                code=row.code,
                # Without any name the code is all there is to show.
                name_zh=row.name_zh or ("" if row.name_en else row.code),
                name_en=row.name_en or ("" if row.name_zh else row.code),
                position=int(place),
                depth=int(table.tree.depth[place]),
                is_leaf=bool(table.tree.is_leaf[place]),
                direction=row.direction,
                unit=row.unit,
                note=row.note,
                **{column: getattr(row, column) for column in TERMS},
            )
        Indicator.objects.bulk_create(nodes[table.rows[place].code] for place in level)
