"""The log of acts, as far as somebody may read it."""

from collections.abc import Collection, Iterable

from django.db.models import CharField, Model, Q, QuerySet
from django.db.models.functions import Cast

from weighting.models import (
    Account,
    ApiToken,
    AuditEntry,
    Framework,
    Invitation,
    JoinLink,
    Panel,
    Round,
    WeightVersion,
)
from weighting.permissions import ADMINISTRATORS, STAFF, has_role

NAMED: dict[str, QuerySet] = {
    "round": Round.objects.all(),
    "invitation": Invitation.objects.select_related("expert"),
    "panel": Panel.objects.all(),
    "framework": Framework.objects.all(),
    "account": Account.objects.all(),
    "apitoken": ApiToken.objects.all(),
    "joinlink": JoinLink.objects.all(),
    "weightversion": WeightVersion.objects.defer("manifest"),
}


def _whole_entries() -> QuerySet[AuditEntry]:
    return AuditEntry.objects.select_related("actor").order_by("-pk")


def entries_visible_to(account: Account) -> QuerySet[AuditEntry]:
    """Return an account's acts and those on its rounds, newest first; an administrator sees all."""
    entries = _whole_entries()
    if has_role(account, ADMINISTRATORS):
        return entries
    if not has_role(account, STAFF):
        return entries.none()
    own = Q(actor=account)
    own |= Q(subject_type="round", subject_id__in=_ids(Round.objects.filter(managers=account)))
    own |= Q(
        subject_type="invitation", subject_id__in=_ids(Invitation.objects.filter(round__managers=account))
    )
    own |= Q(
        subject_type="weightversion",
        subject_id__in=_ids(WeightVersion.objects.filter(round__managers=account)),
    )
    return entries.filter(own)


def entries_numbered(numbers: Collection[int]) -> QuerySet[AuditEntry]:
    """Return entries that were found to be visible, by their numbers, newest first."""
    return _whole_entries().filter(pk__in=numbers)


def names_of_subjects(entries: Iterable[AuditEntry]) -> dict[tuple[str, str], Model]:
    """Return the things that entries are about, by type and id, in one query for each type."""
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        if entry.subject_type in NAMED:
            wanted.setdefault(entry.subject_type, set()).add(int(entry.subject_id))
    return {
        (kind, str(thing.pk)): thing
        for kind, ids in wanted.items()
        for thing in NAMED[kind].filter(pk__in=ids)
    }


def _ids(things: QuerySet) -> QuerySet:
    """Return the ids as the log writes them."""
    return things.annotate(logged=Cast("pk", CharField())).values("logged")
