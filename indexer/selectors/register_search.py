"""Which register the units of a file are in."""

from collections.abc import Sequence

from django.db.models import Count, Q

from indexer.intake.countries import countries
from indexer.intake.hints import unit_key
from indexer.intake.mapping import UnitFinder, hints_about
from indexer.models import City, Register
from indexer.selectors.unit_names import UnitsOfRegister

# So many different names tell whose they are, if a register has half of them.
ENOUGH_NAMES = 300
HALF = 0.5
# Of a larger register, names are not taken apart to see whether they are meant.
MOST_TAKEN_APART = 20_000


def register_of(units: Sequence[str]) -> Register | None:
    """Return the register that has most of some units, and at least half of them.

    Names and codes as they are spelt in a register come before names that are found otherwise.
    """
    names = list(dict.fromkeys(units))[:ENOUGH_NAMES]
    is_there = Q(name_zh__in=names) | Q(name_en__in=names) | Q(code__in=[name for name in names if name])
    counts = City.objects.filter(is_there).values_list("register").annotate(found=Count("pk"))
    found = dict(counts.order_by("register"))
    if max(found.values(), default=0) < HALF * len(names):
        sizes = dict(City.objects.values_list("register").annotate(size=Count("pk")).order_by("register"))
        found = {pk: _count_known(names, pk) for pk, size in sizes.items() if size <= MOST_TAKEN_APART}
    best = max(found, key=lambda pk: found[pk], default=None)
    if best is None or found[best] < max(HALF * len(names), 1):
        return None
    return Register.objects.get(pk=best)


def _count_known(names: Sequence[str], pk: int) -> int:
    finder = UnitFinder(UnitsOfRegister(Register.objects.get(pk=pk)), names)
    return sum(map(finder.knows, names))


def are_countries(units: Sequence[str]) -> bool:
    """Tell units of which at least half are countries, by name or code."""
    keys = {unit_key(unit) for unit in dict.fromkeys(units)}
    return bool(keys) and len(keys & hints_about(countries(), ()).units) >= HALF * len(keys)
