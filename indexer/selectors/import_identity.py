"""Whether a file is about what it is taken for: a year that is new, units that its codes mean."""

from collections.abc import Iterator

import numpy as np
from django.utils.translation import gettext as _

from indexer.intake.assessment import Content, Finding, Mapped
from indexer.intake.hints import unit_key
from indexer.intake.mapping import UnitNames, fold
from indexer.models import DataImport
from indexer.selectors.data_imports import edition_before, series_of
from indexer.selectors.unit_names import UnitsOfRegister
from weighting.numeric.arrays import FloatArray

# A column names units where such a part of its cells are names of theirs; no longer file is looked through.
NAMES = 0.5
MOST_COMPARED = 20_000


def corrected_edition(draft: DataImport, mapped: Mapped, content: Content) -> Iterator[Finding]:
    """Say that data of the same year are stored, and how many of their values this file has otherwise."""
    before = edition_before(series_of(draft), draft.year)
    if before is None or before.year != draft.year:
        return
    there = [place for place, key in enumerate(content.keys) if key in mapped.before]
    differ = sum(_differing(content.values[place], mapped.before[content.keys[place]]) for place in there)
    message = _(
        "Edition %(edition)d of the series holds data of %(year)s already. What is stored now is a "
        "correction that takes their place: of %(count)d values that both have, %(differ)d differ. Data of "
        "another part of the year, such as a quarter, are a series of their own."
    )
    words = {"edition": before.edition, "year": draft.year, "differ": differ}
    yield Finding("note", "correction", message % {**words, "count": len(there) * len(mapped.leaves)})


def _differing(one: FloatArray, other: FloatArray) -> int:
    return int(np.count_nonzero((one != other) & ~(np.isnan(one) & np.isnan(other))))


def units_named_otherwise(draft: DataImport, mapped: Mapped) -> Iterator[Finding]:
    """Name the rows whose code is that of a unit, and whose name beside it is not."""
    columns = _columns_of_texts(mapped)
    if not columns:
        return
    known = {unit.key: unit for unit in UnitsOfRegister(draft.register)}
    for column, texts in columns.items():
        coded = {
            row: known[mapped.rows[row].to]
            for row in texts
            if mapped.rows[row].to in known and _is_code(mapped.sheet.units[row], known[mapped.rows[row].to])
        }
        others = [row for row, unit in coded.items() if not _is_name(texts[row], unit)]
        if len(coded) - len(others) < NAMES * max(len(coded), 1):
            continue
        for row in others:
            message = _(
                "The register calls this unit %(name)s. Make sure that the row is about it; where it has "
                "another name now, correct the register."
            ) % {"name": coded[row].shown}
            sheet = mapped.sheet
            head = sheet.columns[column]
            yield Finding("note", "renamed", message, sheet.lines[row], sheet.units[row], head, texts[row])


def _columns_of_texts(mapped: Mapped) -> dict[int, dict[int, str]]:
    """Return the texts by row of each column that stands for no indicator and may hold names."""
    if len(mapped.rows) > MOST_COMPARED:
        return {}
    leaves = set(mapped.columns_by_code.values())
    found: dict[int, dict[int, str]] = {}
    for (row, column), text in mapped.sheet.texts.items():
        if column not in leaves and mapped.rows[row].to in mapped.labels:
            found.setdefault(column, {})[row] = text
    return {column: texts for column, texts in found.items() if len(texts) >= NAMES * len(mapped.rows)}


def _is_code(text: str, unit: UnitNames) -> bool:
    return unit_key(text) in map(unit_key, unit.codes)


def _is_name(text: str, unit: UnitNames) -> bool:
    names = (unit.label, *unit.names, *unit.aliases)
    return any(known(text) in map(known, names) for known in (unit_key, fold))
