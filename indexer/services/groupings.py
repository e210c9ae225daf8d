"""Groupings of a register: made as its files name them, added to, never rewritten."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from indexer.intake.registers import CityRow
from indexer.models import City, Grouping, GroupMember, Register, UnitGroup
from indexer.services.known_units import KnownUnit
from weighting.exceptions import Refused
from weighting.readers.languages import names_by_script

BATCH = 500


def put_in_groups(register: Register, units: Sequence[City | KnownUnit], rows: Sequence[CityRow]) -> int:
    """Put units into the groups that their rows name, made where they were not there; return how many.

    A unit that is in the group already, or of which a row says nothing, stays as it is: finished runs and
    methods go by what there was. Raises `Refused` naming every unit that a row would move.
    """
    codes = list(dict.fromkeys(code for row in rows for code in row.groups))
    if not codes:
        return 0
    groupings = _groupings_of(register, codes)
    groups = _groups_of(groupings, rows)
    by_pk = {group.pk: group for group in UnitGroup.objects.filter(grouping__register=register)}
    members = GroupMember.objects.filter(grouping__register=register)
    held = {
        (grouping, unit): group
        for grouping, unit, group in members.values_list("grouping_id", "city_id", "group_id").iterator()
    }
    blockers: list[str] = []
    fresh: list[tuple[int, int, int]] = []
    for unit, row in zip(units, rows, strict=True):
        for code, names in row.groups.items():
            grouping, group = groupings[code], groups[code, _own(names)]
            known = held.get((grouping.pk, unit.pk))
            if known is None:
                held[grouping.pk, unit.pk] = group.pk
                fresh.append((grouping.pk, group.pk, unit.pk))
            elif known != group.pk:
                blockers.append(_told(unit, grouping, by_pk[known], group))
    if blockers:
        raise Refused(*blockers)
    for start in range(0, len(fresh), BATCH):
        GroupMember.objects.bulk_create(
            GroupMember(grouping_id=grouping, group_id=group, city_id=unit)
            for grouping, group, unit in fresh[start : start + BATCH]
        )
    return len(fresh)


def _groupings_of(register: Register, codes: Sequence[str]) -> dict[str, Grouping]:
    """Return the groupings by their codes; a new one is named as its code is, in words."""
    found = {grouping.code: grouping for grouping in Grouping.objects.filter(register=register)}
    for code in codes:
        if code not in found:
            words = code.replace("_", " ")
            chinese, english = names_by_script(words[:1].upper() + words[1:])
            found[code] = Grouping.objects.create(
                register=register, code=code, name_zh=chinese, name_en=english
            )
    return found


def _groups_of(
    groupings: Mapping[str, Grouping], rows: Sequence[CityRow]
) -> dict[tuple[str, str], UnitGroup]:
    """Return the group of each name, by the code of its grouping; complete what has no name in a language."""
    found: dict[tuple[str, str], UnitGroup] = {}
    codes = {grouping.pk: code for code, grouping in groupings.items()}
    for group in UnitGroup.objects.filter(grouping__in=codes):
        for name in filter(None, (group.name_en, group.name_zh)):
            found[codes[group.grouping_id], name] = group
    wanted = dict.fromkeys((code, names) for row in rows for code, names in row.groups.items())
    for code, names in wanted:
        known = [found[code, name] for name in names if (code, name) in found]
        if not known:
            known = [UnitGroup.objects.create(grouping=groupings[code], name_zh=names[0], name_en=names[1])]
        elif _complete(known[0], names):
            known[0].save(update_fields=["name_zh", "name_en"])
        found |= {(code, name): known[0] for name in names if name}
    return found


def _complete(group: UnitGroup, names: tuple[str, str]) -> bool:
    """Take over the name that a group lacked; return whether there was one."""
    before = group.name_zh, group.name_en
    group.name_zh, group.name_en = group.name_zh or names[0], group.name_en or names[1]
    return before != (group.name_zh, group.name_en)


def _own(names: tuple[str, str]) -> str:
    return names[0] or names[1]


def _told(unit: City | KnownUnit, grouping: Grouping, held: UnitGroup, group: UnitGroup) -> str:
    return _(
        "%(unit)s is in “%(held)s” of %(grouping)s already, and cannot be in “%(group)s” as well. "
        "Correct the file, or name the column anew: a grouping of another year is another grouping."
    ) % {"unit": unit.name, "held": held.name, "grouping": grouping.name, "group": group.name}
