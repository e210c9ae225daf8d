"""Panels of experts, imported whole from a file."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.exceptions import Refused
from weighting.models import Account, Expert, Panel
from weighting.readers import PanelRow, read_panel
from weighting.readers.decisions import Decisions
from weighting.services.audit import record_act
from weighting.services.quotas import check_tables_of_a_day

FIELDS = ("code", "name", "email", "organisation", "sector", "language")


def import_panel(
    *, source: bytes, filename: str, name: str, actor: Account, decisions: Decisions | None = None
) -> Panel:
    """Add the panel of a CSV file.

    Raises `FileProblems` with every problem of the file, or `Refused` when a panel of the
    same people is already there.
    """
    ledger = decisions or Decisions()
    rows = read_panel(source, filename, ledger)
    ledger.close()
    with transaction.atomic():
        check_tables_of_a_day(actor)
        twin = _find_twin(rows)
        if twin:
            raise Refused(_twin_text(rows, twin))
        panel = Panel(name=name, created_by=actor)
        panel.full_clean()
        panel.save()
        Expert.objects.bulk_create([expert_of(panel, row) for row in rows])
        record_act(actor, "import", panel, experts=len(rows))
    return panel


@transaction.atomic
def remove_panel(panel: Panel, *, actor: Account) -> None:
    """Remove a panel that no round was ever drafted with, its people with it; the log keeps name and number.

    Locked, so that no round is drafted with it meanwhile.
    """
    panel = lock_panel(panel)
    rounds = panel.rounds.count()
    if rounds:
        raise Refused(
            ngettext(
                "%(count)d round is held with this panel, and is part of its record: the panel stays.",
                "%(count)d rounds are held with this panel, and are part of its record: the panel stays.",
                rounds,
            )
            % {"count": rounds}
        )
    record_act(actor, "remove", panel, name=panel.name, experts=panel.experts.count())
    panel.delete()


def lock_panel(panel: Panel) -> Panel:
    """Return the panel, locked until the transaction ends; refused where somebody removed it meanwhile."""
    try:
        return Panel.objects.select_for_update().get(pk=panel.pk)
    except Panel.DoesNotExist:
        raise Refused(
            _("The panel “%(name)s” was removed meanwhile. Choose another one.") % {"name": panel.name}
        ) from None


def expert_of(panel: Panel, row: PanelRow) -> Expert:
    """Return a row as a person on the panel, not saved yet."""
    return Expert(panel=panel, **{field: getattr(row, field) for field in FIELDS})


def _find_twin(rows: Collection[PanelRow]) -> Panel | None:
    """Return the panel of the same people, whichever of the two knows more addresses."""
    wanted = {row.code: row for row in rows}
    same_size = Panel.objects.annotate(size=Count("experts")).filter(size=len(wanted))
    for panel in same_size.prefetch_related("experts"):
        experts = panel.experts.all()
        if all(expert.code in wanted and _is_same(expert, wanted[expert.code]) for expert in experts):
            return panel
    return None


def _is_same(expert: Expert, row: PanelRow) -> bool:
    told = [field for field in FIELDS if field != "email"]
    same_email = expert.email == row.email or not (expert.email and row.email)
    return same_email and all(getattr(expert, field) == getattr(row, field) for field in told)


def _twin_text(rows: Collection[PanelRow], twin: Panel) -> str:
    known = {row.code for row in rows if row.email}
    new = sum(not expert.email and expert.code in known for expert in twin.experts.all())
    if not new:
        message = _("These experts are already here as the panel “%(name)s”. Use that one.")
    else:
        message = ngettext(
            "These experts are already here as the panel “%(name)s”, where one e-mail address is not known "
            "that the file has: give it on the page of the panel.",
            "These experts are already here as the panel “%(name)s”, where %(count)d e-mail addresses are "
            "not known that the file has: give them on the page of the panel.",
            new,
        )
    return message % {"name": twin.name, "count": new}
