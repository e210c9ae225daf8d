"""Registers of units: made once, added to, never rewritten."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.intake.countries import country_rows
from indexer.intake.registers import MAX_UNITS, CityRow, read_register
from indexer.models import City, Province, Region, Register
from indexer.services.groupings import put_in_groups
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


@transaction.atomic
def import_register(
    *,
    source: Source,
    filename: str,
    actor: Account,
    words: RegisterWords | None,
    register: Register | None,
    decisions: Decisions | None = None,
    most: int = MAX_UNITS,
) -> Register:
    """Read a file of at most so many units into a new register, or add them to one that is there.

    Raises `FileProblems` with everything wrong with the file, or `Refused`.
    """
    check_tables_of_a_day(actor)
    if words is not None:
        register = create_register(words, actor=actor)
    assert register is not None  # noqa: S101 - one of the two is given
    everything = (register.name_zh, register.name_en)
    ledger = decisions or Decisions()
    rows = read_register(source, filename, everything=everything, decisions=ledger, most=most)
    ledger.close()
    register_cities(rows, actor=actor, register=register)
    return register


@transaction.atomic
def import_countries(*, actor: Account) -> Register:
    """Make the register of the countries of ISO 3166, or complete the one that is there."""
    register = Register.objects.filter(name_zh=COUNTRIES.name_zh).first()
    register = register or create_register(COUNTRIES, actor=actor)
    everywhere = ("世界", "World")
    register_cities(country_rows(everywhere), actor=actor, register=register)
    return register


@transaction.atomic
def register_cities(
    rows: Iterable[CityRow], *, actor: Account, register: Register | None = None
) -> list[City]:
    """Add units, with provinces, regions and groups, to a register; return them in the order of the rows.

    Known ones stay as they are, but for a code, coordinates or groups that they lacked. Raises `Refused`
    naming every code that another unit has, or every unit that is in another group.
    """
    rows = list(rows)
    register = Register.objects.select_for_update(no_key=True).get(pk=(register or default_register()).pk)
    provinces = provinces_of(rows, register)
    known: dict[int, Named[City]] = {}
    held = list(City.objects.filter(register=register).order_by("pk"))
    for city in held:
        known.setdefault(city.province_id, Named()).add(city)
    places = [provinces[row.region, row.province] for row in rows]
    named = [known.setdefault(province.pk, Named()) for province in places]
    _check_codes(zip(rows, named, strict=True), held)
    changed: list[City] = []
    fresh: list[City] = []
    units: list[City] = []
    for row, province, beside in zip(rows, places, named, strict=True):
        known_city = beside.find((row.name_zh, row.name_en))
        city = known_city or beside.add(_new_city(register, province, row))
        if _complete(city, row) and known_city:
            changed.append(city)
        if known_city is None:
            fresh.append(city)
        units.append(city)
    # What is new is written as it has become.
    written = {city.pk: city for city in (*changed, *_completed(known.values())) if city.pk}
    City.objects.bulk_create(fresh, batch_size=BATCH)
    update_units(written.values())
    grouped = put_in_groups(register, units, rows)
    if fresh or written or grouped:
        further = {"grouped": grouped} if grouped else {}
        record_act(actor, "register", register, added=len(fresh), completed=len(written), **further)
    return units


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
    return found


def _new_city(register: Register, province: Province, row: CityRow) -> City:
    names = {"name_zh": row.name_zh, "name_en": row.name_en}
    return City(register=register, province=province, **names, aliases=list(row.aliases))


def update_units(cities: Iterable[City]) -> None:
    """Write units that are there already, with what they are found by."""
    changed = list(cities)
    for city in changed:
        # Of what is written at once Django asks no field what it would keep.
        City._meta.get_field("folded_names").pre_save(city, False)
    City.objects.bulk_update(changed, WRITTEN, batch_size=BATCH)


def _completed(named: Iterable[Named[City]]) -> Iterator[City]:
    """Yield the units that took over a name in the language that they had none in."""
    for members in named:
        yield from members.completed


def _check_codes(rows: Iterable[tuple[CityRow, Named[City]]], known: Iterable[City]) -> None:
    holders = {city.code: city for city in known if city.code}
    blockers = []
    for row, beside in rows:
        holder = holders.get(row.code)
        if holder and beside.one_of((row.name_zh, row.name_en)) is not holder:
            message = _("The code %(code)s of %(name)s is that of %(other)s. Correct it.")
            blockers.append(message % {"code": row.code, "name": row.own_name, "other": holder.name})
    if blockers:
        raise Refused(*blockers)


def _complete(city: City, row: CityRow) -> bool:
    """Take over what the register did not know yet; return whether there was anything."""
    lacks_code = not city.code and bool(row.code)
    lacks_place = city.latitude is None and row.latitude is not None
    if lacks_code:
        city.code = row.code
    if lacks_place:
        city.latitude, city.longitude = row.latitude, row.longitude
    return lacks_code or lacks_place
