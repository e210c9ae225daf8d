"""What files may call the units of a register, read anew for each look through it.

A register may have a million units: nothing is kept of one once the next is told.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from django.db.models import Case, Count, F, QuerySet, TextField, When
from django.db.models.functions import Cast
from django.utils.translation import get_language

from indexer.intake.countries import codes_beside
from indexer.intake.mapping import UnitNames
from indexer.models import City, Register

# A unit with its names takes a kilobyte: less than a file of so many rows does.
MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit of a register by its names; ``aliases`` is the list as JSON."""

    pk: int
    zh: str
    en: str
    code: str
    aliases: str
    label: str
    shown: str


@dataclass(frozen=True)
class UnitsOfRegister(Iterable[UnitNames]):
    """The units of a register with everything that a file may call them; none without one."""

    register: Register | None

    def __iter__(self) -> Iterator[UnitNames]:
        for unit in _units_of(self.register):
            yield UnitNames(
                key=str(unit.pk),
                label=unit.label,
                shown=unit.shown,
                names=tuple(filter(None, (unit.zh, unit.en, unit.code))),
                aliases=tuple(json.loads(unit.aliases)) if unit.aliases != "[]" else (),
                codes=codes_beside(unit.code, (unit.en, unit.zh)),
            )


def units_kept(register: Register | None) -> Iterable[UnitNames]:
    """Return the units of a register for several looks: read once, unless there are too many to keep."""
    units = UnitsOfRegister(register)
    kept = list(islice(units, MOST_KEPT + 1))
    return kept if len(kept) <= MOST_KEPT else units


def labels_of(register: Register | None) -> dict[str, str]:
    """Return how readers see the units of a register, by the key of each."""
    return {str(unit.pk): unit.shown for unit in _units_of(register)}


def _units_of(register: Register | None) -> Iterator[_Unit]:
    """Yield the units of a register; names that two of them share carry the province."""
    if register is None:
        return
    shared = {own for own, _count in _shared_names().filter(register=register)}
    chinese_first = (get_language() or "").startswith("zh")
    for pk, zh, en, code, listed, province_zh, province_en in (
        _rows_of_units().filter(register=register).iterator()
    ):
        own = zh or en
        label = f"{own}（{province_zh or province_en}）" if own in shared else own
        # Matches are found by the register's own name, whoever looks; a reader's own language comes first.
        other = en if en != own else ""
        told = f"{own} ({province_en or province_zh})" if own in shared and not zh else label
        both = (told, other) if chinese_first else (other, told)
        yield _Unit(pk, zh, en, code, listed, label, " ".join(filter(None, both)))


# Every step of an import asks both, and to put them together took as long as to ask them.
@cache
def _shared_names() -> QuerySet[City, tuple[str, int]]:
    """Ask for the names that several units share, and how many."""
    own_name = Case(When(name_zh="", then=F("name_en")), default=F("name_zh"))
    named = City.objects.order_by().values_list(own_name)
    return named.annotate(count=Count("pk")).filter(count__gt=1)


@cache
def _rows_of_units() -> QuerySet[City, tuple[Any, ...]]:
    """Ask for rows, not models: few of the lists of aliases hold one."""
    aliases = Cast("aliases", TextField())
    columns = ("pk", "name_zh", "name_en", "code", aliases, "province__name_zh", "province__name_en")
    return City.objects.order_by("pk").values_list(*columns)
