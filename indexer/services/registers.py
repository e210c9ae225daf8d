"""Registers of units: made once, added to, never rewritten."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.intake.countries import country_rows
from indexer.intake.registers import CityRow, read_register
from indexer.models import City, Province, Region, Register
from indexer.services.groupings import put_in_groups
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.models.named import names_key
from weighting.readers import Source
from weighting.readers.decisions import Decisions
from weighting.services.audit import record_act
from weighting.services.quotas import check_tables_of_a_day

DEFAULT = {"name_zh": "中国城市", "name_en": "Cities of China"}
BATCH = 500


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
) -> Register:
    """Read a file of units into a new register, or add them to one that is there.

    Raises `FileProblems` with everything wrong with the file, or `Refused`.
    """
    check_tables_of_a_day(actor)
    if words is not None:
        register = create_register(words, actor=actor)
    assert register is not None  # noqa: S101 - one of the two is given
    everything = (register.name_zh, register.name_en)
    ledger = decisions or Decisions()
    rows = read_register(source, filename, everything=everything, decisions=ledger)
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
    provinces = _provinces_of(rows, register)
    known = {(city.province_id, city.own_name): city for city in City.objects.filter(register=register)}
    _check_codes(rows, provinces, known)
    changed: list[City] = []
    fresh: list[City] = []
    for row in rows:
        province = provinces[row.region, row.province]
        city = known.get((province.pk, row.own_name))
        if city is None:
            city = known[province.pk, row.own_name] = City(
                register=register,
                province=province,
                name_zh=row.name_zh,
                name_en=row.name_en,
                aliases=list(row.aliases),
            )
            fresh.append(city)
            _complete(city, row)
        elif _complete(city, row):
            changed.append(city)
    City.objects.bulk_create(fresh, batch_size=BATCH)
    City.objects.bulk_update(changed, ["code", "latitude", "longitude"], batch_size=BATCH)
    units = [known[provinces[row.region, row.province].pk, row.own_name] for row in rows]
    grouped = put_in_groups(register, units, rows)
    if fresh or changed or grouped:
        further = {"grouped": grouped} if grouped else {}
        record_act(actor, "register", register, added=len(fresh), completed=len(changed), **further)
    return units


def _provinces_of(rows: Iterable[CityRow], register: Register) -> dict[tuple[str, str], Province]:
    """Return the province of each pair of names, made where it was not there."""
    regions = {region.own_name: region for region in Region.objects.filter(register=register)}
    found = {
        (province.region.own_name, province.own_name): province
        for province in Province.objects.filter(region__register=register).select_related("region")
    }
    for row in rows:
        if row.region not in regions:
            regions[row.region] = Region.objects.create(
                register=register, name_zh=row.region_zh, name_en=row.region_en
            )
        if (row.region, row.province) not in found:
            found[row.region, row.province] = Province.objects.create(
                region=regions[row.region], name_zh=row.province_zh, name_en=row.province_en
            )
    return found


def _check_codes(
    rows: Iterable[CityRow],
    provinces: dict[tuple[str, str], Province],
    known: dict[tuple[int, str], City],
) -> None:
    holders = {city.code: city for city in known.values() if city.code}
    blockers = []
    for row in rows:
        holder = holders.get(row.code)
        place = (provinces[row.region, row.province].pk, row.own_name)
        if holder and (holder.province_id, holder.own_name) != place:
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
