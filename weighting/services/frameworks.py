"""Frameworks: imported whole from a file, never edited, published for anybody to read."""

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.exceptions import Refused
from weighting.manifest import hash_framework
from weighting.models import Account, Framework, Indicator
from weighting.readers import FrameworkTable, read_framework
from weighting.readers.decisions import Decisions
from weighting.readers.framework import TERMS
from weighting.services.audit import record_act
from weighting.services.quotas import check_tables_of_a_day
from weighting.signals import framework_added


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

    Raises `FileProblems` with every problem of the file, or `Refused` when the same tree is
    already there, whatever the encoding of its file.
    """
    if not (name_zh.strip() or name_en.strip()):
        raise Refused(_("Give a name in one language at least."))
    ledger = decisions or Decisions()
    table = read_framework(source, filename, ledger)
    ledger.close()
    with transaction.atomic():
        check_tables_of_a_day(actor)
        framework, created = Framework.objects.get_or_create(
            sha256=hash_framework(table),
            defaults={"name_zh": name_zh, "name_en": name_en, "created_by": actor},
        )
        if not created:
            raise Refused(
                _("This framework is already here as “%(name)s”. Use that one, or import another file.")
                % {"name": framework.name}
            )
        _plant(framework, table)
        record_act(actor, "import", framework, sha256=framework.sha256, indicators=len(table.rows))
        framework_added.send(sender=None, framework=framework, table=table, actor=actor)
    return framework


@transaction.atomic
def publish_framework(framework: Framework, *, actor: Account) -> Framework:
    """Let anybody read a framework without signing in."""
    framework = Framework.objects.select_for_update(no_key=True).get(pk=framework.pk)
    if not framework.is_published:
        framework.is_published = True
        framework.save(update_fields=["is_published"])
        record_act(actor, "publish", framework)
    return framework


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
