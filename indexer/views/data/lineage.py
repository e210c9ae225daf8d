"""Where an edition is from: its files, its mapping, the edition that it follows."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.intake.mapping import ASIDE, BESIDE, TOTALS
from indexer.models import City, DataSet
from indexer.selectors.data_sets import own_names
from indexer.words import data_set_name
from weighting.exports import Heading
from weighting.models import Account
from weighting.permissions import STAFF, has_role


def lineage_facts(data_set: DataSet, account: Account | None) -> list[tuple[str, Any]]:
    """Return what is known of an edition's origin; who added it is told to staff alone."""
    facts: list[tuple[str, Any]] = []
    if data_set.previous:
        facts.append((_("Follows"), data_set_name(data_set.previous)))
    if data_set.file_name:
        facts += [(_("File"), data_set.file_name), (_("SHA-256 of the file"), data_set.file_sha256)]
    if data_set.totals_name:
        facts += [
            (_("File of totals"), data_set.totals_name),
            (_("SHA-256 of the totals"), data_set.totals_sha256),
        ]
    facts += delivery_facts(data_set)
    if data_set.mapping:
        facts.append((_("Mapping"), mapping_words(data_set.mapping)))
    if has_role(account, STAFF):
        facts.append((_("Added by"), data_set.created_by.get_full_name() or data_set.created_by.username))
    return facts


def delivery_facts(data_set: DataSet) -> list[tuple[str, Any]]:
    """Return who delivered what to an edition, and when; nothing of one that is of a single file."""
    return [
        (
            _("Delivered by %(partner)s") % {"partner": one["partner"]},
            _("%(date)s: %(file)s, for %(indicators)s")
            % {
                "date": one["delivered_at"][:10],
                "file": one["file_name"],
                "indicators": _(", ").join(one["indicators"]),
            },
        )
        for one in data_set.mapping.get("deliveries", [])
    ]


def mapping_words(mapping: dict[str, Any]) -> str:
    """Count what became of the columns and rows of the file, and the cells that were corrected."""
    columns = Counter(_fate(to) for _head, to, _how in mapping["columns"])
    rows = Counter(_fate(to) for _line, _unit, to, _how in mapping["rows"])
    used_columns, used_rows, cells = columns["used"], rows["used"], len(mapping["corrections"])
    parts = [
        ngettext("%(count)d column used", "%(count)d columns used", used_columns) % {"count": used_columns},
        ngettext("%(count)d row used", "%(count)d rows used", used_rows) % {"count": used_rows},
    ]
    if beside := columns[BESIDE]:
        parts.append(
            ngettext("%(count)d column kept beside", "%(count)d columns kept beside", beside)
            % {"count": beside}
        )
    if left_out := columns[ASIDE] + rows[ASIDE] + len(mapping["not_read"]):
        parts.append(ngettext("%(count)d left out", "%(count)d left out", left_out) % {"count": left_out})
    if cells:
        parts.append(
            ngettext("%(count)d cell corrected", "%(count)d cells corrected", cells) % {"count": cells}
        )
    return _("; ").join(parts)


def mapping_columns() -> list[Heading]:
    """Return the columns of the file that says what became of everything."""
    return [
        Heading("kind", _("Kind")),
        Heading("row", _("Row")),
        Heading("name", _("In the file")),
        Heading("target", _("goes to")),
        Heading("city_code", _("Code")),
        Heading("how", _("How")),
    ]


def mapping_rows(data_set: DataSet) -> Iterator[tuple[object, ...]]:
    """Yield every column, row and correction of the file that an edition was made from."""
    mapping = data_set.mapping
    if not mapping:
        return
    codes = dict(City.objects.values_list("pk", "code"))
    cities = {str(pk): (name, codes.get(pk, "")) for pk, name in own_names().items()}
    for head, to, how in mapping["columns"]:
        yield "column", "", head, to, "", how
    for line, unit, to, how in mapping["rows"]:
        yield "row", line, unit, *cities.get(to, (to, "")), how
    for name in mapping["not_read"]:
        yield "not read", "", name, "", "", ""
    for line, unit, column, text in mapping["corrections"]:
        yield "correction", line, f"{unit}, {column}", text, "", "chosen"


def _fate(to: str) -> str:
    return to if to in (ASIDE, BESIDE, TOTALS) else "used"
