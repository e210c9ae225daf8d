"""Where the columns and rows of a draft go, as somebody says; nothing is stored here."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext as _

from indexer.intake.hints import unit_key
from indexer.intake.mapping import ASIDE, BESIDE, TOTALS, Match
from indexer.models import City, DataImport
from indexer.selectors.data_imports import leaf_names_of
from weighting.exceptions import Refused
from weighting.models.named import BilingualName


def set_targets(draft: DataImport, *, columns: Mapping[int, str], rows: Mapping[int, str]) -> None:
    """Let columns and rows go where somebody says, by their place; '' leaves one open.

    Raises `Refused` naming every target that there is not.
    """
    unknown = [
        *(_unknown_columns(draft, set(columns.values())) if columns else ()),
        *(_unknown_rows(draft, set(rows.values())) if rows else ()),
    ]
    if unknown:
        message = _("There is no indicator or unit “%(name)s” here. Choose one of those offered.")
        raise Refused(*(message % {"name": name} for name in unknown))
    draft.column_targets = settled(draft.column_targets, columns)
    draft.row_targets = settled(draft.row_targets, rows)


def _unknown_columns(draft: DataImport, said: set[str]) -> list[str]:
    codes = {leaf.code for leaf in leaf_names_of(draft.framework_id)} | {"", ASIDE, BESIDE}
    return sorted(said - codes)


def _unknown_rows(draft: DataImport, said: set[str]) -> list[str]:
    said = said - {"", ASIDE, TOTALS}
    if not said:
        return []
    units = City.objects.filter(register=draft.register_id).values_list("pk", flat=True)
    return sorted(said - set(map(str, units)))


def told_apart(draft: DataImport, rows: Sequence[Match]) -> list[Match]:
    """Return where rows go, of units of one name to the one whose place the row says in another column."""
    found = list(rows)
    unclear = {
        row: match.nearest for row, match in enumerate(rows) if not match.to and len(match.nearest) > 1
    }
    if not unclear:
        return found
    keys = {int(key) for nearest in unclear.values() for key in nearest}
    cities = {str(city.pk): city for city in City.objects.filter(pk__in=keys).select_related("province")}
    said = defaultdict(set)
    for row, _column, text in draft.texts:
        said[row].add(unit_key(text))
    for row, nearest in unclear.items():
        name = unit_key(draft.units[row])
        fits = [
            key
            for key in nearest
            if name in _keys_of(cities[key]) and not said[row].isdisjoint(_keys_of(cities[key].province))
        ]
        if len(fits) == 1:
            found[row] = Match(fits[0], "alias")
    return found


def _keys_of(named: BilingualName) -> set[str]:
    return {unit_key(name) for name in (named.name_zh, named.name_en) if name}


def take_nearest(draft: DataImport) -> None:
    """Take every nearest name for what was meant."""
    columns, rows = (
        {place: to for place, (to, how) in enumerate(targets) if how == "near"}
        for targets in (draft.column_targets, draft.row_targets)
    )
    set_targets(draft, columns=columns, rows=rows)


def set_columns_aside(draft: DataImport, *, but: Collection[str] = ()) -> None:
    """Leave out every column that stands for no indicator yet, but for those under some heads."""
    rest = {
        place: ASIDE
        for place, (head, (to, how)) in enumerate(zip(draft.columns, draft.column_targets, strict=True))
        if (not to or how == "near") and head not in but
    }
    set_targets(draft, columns=rest, rows={})


def settled(targets: list[list[str]], chosen: Mapping[int, str]) -> list[list[str]]:
    """Write choices over targets; a choice that confirms what was found exactly changes nothing."""
    found = [list(target) for target in targets]
    for place, to in chosen.items():
        if not 0 <= place < len(found):
            raise Refused(_("The file has no such column or row. Reload the page."))
        target, how = found[place]
        if target != to or how == "near":
            found[place] = [to, "chosen" if to else ""]
    return found


def places_said(labels: list[str], said: Mapping[str, str]) -> dict[int, str]:
    """Return what is said of labels, by their places."""
    return {place: said[label] for place, label in enumerate(labels) if label in said}
