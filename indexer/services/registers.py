"""Registers of units: made once, added to, never rewritten."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _

from indexer.intake.countries import country_rows
from indexer.intake.registers import MAX_UNITS, CityRow, read_register
from indexer.models import City, Province, Region, Register
from indexer.services.groupings import put_in_groups
from indexer.services.known_units import FIELDS, KnownUnit
from indexer.services.named import Named
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.models.named import names_key
from weighting.readers import Source
from weighting.readers.decisions import Decisions
from weighting.services.audit import record_act
from weighting.services.quotas import check_tables_of_a_day

DEFAULT = {"name_zh": "中国城市", "name_en": "Cities of China"}
BATCH = 500
WRITTEN = [
    *("name_zh", "name_en", "aliases", "folded_names", "province"),
    *("code", "latitude", "longitude"),
]


@dataclass(frozen=True)
class RegisterWords:
    """What a register and its units are called."""

    name_zh: str = ""
    name_en: str = ""
    unit_zh: str = "城市"
    unit_en: str = "city"
    units_en: str = "cities"
    province_zh: str = "省份"
    province_en: str = "province"
    region_zh: str = "地区"
    region_en: str = "region"


COUNTRIES = RegisterWords(
    name_zh="世界各国",
    name_en="Countries of the world",
    unit_zh="国家",
    unit_en="country",
    units_en="countries",
)


def default_register() -> Register:
    """Return the register of the cities of China, made on its first use."""
    register, _created = Register.objects.get_or_create(
        name_zh=DEFAULT["name_zh"], defaults={"name_en": DEFAULT["name_en"]}
    )
    return register


@transaction.atomic
def create_register(words: RegisterWords, *, actor: Account) -> Register:
    """Make a register without units; raises `Refused` when the name is taken."""
    named = vars(words)
    Register(**named).full_clean(validate_unique=False, validate_constraints=False)
    # Two at once: one makes it, and the other finds it made.
    register, is_new = Register.objects.get_or_create(
        **names_key(words.name_zh, words.name_en), defaults=named
    )
    if not is_new:
        raise Refused(
            _("There is a register called “%(name)s” already. Add to it, or choose another name.")
            % {"name": words.name_zh or words.name_en}
        )
    record_act(actor, "create", register)
    return register


def import_register(
    *,
    source: Source,
    filename: str,
    actor: Account,
    into: Register | RegisterWords,
    decisions: Decisions | None = None,
    most: int = MAX_UNITS,
) -> Register:
    """Read a file of at most so many units into a register that is there, or a new one of these words.

    Raises `FileProblems` with everything wrong with the file, or `Refused`.
    """
    ledger = decisions or Decisions()
    # Outside of what is locked: see `keep_within_quota`.
    rows = read_register(
        source, filename, everything=(into.name_zh, into.name_en), decisions=ledger, most=most
    )
    ledger.close()
    return _store_register(rows, into=into, actor=actor)


@transaction.atomic
def _store_register(rows: Sequence[CityRow], *, into: Register | RegisterWords, actor: Account) -> Register:
    check_tables_of_a_day(actor)
    if isinstance(into, RegisterWords):
        register = create_register(into, actor=actor)
        _name_only_groups(register, rows)
    else:
        register = into
    register_units(rows, actor=actor, register=register)
    return register


def _name_only_groups(register: Register, rows: Sequence[CityRow]) -> None:
    """Call the groups of a file that has regions alone by the word for regions, unless one was given."""
    is_named = register.province_zh or register.province_en
    if is_named or any(row.says_province for row in rows) or not any(row.says_region for row in rows):
        return
    given = (register.region_zh, register.region_en)
    known = (RegisterWords.region_zh, RegisterWords.region_en)
    register.province_zh, register.province_en = given if any(given) else known
    register.save(update_fields=["province_zh", "province_en"])


@transaction.atomic
def import_countries(*, actor: Account) -> Register:
    """Make the register of the countries of ISO 3166, or complete the one that is there."""
    register = Register.objects.filter(name_zh=COUNTRIES.name_zh).first()
    register = register or create_register(COUNTRIES, actor=actor)
    everywhere = ("世界", "World")
    register_units(country_rows(everywhere), actor=actor, register=register)
    return register


@transaction.atomic
def register_units(
    rows: Sequence[CityRow], *, actor: Account, register: Register | None = None
) -> list[KnownUnit]:
    """Add units, with provinces, regions and groups, to a register; return them in the order of the rows.

    Known ones stay as they are, but for a code, coordinates or groups that they lacked. Raises `Refused`
    naming every code that another unit has, or every unit that is in another group.
    """
    register = Register.objects.select_for_update(no_key=True).get(pk=(register or default_register()).pk)
    provinces = provinces_of(rows, register)
    held = _units_held(register)
    known: dict[int, Named[KnownUnit]] = {}
    for one in held:
        known.setdefault(one.province_id, Named()).add(one)
    beside = {place: known.setdefault(province.pk, Named()) for place, province in provinces.items()}
    _check_codes(rows, held, beside)
    met = _meet(rows, provinces, beside)
    # What is new is written as it has become.
    written = {unit.pk: unit for unit in (*met.changed, *_completed(known.values())) if unit.pk}
    _write(met.fresh, list(written.values()), register)
    grouped = put_in_groups(register, met.units, rows)
    if met.fresh or written or grouped:
        further = {"grouped": grouped} if grouped else {}
        record_act(actor, "register", register, added=len(met.fresh), completed=len(written), **further)
    return met.units


@dataclass(frozen=True)
class _Met:
    """The units of some rows, in their order; which of them are new, and which were completed."""

    units: list[KnownUnit] = field(default_factory=list)
    fresh: list[KnownUnit] = field(default_factory=list)
    changed: list[KnownUnit] = field(default_factory=list)


def _units_held(register: Register) -> list[KnownUnit]:
    held = City.objects.filter(register=register).order_by("pk").values_list(*FIELDS)
    return [KnownUnit(*said) for said in held.iterator()]


def _meet(
    rows: Sequence[CityRow],
    provinces: Mapping[tuple[str, str], Province],
    beside: Mapping[tuple[str, str], Named[KnownUnit]],
) -> _Met:
    """Find the unit of each row among those ``beside`` it in its province, or add it to them."""
    met = _Met()
    for row in rows:
        place = row.region, row.province
        unit = beside[place].find(row.names)
        if unit is None:
            unit = beside[place].add(KnownUnit(0, provinces[place].pk, *row.names, list(row.aliases)))
            _complete(unit, row)
            met.fresh.append(unit)
        elif _complete(unit, row):
            met.changed.append(unit)
        met.units.append(unit)
    return met


def _write(fresh: Sequence[KnownUnit], completed: Sequence[KnownUnit], register: Register) -> None:
    """Write units that are new, which then know their keys, and those that were completed."""
    for batch in _batches(fresh):
        made = City.objects.bulk_create(unit.as_city(register) for unit in batch)
        for unit, city in zip(batch, made, strict=True):
            unit.pk = city.pk
    for batch in _batches(completed):
        update_units(unit.as_city(register) for unit in batch)
    if completed:
        _count_completion(register)


def register_cities(
    rows: Iterable[CityRow], *, actor: Account, register: Register | None = None
) -> list[City]:
    """Add units as `register_units` does, and return them as rows of the database."""
    register = register or default_register()
    return [unit.as_city(register) for unit in register_units(list(rows), actor=actor, register=register)]


def provinces_of(rows: Iterable[CityRow], register: Register) -> dict[tuple[str, str], Province]:
    """Return the province of each pair of own names, found by either name and made where it was not there."""
    regions = Named(Region.objects.filter(register=register))
    inside: dict[int, Named[Province]] = {}
    for province in (
        Province.objects.filter(region__register=register).select_related("region").order_by("pk")
    ):
        inside.setdefault(province.region_id, Named()).add(province)
    found: dict[tuple[str, str], Province] = {}
    for row in rows:
        if (row.region, row.province) in found:
            continue
        names = {"name_zh": row.region_zh, "name_en": row.region_en}
        region = regions.find((row.region_zh, row.region_en))
        region = region or regions.add(Region.objects.create(register=register, **names))
        inside_it = inside.setdefault(region.pk, Named())
        names = {"name_zh": row.province_zh, "name_en": row.province_en}
        known = inside_it.find((row.province_zh, row.province_en))
        province = known or inside_it.add(Province.objects.create(region=region, **names))
        found[row.region, row.province] = province
    completed = [province for named in inside.values() for province in named.completed]
    for place in (*regions.completed, *completed):
        place.save(update_fields=["name_zh", "name_en"])
    if regions.completed or completed:
        _count_completion(register)
    return found


def _count_completion(register: Register) -> None:
    """Let answers that are kept of older results be asked for anew: they show what was filled in."""
    Register.objects.filter(pk=register.pk).update(completions=F("completions") + 1, completed_at=now())


def update_units(cities: Iterable[City]) -> None:
    """Write units that are there already, with what they are found by."""
    changed = list(cities)
    for city in changed:
        # Of what is written at once Django asks no field what it would keep.
        City._meta.get_field("folded_names").pre_save(city, False)
    City.objects.bulk_update(changed, WRITTEN, batch_size=BATCH)


def _batches(units: Sequence[KnownUnit]) -> Iterator[Sequence[KnownUnit]]:
    for start in range(0, len(units), BATCH):
        yield units[start : start + BATCH]


def _completed(named: Iterable[Named[KnownUnit]]) -> Iterator[KnownUnit]:
    """Yield the units that took over a name in the language that they had none in."""
    for members in named:
        yield from members.completed


def _check_codes(
    rows: Iterable[CityRow],
    held: Iterable[KnownUnit],
    beside: Mapping[tuple[str, str], Named[KnownUnit]],
) -> None:
    """Raise `Refused` naming each code of a unit that is there which a row gives to another one."""
    holders = {unit.code: unit for unit in held if unit.code}
    blockers = []
    for row in rows if holders else ():
        holder = holders.get(row.code)
        if holder and beside[row.region, row.province].one_of(row.names) is not holder:
            message = _("The code %(code)s of %(name)s is that of %(other)s. Correct it.")
            blockers.append(message % {"code": row.code, "name": row.own_name, "other": holder.name})
    if blockers:
        raise Refused(*blockers)


def _complete(unit: KnownUnit, row: CityRow) -> bool:
    """Take over what the register did not know yet; return whether there was anything."""
    lacks_code = not unit.code and bool(row.code)
    lacks_place = unit.latitude is None and row.latitude is not None
    if lacks_code:
        unit.code = row.code
    if lacks_place:
        unit.latitude, unit.longitude = row.latitude, row.longitude
    return lacks_code or lacks_place
