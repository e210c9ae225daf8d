"""The database: whether it is at this release, guarded, what it was, and on time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Exists, ForeignKey, OuterRef
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from upkeep.copies.archive import CopyError
from upkeep.copies.snapshot import current_state
from upkeep.database import database_bytes, may_remove_dead_rows, owns_tables
from upkeep.doctor.finding import Finding, fine, look, wrong
from upkeep.evidence import check_evidence
from weighting.enums import Role
from weighting.immutability import missing_triggers
from weighting.models import Account, Framework

# Each PostgreSQL is maintained until a November: 15 until that of 2027, and so on.
LAST_YEAR_OF_POSTGRES_0 = 2012
# Sessions, links and answers bear the time of the machine that writes them.
SLIGHTLY_OFF, FAR_OFF = 2.0, 20.0


def check_database() -> Iterator[Finding]:
    """Look whether the tables are those of this release, and who is let near them."""
    try:
        current_state()
    except CopyError:
        yield wrong(
            _("The database is not at this release."),
            _("Run manage.py upgrade, which copies the database first."),
        )
        return
    if connection.vendor == "postgresql":
        yield from _check_postgres()
    yield fine(
        _("%(name)s answers and holds %(size)s.")
        % {"name": connection.display_name, "size": filesizeformat(database_bytes())}
    )


def _check_postgres() -> Iterator[Finding]:
    version = connection.pg_version // 10_000  # type: ignore[attr-defined]  # PostgreSQL's own
    if timezone.now() >= datetime(LAST_YEAR_OF_POSTGRES_0 + version, 12, 1, tzinfo=UTC):
        yield look(
            _("PostgreSQL %(version)d is no longer maintained.") % {"version": version},
            _("Move to a newer one: manage.py backup here, manage.py restore there."),
        )
    if owns_tables():
        yield look(
            _("The product owns its tables, so that it could take their guards away."),
            _("Run manage.py grant_app_role, and let DATABASE_URL of web and workers name that role."),
        )
    elif not may_remove_dead_rows():
        yield look(
            _("The product may not remove dead rows, which show in which order people and ballots came."),
            _("Run manage.py grant_app_role, on PostgreSQL 17 or newer: no older one can let it."),
        )


def check_triggers() -> Iterator[Finding]:
    """Look whether frozen rows are guarded."""
    if missing := missing_triggers(connection):
        yield wrong(
            _("Triggers that guard frozen rows are missing: %(names)s.") % {"names": ", ".join(missing)},
            _("Run manage.py migrate, then verify_versions, and find out who removed them."),
        )
    else:
        yield fine(_("Frozen rows are guarded."))


def check_references() -> Iterator[Finding]:
    """Look whether rows refer to others that are there, where the product sees to it and no key does."""
    lost = {field: count for field in _kept_by_product() if (count := _count_lost(field))}
    for field, count in lost.items():
        names = {
            "count": count,
            "table": field.model._meta.db_table,
            "other": field.remote_field.model._meta.db_table,
        }
        yield wrong(
            _("%(count)d rows of %(table)s refer to rows of %(other)s that are gone.") % names,
            _("Somebody deleted them past the product: restore a copy, or remove what is left of them."),
        )
    if not lost:
        yield fine(_("Links, letters and answers refer to what is there."))


def _kept_by_product() -> Iterator[ForeignKey[Any, Any]]:
    """Yield the references of which no key of the database holds that they lead somewhere."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and not field.db_constraint:  # type: ignore[attr-defined]
                yield field


def _count_lost(field: ForeignKey[Any, Any]) -> int:
    there = field.remote_field.model._default_manager.filter(pk=OuterRef(field.attname))
    rows = field.model._default_manager.filter(**{f"{field.attname}__isnull": False})
    return rows.filter(~Exists(there)).count()


def check_versions() -> Iterator[Finding]:
    """Look whether frozen versions, and what was computed from them, are what they were."""
    if not Framework.objects.exists():
        yield fine(_("There is nothing to check yet."))
        return
    faults = [text for holds, text in check_evidence() if not holds]
    for fault in faults:
        yield wrong(fault, _("Publish nothing from this store, and compare it with a copy."))
    if not faults:
        yield fine(_("Every frozen version holds, and every run belongs to its own."))


def check_clock() -> Iterator[Finding]:
    """Compare this machine's clock with the database's."""
    if connection.vendor == "sqlite":
        yield fine(_("The database shares this machine's clock."))
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        off = (timezone.now() - cursor.fetchone()[0]).total_seconds()
    text = _("This machine's clock is %(seconds).1f s from the database's.") % {"seconds": off}
    remedy = _("Let both machines keep time by NTP.")
    if abs(off) > FAR_OFF:
        yield wrong(text, remedy)
    elif abs(off) > SLIGHTLY_OFF:
        yield look(text, remedy)
    else:
        yield fine(text)


def check_people() -> Iterator[Finding]:
    """Look whether somebody can administer the installation."""
    count = Account.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count()
    if count:
        yield fine(_("Administrators: %(count)d.") % {"count": count})
    else:
        yield wrong(_("Nobody can administer this installation."), _("Run manage.py setup_link."))
