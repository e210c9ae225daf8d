"""Outside series: read from a file, checked as a whole, stored as one immutable block."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.intake.mapping import TOTALS, Match, UnitFinder
from indexer.models import OutsideSeries, Register
from indexer.selectors.data_imports import unit_names_of
from weighting.exceptions import Refused
from weighting.manifest import canonical_json
from weighting.models import Account
from weighting.numeric.arrays import FloatArray
from weighting.readers import CellError, ProblemLog, Source, check_header, parse_number, read_table
from weighting.services.audit import record_act

COLUMNS = ("unit", "value")


def import_series(
    *,
    source: Source,
    filename: str,
    register: Register,
    name_zh: str,
    name_en: str,
    unit: str,
    year: int,
    actor: Account,
    note: str = "",
) -> OutsideSeries:
    """Check a file (CSV, XLSX) of cities and values against the register, then store it.

    Raises `FileProblems` with every problem of the file, or `Refused` when the same values are
    already there.
    """
    log = ProblemLog(filename)
    found = _read_values(source, log, register)
    log.raise_if_any()
    return add_series(
        register=register,
        name_zh=name_zh,
        name_en=name_en,
        unit=unit,
        year=year,
        city_ids=sorted(found),
        values=np.array([found[city_id] for city_id in sorted(found)]),
        actor=actor,
        note=note,
    )


@transaction.atomic
def add_series(
    *,
    register: Register,
    name_zh: str,
    name_en: str,
    unit: str,
    year: int,
    city_ids: Sequence[int],
    values: FloatArray,
    actor: Account,
    note: str = "",
) -> OutsideSeries:
    """Store checked values, one for each city.

    The register's row is the lock: of two that bring the same at once the later sees the other.
    """
    Register.objects.select_for_update(no_key=True).get(pk=register.pk)
    packed = np.ascontiguousarray(values, dtype="<f8").tobytes()
    labels = canonical_json({"register": register.pk, "unit": unit, "year": year, "cities": list(city_ids)})
    checksum = hashlib.sha256(labels + packed).hexdigest()
    existing = OutsideSeries.objects.filter(sha256=checksum).first()
    if existing:
        raise Refused(_("The same data is already stored as “%(name)s”.") % {"name": existing.name})
    series = OutsideSeries(
        register=register,
        name_zh=name_zh,
        name_en=name_en,
        unit=unit,
        year=year,
        note=note,
        city_ids=list(city_ids),
        values=packed,
        sha256=checksum,
        created_by=actor,
    )
    series.full_clean()
    series.save()
    record_act(actor, "add", series, sha256=checksum)
    return series


@transaction.atomic
def publish_series(series: OutsideSeries, *, actor: Account) -> OutsideSeries:
    """Let anybody read a series beside published runs without signing in."""
    series = OutsideSeries.objects.select_for_update().get(pk=series.pk)
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
    series = OutsideSeries.objects.select_for_update().get(pk=series.pk)
    if series.is_published:
        raise Refused(
            _("“%(name)s” is published: whoever read it may cite it, so it stays as it is.")
            % {"name": series.name}
        )
    return series


def _read_values(source: Source, log: ProblemLog, register: Register) -> dict[int, float]:
    """Return the value of each city; note names that stand for none or come twice, and no numbers."""
    table = read_table(source, log)
    if table is None or not check_header(table, log, required=COLUMNS):
        return {}
    units = unit_names_of(register)
    finder, labels = UnitFinder(units), {unit.key: unit.label for unit in units}
    found: dict[int, float] = {}
    rows: dict[str, int] = {}
    for line, cells in table.records(COLUMNS):
        match = finder.find(cells["unit"])
        value = _read_value(cells["value"], line, log)
        if not match.is_settled or match.to == TOTALS:
            log.add(_complaint(cells["unit"], match, labels), row=line, column="unit", value=cells["unit"])
        elif rows.setdefault(match.to, line) != line:
            message = _("The unit is already in row %(first)d. Keep one of the rows.")
            log.add(message % {"first": rows[match.to]}, row=line, column="unit", value=cells["unit"])
        elif value is not None:
            found[int(match.to)] = value
    if not found and not log.problems:
        log.add(_("The file has no value of any unit. Add a row for each unit with its value."))
    return found


def _complaint(name: str, match: Match, labels: Mapping[str, str]) -> str:
    nearest = ", ".join(labels[key] for key in match.nearest)
    if not name.strip():
        return _("Every row names its unit. Fill it in.")
    if match.to == TOTALS:
        return _("This is a total, not a unit. Delete the row.")
    if not nearest:
        return _("The register has no such unit, nor any with a similar name. Correct it.")
    if match.how == "near":
        return _("The register has no such unit. Nearest names: %(nearest)s.") % {"nearest": nearest}
    return _("Several units could be meant: %(nearest)s. Write one of these.") % {"nearest": nearest}


def _read_value(text: str, line: int, log: ProblemLog) -> float | None:
    """Return a number; None for an empty cell, which is a city without a value, and for a wrong one."""
    if not text:
        return None
    try:
        return parse_number(text)
    except CellError as error:
        log.add(str(error), row=line, column="value", value=text)
        return None
