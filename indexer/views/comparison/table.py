"""The table of all units in a comparison, as a page and as a file."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from indexer.models import Run
from indexer.numeric.comparison.score_change import ChangeParts
from indexer.selectors.comparison import Comparison
from indexer.selectors.preparations import changed_counts_of, may_change_cells
from indexer.selectors.runs import ShownScore, printed_figures_of, shown_score
from indexer.views.comparison.apart import apart_facts, reasons
from indexer.views.comparison.words import values_word
from indexer.views.shared.exports import changed_heading, place_cells, place_headings, run_facts
from indexer.views.shared.run_names import run_names
from indexer.views.shared.tables import Cell, CityTable, Column, cut_table, place_columns, province_column
from indexer.views.shared.words import source_word
from indexer.words import score_unit
from weighting.exports import Heading
from weighting.numeric.arrays import FloatArray
from weighting.views.files import table_answer
from weighting.views.numbers import signed

DIGITS = 4
MANY_CITIES = 500
# More columns of ranks than this are summed up: best, median and worst.
MANY_VERSIONS = 10


def comparison_table(request: HttpRequest, compared: Comparison) -> CityTable:
    """Cut the page asked for out of all units."""
    return cut_table(request, compared.cities, _columns(compared), first="rank1")


def comparison_rows(compared: Comparison, table: CityTable) -> list[dict[str, Any]]:
    """Return the lines of a page of the table."""
    positions = table.positions
    compared.cities.load(positions)
    return _pair_rows(compared, positions) if len(compared.runs) == 2 else _many_rows(compared, positions)


def comparison_file(compared: Comparison, format: str) -> HttpResponse:
    """Answer with all units: ranks, shifts, scores with their sources, and contributions."""
    names = run_names(compared.runs, compared.names)
    columns = place_headings(compared.cities)
    for run, name in zip(compared.runs, names, strict=True):
        key, unit = _key(run), score_unit(run.method)
        columns += [
            Heading(f"rank_{key}", _("Rank, %(version)s") % {"version": name}),
            Heading(f"score_{key}", _("Score, %(version)s (%(unit)s)") % {"version": name, "unit": unit}),
            Heading(f"source_{key}", _("Source of the score, %(version)s") % {"version": name}),
        ]
        if may_change_cells(run.method):
            columns.append(Heading(f"changed_{key}", changed_heading(name).label))
    columns += [
        Heading(f"gained_{_key(run)}", _("Places gained, %(version)s") % {"version": name})
        for run, name in zip(compared.runs[1:], names[1:], strict=True)
    ]
    if len(compared.runs) == 2:
        columns.append(Heading("change", _("Change of the score")))
        parts = change_parts(compared, compared.change).parts if compared.change else {}
        columns += [
            Heading(f"contribution_{code}", _("Contribution of %(name)s") % {"name": name})
            for code, name in parts.items()
        ]
    if compared.apart is not None:
        columns += [
            Heading(f"own_rank_{_key(run)}", _("Rank in the whole run, %(version)s") % {"version": name})
            for run, name in zip(compared.runs, names, strict=True)
        ]
        columns.append(Heading("left_out", _("Left out, because")))
    file_name = "comparison-" + "-".join(str(run.pk) for run in compared.runs[:MANY_VERSIONS])
    rows = chain(_file_rows(compared), _apart_rows(compared, len(columns)))
    facts = [*run_facts(*compared.runs), *apart_facts(compared)]
    return table_answer(format, file_name, columns, rows, facts)


def _key(run: Run) -> str:
    """Name a run in the columns for programs: its version's number, and its own among equals."""
    return f"v{run.weight_version.number}_run{run.pk}"


class SplitChange(NamedTuple):
    """What changes of the scores are made of: names by code, and the amounts, (units, parts)."""

    parts: dict[str, str]
    amounts: FloatArray

    def scaled(self, scale: float) -> "SplitChange":
        """Return the amounts as they are shown."""
        return self._replace(amounts=self.amounts * scale)


def change_parts(compared: Comparison, change: ChangeParts) -> SplitChange:
    """Split the changes by sub-index, through its weights; apart from them what data or method do."""
    parts = {node.code: node.name for node in compared.sub_indices}
    amounts = change.weights
    if change.values.any():
        parts["values"] = values_word(compared)
        amounts = np.column_stack([amounts, change.values.sum(axis=1)])
    return SplitChange(parts, amounts)


def change_digits(changes: FloatArray) -> int:
    """Return the digits that show a middling change with two figures."""
    sizes = np.abs(changes[changes != 0])
    if not len(sizes) or np.isnan(sizes).any():
        return DIGITS
    return int(np.clip(1 - np.floor(np.log10(np.median(sizes))), DIGITS, 7))


def _columns(compared: Comparison) -> list[Column]:
    city, provinces = place_columns(compared.cities)[0], province_column(compared.cities)
    shift = compared.largest_shifts
    largest = Column("shift", _("Largest shift"), np.abs(shift), falling_first=True)
    if len(compared.runs) > MANY_VERSIONS:
        spans = (
            Column("rank1", _("Rank"), compared.ranks[:, 0], unit=_("under the base")),
            Column("best", _("Best rank"), compared.ranks.min(axis=1)),
            Column("median", _("Median rank"), np.median(compared.ranks, axis=1)),
            Column("worst", _("Worst rank"), compared.ranks.max(axis=1)),
        )
        return [city, *spans, largest, *provinces]
    names = _column_names(compared)
    ranks = [
        Column(f"rank{n}", _("Rank"), result.ranks, unit=name)
        for n, (name, result) in enumerate(zip(names, compared.results, strict=True), 1)
    ]
    if len(compared.runs) > 2:
        return [city, *ranks, largest, *provinces]
    scores = [
        Column(f"score{n}", _("Composite score"), result.scores, falling_first=True, unit=name)
        for n, (name, result) in enumerate(zip(names, compared.results, strict=True), 1)
    ]
    gained = Column("shift", _("Shift"), shift, falling_first=True, unit=_("places"))
    change = Column("change", _("Change"), compared.score_changes, falling_first=True)
    return [city, *ranks, gained, *scores, change, *provinces]


def _column_names(compared: Comparison) -> list[str]:
    """Call a column by the number of its version, and by its place where two have the same."""
    numbers = [run.weight_version.number for run in compared.runs]
    if len(set(numbers)) == len(numbers):
        return [_("version %(number)s") % {"number": number} for number in numbers]
    return [_("No. %(number)s") % {"number": position} for position in range(1, len(numbers) + 1)]


def _pair_rows(compared: Comparison, positions: Sequence[int]) -> list[dict[str, Any]]:
    split = change_parts(compared, compared.change).scaled(compared.scale) if compared.change else None
    in_one_unit = compared.why_not_split() != "units"
    changes = compared.score_changes * (compared.scale if in_one_unit else np.nan)
    digits = change_digits(changes)
    widest = max(float(np.nanmax(np.abs(changes), initial=0)), 1e-300)
    figures = _score_figures(compared, positions)
    printed = compared.runs[0].method.digits_or(DIGITS)
    return [
        {
            "city": compared.cities[p],
            "ranks": compared.ranks[p].tolist(),
            "shift": int(compared.largest_shifts[p]),
            "scores": [Cell(signed(f.value, printed, plus=False), f.source) for f in of_city],
            "change": diverging(changes[p], widest, digits) if in_one_unit else None,
            "cause": _cause(split, p, digits) if split else None,
        }
        for p, of_city in zip(positions, figures, strict=True)
    ]


def _many_rows(compared: Comparison, positions: Sequence[int]) -> list[dict[str, Any]]:
    ranks = compared.ranks
    is_span = len(compared.runs) > MANY_VERSIONS
    medians = np.median(ranks, axis=1)
    return [
        {
            "city": compared.cities[p],
            "ranks": []
            if is_span
            else list(zip(ranks[p].tolist(), compared.shifts[p].tolist(), strict=True)),
            "span": [ranks[p, 0], ranks[p].min(), f"{medians[p]:g}", ranks[p].max()] if is_span else [],
            "shift": int(compared.largest_shifts[p]),
        }
        for p in positions
    ]


def _score_figures(compared: Comparison, positions: Sequence[int]) -> Iterator[list[ShownScore]]:
    """Yield the score of some units under each version, marked."""
    ids = [compared.cities.ids[p] for p in positions]
    asked = ids if len(ids) <= MANY_CITIES else None
    data_sets = {run.data_set_id: run.data_set for run in compared.runs if run.reproduces_publication}
    printed = {key: printed_figures_of(data_set, asked) for key, data_set in data_sets.items()}
    for city, p in zip(ids, positions, strict=True):
        yield [
            shown_score(
                result.run, result.scores[p], printed.get(result.run.data_set_id, {}).get((city, None))
            )
            for result in compared.results
        ]


def diverging(change: float, widest: float, digits: int) -> dict[str, Any]:
    """Return the bar of a change around a middle axis, `widest` being as long as they get."""
    percent = 50 * abs(change) / widest
    return {
        "text": signed(change, digits),
        "up": change > 0,
        "percent": percent,
        "offset": 50 if change > 0 else 50 - percent,
    }


def _cause(split: SplitChange, position: int, digits: int) -> dict[str, str] | None:
    """Return what moves a unit's score most, and by how much."""
    amounts = split.amounts[position]
    most = int(np.abs(amounts).argmax())
    if not amounts[most]:
        return None
    return {"name": list(split.parts.values())[most], "part": signed(amounts[most], digits)}


def _file_rows(compared: Comparison) -> Iterator[list[object]]:
    order = np.argsort(compared.results[0].ranks, kind="stable").tolist()
    is_pair, in_one_unit = len(compared.runs) == 2, compared.why_not_split() != "units"
    parts = change_parts(compared, compared.change).amounts if is_pair and compared.change else None
    changed = [changed_counts_of(run) if may_change_cells(run.method) else None for run in compared.runs]
    lines = zip(order, compared.cities.along(order), _score_figures(compared, order), strict=True)
    for p, city, figures in lines:
        row: list[object] = list(place_cells(compared.cities, city))
        for rank, figure, counts in zip(compared.ranks[p].tolist(), figures, changed, strict=True):
            row += [rank, figure.value, source_word(figure)]
            row += [] if counts is None else [counts.get(compared.cities.ids[p], 0)]
        row += compared.shifts[p, 1:].tolist()
        if is_pair:
            row.append(float(compared.score_changes[p] * compared.scale) if in_one_unit else None)
        if parts is not None:
            row += (parts[p] * compared.scale).tolist()
        if compared.apart is not None:
            row += [*compared.own_ranks[p].tolist(), ""]
        yield row


def _apart_rows(compared: Comparison, width: int) -> Iterator[list[object]]:
    """Yield the units that are left out: their rank in each whole run, and why nothing else is said."""
    apart = compared.apart
    if apart is None:
        return
    for p, why in enumerate(reasons(apart, compared.runs)):
        place = place_cells(compared.cities, apart.cities[p])
        ranks = [rank or None for rank in apart.ranks[p].tolist()]
        yield [*place, *[None] * (width - len(place) - len(ranks) - 1), *ranks, why]
