"""A corrected edition of a register that is in use: what units are called, and where they lie."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.intake.registers import CityRow, read_register
from indexer.models import City, Province, Register, RegisterEdition, UnitCorrection
from indexer.names import fold_name
from indexer.selectors.register_editions import CORRECTED
from indexer.services.groupings import put_in_groups
from indexer.services.named import Named
from indexer.services.registers import BATCH, provinces_of, register_units, update_units
from weighting.exceptions import Refused
from weighting.manifest import hash_bytes
from weighting.models import Account
from weighting.readers.decisions import Decisions
from weighting.services.audit import record_act
from weighting.services.quotas import check_tables_of_a_day

Column = Mapping[str, Any]
# More are counted.
MOST_NAMED = 20


@dataclass(frozen=True)
class CorrectionFile:
    """A file of units as its reader takes it."""

    source: bytes
    name: str
    decisions: Decisions | None = None


def correct_register(
    register: Register, *, file: CorrectionFile, reason: str, adds: bool = False, actor: Account
) -> RegisterEdition:
    """Make the next edition of a register: every cell that a file fills in takes the place of what was there.

    A unit is found by what it ``was`` called, else by its code, else by its name. What was computed before
    keeps what it was computed with. Units that are not there are refused, unless the file ``adds`` them.
    Raises `FileProblems` with everything wrong with the file, or `Refused`.
    """
    if not reason.strip():
        raise Refused(_("Say why the register is corrected: readers of earlier results see it."))
    ledger = file.decisions or Decisions()
    everything = (register.name_zh, register.name_en)
    # Outside of what is locked: see `keep_within_quota`.
    rows = read_register(file.source, file.name, everything=everything, decisions=ledger, corrects=True)
    ledger.close()
    return _make_edition(register, rows, file, reason, adds=adds, actor=actor)


@transaction.atomic
def _make_edition(
    register: Register,
    rows: Sequence[CityRow],
    file: CorrectionFile,
    reason: str,
    *,
    adds: bool,
    actor: Account,
) -> RegisterEdition:
    check_tables_of_a_day(actor)
    register = Register.objects.select_for_update(no_key=True).get(pk=register.pk)
    units = list(City.objects.filter(register=register).order_by("pk"))
    found = _find(rows, units)
    known = [(row, city) for row, city in zip(rows, found, strict=True) if city is not None]
    fresh = [row for row, city in zip(rows, found, strict=True) if city is None]
    if fresh and not adds:
        raise Refused(*_not_there(fresh))
    changes = _changes(known, register)
    grouped = put_in_groups(register, [city for _row, city in known], [row for row, _city in known])
    if not (changes or fresh or grouped):
        raise Refused(_("Every cell of the file says what the register says already: nothing is corrected."))
    _check_alike(units)
    edition = _keep(register, changes, file, reason, actor, added=len(fresh))
    if fresh:
        register_units(fresh, actor=actor, register=register)
    return edition


def _keep(
    register: Register,
    changes: Mapping[int, tuple[City, Column]],
    file: CorrectionFile,
    reason: str,
    actor: Account,
    *,
    added: int,
) -> RegisterEdition:
    """Write the units, and what they said before under the number of the new edition."""
    register.edition += 1
    register.save(update_fields=["edition"])
    edition = RegisterEdition(
        register=register,
        number=register.edition,
        reason=reason.strip(),
        file_name=file.name[:255],
        file_sha256=hash_bytes(file.source),
        added=added,
        created_by=actor,
    )
    edition.full_clean()
    edition.save()
    corrections = [
        UnitCorrection(
            edition=edition,
            city=city,
            before=dict(before),
            after={column: getattr(city, column) for column in before},
        )
        for city, before in changes.values()
    ]
    UnitCorrection.objects.bulk_create(corrections, batch_size=BATCH)
    _write([city for city, _before in changes.values()])
    record_act(actor, "correct", register, edition=edition.number, corrected=len(corrections), added=added)
    return edition


def _write(changed: Sequence[City]) -> None:
    """Write units, of which one may take over a code or a name that another one had until now."""
    held = [(city.name_zh, city.name_en, city.code) for city in changed]
    for city in changed:
        city.name_zh, city.name_en, city.code = f"~{city.pk}", "", ""
    update_units(changed)
    for city, said in zip(changed, held, strict=True):
        city.name_zh, city.name_en, city.code = said
    update_units(changed)


class _Units:
    """The units of a register, by their codes and by whatever they are called."""

    def __init__(self, units: Iterable[City]) -> None:
        self._coded: dict[str, City] = {}
        self._called: dict[str, list[City]] = {}
        for unit in units:
            if unit.code:
                self._coded[unit.code] = unit
            for name in {fold_name(name) for name in (unit.name_zh, unit.name_en, *unit.aliases) if name}:
                self._called.setdefault(name, []).append(unit)

    def find(self, row: CityRow) -> tuple[City | None, str]:
        """Return the unit of a row, None where there is none, and in words what is unclear about it."""
        alike = self._alike(row)
        named, coded = _the_one(row, alike), None if row.was else self._coded.get(row.code)
        city = coded or named
        if city is None and (alike or row.was):
            return None, _unclear(row, alike)
        if named and coded and named is not coded:
            words = {"code": row.code, "name": named.name, "other": coded.name}
            return city, _("The code %(code)s of %(name)s is that of %(other)s. Correct it.") % words
        return city, ""

    def _alike(self, row: CityRow) -> list[City]:
        """Return the units that are called as a row says its unit was, or else is."""
        names = [fold_name(name) for name in ((row.was,) if row.was else row.names) if name]
        return list({unit.pk: unit for name in names for unit in self._called.get(name, ())}.values())


def _find(rows: Sequence[CityRow], units: Sequence[City]) -> list[City | None]:
    """Return the unit of each row, None where there is none; raises `Refused` where several may be meant."""
    known = _Units(units)
    found = [known.find(row) for row in rows]
    counts = Counter(city.pk for city, _why in found if city)
    twice = [unit for unit in units if counts[unit.pk] > 1]
    blockers = [why for _city, why in found if why]
    blockers += [_("Two rows correct %(name)s. Keep one.") % {"name": unit.name} for unit in twice]
    if blockers:
        raise Refused(*blockers[:MOST_NAMED])
    return [city for city, _why in found]


def _the_one(row: CityRow, alike: Sequence[City]) -> City | None:
    """Return the unit that is meant: the only one, else the only one of which the name is its own."""
    if len(alike) == 1:
        return alike[0]
    own = [city for city in alike if (row.was or row.own_name) in (city.name_zh, city.name_en)]
    return own[0] if len(own) == 1 else None


def _unclear(row: CityRow, alike: Sequence[City]) -> str:
    words = {"name": row.was or row.own_name, "count": len(alike)}
    if not alike:
        return _("No unit of the register was called “%(name)s”. Correct the column was.") % words
    return _("%(count)s units are called “%(name)s”. Give the code of the one that is meant.") % words


def _not_there(fresh: Sequence[CityRow]) -> list[str]:
    message = _(
        "The register has no “%(name)s”. Write what it is called there in a column was, or let the file add "
        "the units that are not there."
    )
    blockers = [message % {"name": row.own_name} for row in fresh[:MOST_NAMED]]
    if len(fresh) > MOST_NAMED:
        blockers.append(_("And %(count)s more.") % {"count": len(fresh) - MOST_NAMED})
    return blockers


def _changes(
    known: Iterable[tuple[CityRow, City]], register: Register
) -> dict[int, tuple[City, dict[str, Any]]]:
    """Let each unit say what its row says; return those that changed, with what they said before."""
    pairs = list(known)
    provinces = _places(pairs, register)
    changes = {}
    for (row, city), province in zip(pairs, provinces, strict=True):
        before = {column: getattr(city, column) for column in CORRECTED}
        _correct(city, row, province)
        changed = {column: said for column, said in before.items() if getattr(city, column) != said}
        if changed:
            changes[city.pk] = city, changed
    return changes


def _correct(city: City, row: CityRow, province: Province | None) -> None:
    former = [city.name_zh, city.name_en]
    city.name_zh, city.name_en = row.name_zh or city.name_zh, row.name_en or city.name_en
    city.code = row.code or city.code
    if row.latitude is not None:
        city.latitude, city.longitude = row.latitude, row.longitude
    if province is not None:
        city.province = province
    aliases = list(row.aliases) if row.aliases else list(city.aliases)
    # Files that call it as before still find it.
    lost = [name for name in former if name and name not in (city.name_zh, city.name_en, *aliases)]
    city.aliases = [*aliases, *lost]


def _places(pairs: Sequence[tuple[CityRow, City]], register: Register) -> list[Province | None]:
    """Return the province that each row states; a province alone is the one of that name that there is."""
    stated = [row for row, _city in pairs if row.says_province or row.says_region]
    if not stated:
        return [None] * len(pairs)
    there = Named(Province.objects.filter(region__register=register).order_by("pk"))
    alone = {
        id(row): there.one_of((row.province_zh, row.province_en)) for row in stated if not row.says_region
    }
    made = provinces_of([row for row in stated if not alone.get(id(row))], register)
    return [
        (alone.get(id(row)) or made[row.region, row.province])
        if row.says_province or row.says_region
        else None
        for row, _city in pairs
    ]


def _check_alike(units: Iterable[City]) -> None:
    """Raise `Refused` where two units of the register would have one code, or one name in one province."""
    codes = Counter(city.code for city in units if city.code)
    names = Counter((city.province_id, city.own_name) for city in units)
    message = _("Two units would have the code %(code)s. Correct one of them.")
    blockers = [message % {"code": code} for code, count in codes.items() if count > 1]
    message = _("Two units of one place would be called “%(name)s”. Correct one of them.")
    blockers += [message % {"name": name} for (_place, name), count in names.items() if count > 1]
    if blockers:
        raise Refused(*blockers[:MOST_NAMED])
