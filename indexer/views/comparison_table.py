"""The table of all cities in a comparison, as a page and as a file."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from indexer.models import Run
from indexer.selectors.comparison import Comparison
from indexer.selectors.runs import PERCENT, Figure, figure_of, printed_figures_of
from indexer.views.exports import place_cells, place_headings, run_facts
from indexer.views.tables import Cell, CityTable, Column, cut_table, place_columns
from indexer.views.words import score_unit, source_word, version_name
from weighting.exports import Heading
from weighting.numeric.arrays import FloatArray
from weighting.views.files import table_answer
from weighting.views.numbers import signed

DIGITS = 4
MANY_CITIES = 500


def comparison_table(request: HttpRequest, compared: Comparison) -> CityTable:
    """Cut the page asked for out of all cities."""
    return cut_table(request, compared.cities, _columns(compared), first="rank1")


def comparison_rows(compared: Comparison, table: CityTable) -> list[dict[str, Any]]:
    """Return the lines of a page of the table."""
    positions = table.positions
    return _pair_rows(compared, positions) if len(compared.runs) == 2 else _many_rows(compared, positions)


def comparison_file(compared: Comparison, format: str) -> HttpResponse:
    """Answer with all cities: ranks, shifts, scores with their sources, and contributions."""
    unit = score_unit(compared.runs[0].method)
    columns = place_headings()
    for run in compared.runs:
        name, key = version_name(run), _key(run)
        columns += [
            Heading(f"rank_{key}", _("Rank, %(version)s") % {"version": name}),
            Heading(f"score_{key}", _("Score, %(version)s (%(unit)s)") % {"version": name, "unit": unit}),
            Heading(f"source_{key}", _("Source of the score, %(version)s") % {"version": name}),
        ]
    columns += [
        Heading(f"gained_{_key(run)}", _("Places gained, %(version)s") % {"version": version_name(run)})
        for run in compared.runs[1:]
    ]
    if len(compared.runs) == 2:
        columns += [Heading("change", _("Change of the score")), *_contribution_headings(compared)]
    name = "comparison-" + "-".join(str(run.pk) for run in compared.runs)
    return table_answer(format, name, columns, _file_rows(compared), run_facts(*compared.runs))


def _key(run: Run) -> str:
    """Name a run in the columns for programs: its version's number, and its own among equals."""
    return f"v{run.weight_version.number}_run{run.pk}"


def change_digits(changes: FloatArray) -> int:
    """Return the digits that show a middling change with two figures."""
    sizes = np.abs(changes[changes != 0])
    if not len(sizes):
        return DIGITS
    return int(np.clip(1 - np.floor(np.log10(np.median(sizes))), DIGITS, 7))


def _columns(compared: Comparison) -> list[Column]:
    city, province, _region = place_columns(compared.cities)
    names = [_("version %(number)s") % {"number": run.weight_version.number} for run in compared.runs]
    ranks = [
        Column(f"rank{n}", _("Rank"), result.ranks, unit=name)
        for n, (name, result) in enumerate(zip(names, compared.results, strict=True), 1)
    ]
    shift = compared.largest_shifts
    if len(compared.runs) > 2:
        largest = Column("shift", _("Largest shift"), np.abs(shift), falling_first=True)
        return [city, province, *ranks, largest]
    scores = [
        Column(f"score{n}", _("Composite score"), result.scores, falling_first=True, unit=name)
        for n, (name, result) in enumerate(zip(names, compared.results, strict=True), 1)
    ]
    gained = Column("shift", _("Shift"), shift, falling_first=True, unit=_("places"))
    change = Column("change", _("Change"), compared.score_changes, falling_first=True)
    return [city, province, *ranks, gained, *scores, change]


def _pair_rows(compared: Comparison, positions: Sequence[int]) -> list[dict[str, Any]]:
    changes = compared.score_changes * PERCENT
    digits = change_digits(changes)
    widest = max(float(np.abs(changes).max()), 1e-300)
    figures = _score_figures(compared, positions)
    return [
        {
            "city": compared.cities[p],
            "ranks": compared.ranks[p].tolist(),
            "shift": int(compared.largest_shifts[p]),
            "scores": [Cell(signed(f.value, DIGITS, plus=False), f.source) for f in of_city],
            "change": _diverging(changes[p], widest, digits),
            "cause": _cause(compared, p, digits),
        }
        for p, of_city in zip(positions, figures, strict=True)
    ]


def _many_rows(compared: Comparison, positions: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "city": compared.cities[p],
            "ranks": list(zip(compared.ranks[p].tolist(), compared.shifts[p].tolist(), strict=True)),
            "shift": int(compared.largest_shifts[p]),
        }
        for p in positions
    ]


def _score_figures(compared: Comparison, positions: Sequence[int]) -> list[list[Figure]]:
    """Return the score of some cities under each version, marked."""
    ids = [compared.cities[p].pk for p in positions]
    printed = printed_figures_of(compared.runs[0].data_set, ids if len(ids) <= MANY_CITIES else None)
    return [
        [figure_of(result.run, result.scores[p], printed.get((city, None))) for result in compared.results]
        for city, p in zip(ids, positions, strict=True)
    ]


def _diverging(change: float, widest: float, digits: int) -> dict[str, Any]:
    percent = 50 * abs(change) / widest
    return {
        "text": signed(change, digits),
        "up": change > 0,
        "percent": percent,
        "offset": 50 if change > 0 else 50 - percent,
    }


def _cause(compared: Comparison, position: int, digits: int) -> dict[str, str] | None:
    """Return the sub-index that moves a city's score most, and by how much."""
    parts = compared.contributions
    if parts is None:
        return None
    own = parts[position, compared.roots]
    most = int(np.abs(own).argmax())
    if not own[most]:
        return None
    return {"name": compared.sub_indices[most].name, "part": signed(own[most] * PERCENT, digits)}


def _contribution_headings(compared: Comparison) -> list[Heading]:
    if compared.contributions is None:
        return []
    return [
        Heading(f"contribution_{node.code}", _("Contribution of %(name)s") % {"name": node.name})
        for node in compared.sub_indices
    ]


def _file_rows(compared: Comparison) -> Iterator[list[object]]:
    order = np.argsort(compared.results[0].ranks, kind="stable").tolist()
    parts = compared.contributions if len(compared.runs) == 2 else None
    for p, figures in zip(order, _score_figures(compared, order), strict=True):
        row: list[object] = list(place_cells(compared.cities[p]))
        for rank, figure in zip(compared.ranks[p].tolist(), figures, strict=True):
            row += [rank, figure.value, source_word(figure)]
        row += compared.shifts[p, 1:].tolist()
        if len(compared.runs) == 2:
            row.append(float(compared.score_changes[p] * PERCENT))
        if parts is not None:
            row += (parts[p, compared.roots] * PERCENT).tolist()
        yield row
