"""A file of any shape to an outside series: one value for each unit of a register."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from indexer.intake.clean import LEFT_OUT, OF_COLUMNS
from indexer.intake.files import UPLOAD, Limits, read_file
from indexer.intake.hints import is_aggregate
from indexer.intake.mapping import TOTALS, Match, UnitNames, hints_about, match_rows
from indexer.intake.sheets import Sheet, read_sheet
from indexer.names import fold_name
from weighting.numeric.arrays import FloatArray
from weighting.readers import CellError, ProblemLog, Source, parse_number
from weighting.readers.decisions import Decisions, How
from weighting.readers.questions import note_open
from weighting.readers.table import Reading

VALUE = "value"


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """The units that have a value, by key and as a register calls them, and the values, (units,)."""

    keys: list[str]
    labels: list[str]
    values: FloatArray


def read_series(
    source: Source,
    log: ProblemLog,
    units: Iterable[UnitNames],
    decisions: Decisions,
    *,
    year: int | None = None,
    limits: Limits = UPLOAD,
) -> SeriesTable:
    """Read the one value of each unit, as far as it goes, and note all that keeps it from being taken.

    What nobody can tell is noted with the key of the choice that settles it: which of several columns
    is meant, or what a name stands for that the register does not have.
    """
    hints = hints_about(units, (), year)
    file = read_file(
        source, log.file, log, limits, Reading(decisions, hints.units, is_form=False, kind="series")
    )
    sheet = read_sheet(file, log, hints) if file else None
    if sheet is None:
        return SeriesTable([], [], np.empty(0))
    # A unit without a value has no place in a series, whatever is chosen.
    decisions.forget("empty_units")
    column = _value_column(sheet, decisions)
    used = "" if column is None else sheet.columns[column]
    asked = [made for made in decisions.open if made.kind not in OF_COLUMNS or made.subject == used]
    note_open([made for made in asked if made.kind not in ("text", "row")], log, sheet.columns)
    found = _rows(sheet, column, units, decisions, log)
    labels = {unit.key: unit.label for unit in units}
    if not found and not log.problems:
        log.add(_("The file has no value of any unit. Add a row for each unit with its value."))
    keys = list(found)
    return SeriesTable(keys, [labels[key] for key in keys], np.array([found[key] for key in keys]))


def _value_column(sheet: Sheet, decisions: Decisions) -> int | None:
    """Return the column of values: the one called so, the only one of numbers, or the one that is chosen."""
    numbers = [
        place for place in range(len(sheet.columns)) if np.isfinite(sheet.values[:, place]).any()
    ] or list(range(len(sheet.columns)))[:1]
    named = [place for place, head in enumerate(sheet.columns) if fold_name(head) == VALUE]
    sure = named or numbers
    how: How = "seen" if len(sure) == 1 else "open"
    options = [sheet.columns[place] for place in dict.fromkeys([*named, *numbers])]
    chosen = decisions.settle("column", sheet.columns[sure[0]], how=how, options=options)
    return sheet.columns.index(chosen) if chosen else None


def _rows(
    sheet: Sheet, column: int | None, units: Iterable[UnitNames], decisions: Decisions, log: ProblemLog
) -> dict[str, float]:
    """Return the value of each unit; note names that stand for none or come twice, and what is no number."""
    known = _KnownUnits(units, decisions, log)
    values = np.full(len(sheet.units), np.nan) if column is None else sheet.values[:, column]
    texts = _texts_to_mend(sheet, column, decisions)
    # Sums of units are asked about together.
    passes_sums = any(made.kind == "aggregates" for made in decisions.open)
    found: dict[str, float] = {}
    first: dict[str, int] = {}
    for row, match in enumerate(match_rows(sheet.units, units)):
        line, name = sheet.lines[row], sheet.units[row]
        if passes_sums and is_aggregate(name):
            continue
        key = known.key_of(name, line, match)
        if key == LEFT_OUT:
            continue
        if row in texts:
            log.add(_complaint(texts[row]), row=line, column=sheet.columns[column or 0], value=texts[row])
        if key and first.setdefault(key, line) != line:
            message = _("The unit is already in row %(first)d. Keep one of the rows.")
            log.add(message % {"first": first[key]}, row=line, column="unit", value=name)
        elif key and not math.isnan(values[row]):
            found[key] = float(values[row])
    return found


def _texts_to_mend(sheet: Sheet, column: int | None, decisions: Decisions) -> dict[int, str]:
    """Return what is no number in the column of values, by row; nothing while the column is asked about."""
    texts = {row: text for (row, place), text in sheet.texts.items() if place == column and text}
    asked = {made.subject for made in decisions.open if made.kind != "text"}
    return {} if column is None or sheet.columns[column] in asked else texts


class _KnownUnits:
    """The units of a register, which rows stand for; a name of none is asked about."""

    def __init__(self, units: Iterable[UnitNames], decisions: Decisions, log: ProblemLog) -> None:
        self._units, self._decisions, self._log = units, decisions, log
        self._labels = {unit.key: unit.label for unit in units}
        self._keys = {unit.label: unit.key for unit in units}

    def key_of(self, name: str, line: int, match: Match) -> str:
        """Return the unit of a row by its key, or that it is left out; '' while that is open."""
        if match.is_settled and match.to != TOTALS:
            return match.to
        if not name.strip():
            self._log.add(_("Every row names its unit. Fill it in."), row=line, column="unit", value="")
            return ""
        nearest = [self._labels[key] for key in match.nearest if key in self._labels]
        said = self._decisions.choices.get(f"row:{name}", "")
        if said not in ("", *nearest, LEFT_OUT) and self._is_label(said):
            # A choice may name any unit, not only those that look alike.
            nearest.append(said)
        chosen = self._decisions.settle("row", "", how="open", subject=name, options=[*nearest, LEFT_OUT])
        if not chosen:
            problem = _unknown(match, nearest)
            self._log.add(problem, row=line, column="unit", value=name, key=f"row:{name}")
        return self._keys.get(chosen, chosen)

    def _is_label(self, said: str) -> bool:
        named = match_rows([said], self._units)[0]
        return named.is_settled and self._labels.get(named.to) == said


def _unknown(match: Match, nearest: Sequence[str]) -> str:
    if match.to == TOTALS:
        return _("This is a total, not a unit. Delete the row, or leave it out.")
    if not nearest:
        return _("The register has no such unit, nor any with a similar name. Correct it, or leave it out.")
    names = _(", ").join(nearest)
    if match.how == "near":
        return _("The register has no such unit. Nearest names: %(nearest)s.") % {"nearest": names}
    return _("Several units could be meant: %(nearest)s. Write one of these.") % {"nearest": names}


def _complaint(text: str) -> str:
    try:
        parse_number(text)
    except CellError as error:
        return str(error)
    return _("The number is not written as the others of its column. Write it as they are.")
