"""Outside series: read from a file, checked as a whole, stored as one immutable block."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.intake.series import read_series
from indexer.models import OutsideSeries, Register
from indexer.selectors.series import slack_of
from indexer.selectors.unit_names import UnitsOfRegister
from weighting.exceptions import Refused
from weighting.manifest import canonical_json
from weighting.models import Account
from weighting.numeric.arrays import FloatArray
from weighting.readers import ProblemLog, Source
from weighting.readers.decisions import Decisions
from weighting.services.audit import record_act
from weighting.services.locks import still_there
from weighting.services.quotas import check_tables_of_a_day


@dataclass(frozen=True)
class SeriesTerms:
    """What a series is: of which units, how it is called, what it counts, in which year."""

    register: Register
    name_zh: str
    name_en: str
    unit: str
    year: int
    note: str = ""
    total: str = ""


def import_series(
    *,
    source: Source,
    filename: str,
    terms: SeriesTerms,
    actor: Account,
    decisions: Decisions | None = None,
) -> OutsideSeries:
    """Check a file of any shape against the register, then store the value that it has of each unit.

    Raises `FileProblems` with every problem of the file, or `Refused` when the same values are
    already there.
    """
    log = ProblemLog(filename)
    ledger = decisions or Decisions()
    table = read_series(source, log, UnitsOfRegister(terms.register), ledger, year=terms.year)
    log.raise_if_any()
    ledger.close()
    found = dict(zip(map(int, table.keys), table.values.tolist(), strict=True))
    return add_series(
        terms=terms,
        city_ids=sorted(found),
        values=np.array([found[city_id] for city_id in sorted(found)]),
        actor=actor,
    )


@transaction.atomic
def add_series(
    *, terms: SeriesTerms, city_ids: Sequence[int], values: FloatArray, actor: Account
) -> OutsideSeries:
    """Store checked values, one for each unit.

    The register's row is the lock: of two that bring the same at once the later sees the other.
    """
    check_tables_of_a_day(actor)
    register, unit, year = terms.register, terms.unit, terms.year
    Register.objects.select_for_update(no_key=True).get(pk=register.pk)
    packed = np.ascontiguousarray(values, dtype="<f8").tobytes()
    _check_total(terms.total, values)
    said = {"register": register.pk, "unit": unit, "year": year, "cities": list(city_ids)}
    labels = canonical_json(said | ({"total": terms.total} if terms.total else {}))
    checksum = hashlib.sha256(labels + packed).hexdigest()
    existing = OutsideSeries.objects.filter(sha256=checksum).first()
    if existing:
        raise Refused(_("The same data is already stored as “%(name)s”.") % {"name": existing.name})
    series = OutsideSeries(
        **vars(terms), city_ids=list(city_ids), values=packed, sha256=checksum, created_by=actor
    )
    series.full_clean()
    series.save()
    record_act(actor, "add", series, sha256=checksum)
    return series


def _check_total(total: str, values: FloatArray) -> None:
    """Refuse a total that the values exceed by more than its digits leave open."""
    if total and values.sum() > float(total) + slack_of(total):
        raise Refused(
            _("The values sum to %(sum)s, more than the total of %(total)s. Correct the one or the other.")
            % {"sum": f"{values.sum():.15g}", "total": total}
        )


@transaction.atomic
def publish_series(series: OutsideSeries, *, actor: Account) -> OutsideSeries:
    """Let anybody read a series beside published runs without signing in."""
    series = still_there(OutsideSeries.objects.select_for_update(), series.pk)
    if not series.is_published:
        series.is_published = True
        series.save(update_fields=["is_published"])
        record_act(actor, "publish", series)
    return series


@transaction.atomic
def describe_series(
    series: OutsideSeries, *, name_zh: str, name_en: str, note: str, actor: Account
) -> OutsideSeries:
    """Change how a series is called and what is said of it; its figures never change."""
    series = _lock_unpublished(series)
    before = f"{series.name_zh} · {series.name_en}"
    series.name_zh, series.name_en, series.note = name_zh, name_en, note
    series.full_clean()
    series.save(update_fields=["name_zh", "name_en", "note"])
    record_act(actor, "describe", series, before=before)
    return series


@transaction.atomic
def remove_series(series: OutsideSeries, *, actor: Account) -> None:
    """Remove a series that nobody outside could read; the log keeps its name and checksum."""
    series = _lock_unpublished(series)
    record_act(actor, "remove", series, name_zh=series.name_zh, name_en=series.name_en, sha256=series.sha256)
    series.delete()


def _lock_unpublished(series: OutsideSeries) -> OutsideSeries:
    """Lock a series that may still change; a published one may be cited by whoever read it."""
    series = still_there(OutsideSeries.objects.select_for_update(), series.pk)
    if series.is_published:
        raise Refused(
            _("“%(name)s” is published: whoever read it may cite it, so it stays as it is.")
            % {"name": series.name}
        )
    return series
