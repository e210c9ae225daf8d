"""Tables of units: filtered, sorted and cut into pages before any row is built."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.text import capfirst

from indexer.forms.city_filter import CityFilter
from indexer.models import Register
from indexer.selectors.cities import PROVINCE, REGION, Cities
from indexer.selectors.runs import ShownScore
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.requests import PART_HEADERS, asks_for_part
from weighting.views.numbers import signed

# What years are counted in, and which numbers are years.
YEAR_UNITS = frozenset({"year", "calendar year", "年", "年份"})
YEARS = (1000, 2999)


@dataclass(frozen=True)
class Column:
    """A column that sorts by ``values``, in the order of the units, or by what these return."""

    key: str
    label: str
    values: FloatArray | IntArray | Callable[[], IntArray]
    numeric: bool = True
    falling_first: bool = False
    unit: str = ""

    def sorted_by(self) -> FloatArray | IntArray:
        return self.values() if callable(self.values) else self.values


@dataclass(frozen=True)
class Cell:
    """A score in a table: its text, its marks, and a bar of ``percent`` of the column's largest.

    ``changes`` are what was done to the value behind it: see `indexer.views.preparation`.
    """

    text: str
    source: str = ""
    percent: float | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CityTable:
    """One page of a table of ``total`` lines, a unit each or several, of which ``count`` pass the filter."""

    form: CityFilter
    sort: str
    sort_asked: bool
    columns: Sequence[Column]
    page: Page
    count: int
    total: int
    register: Register
    # Province and region as far as the table shows them.
    levels: Sequence[str]

    @property
    def positions(self) -> list[int]:
        """The page's lines: positions of units in the data set, unless lines are about several."""
        return np.asarray(self.page.object_list).tolist()


def place_columns(cities: Cities) -> list[Column]:
    """Return the columns unit, province and region as far as they say anything of the units.

    Chinese names sort by their spelling.
    """
    register = cities.register
    # English names of Chinese places are their pinyin, which is how a Chinese reader sorts.
    columns = {
        PROVINCE: Column(PROVINCE, capfirst(register.province_word), cities.province_alphabet, numeric=False),
        REGION: Column(REGION, capfirst(register.region_word), lambda: cities.region_ids, numeric=False),
    }
    city = Column("city", capfirst(register.unit), cities.alphabet, numeric=False)
    return [city, *(columns[level] for level in cities.shown_levels)]


def province_column(cities: Cities) -> list[Column]:
    """Return the column of provinces, for tables without room for regions; none where it says nothing."""
    return [column for column in place_columns(cities) if column.key == PROVINCE]


def cut_table(
    request: HttpRequest,
    cities: Cities,
    columns: Sequence[Column],
    *,
    first: str,
    lines: IntArray | None = None,
) -> CityTable:
    """Filter, sort by ``?sort=`` (by the column ``first`` when unknown) and cut ``?page=`` out.

    A line is about one unit, in their order, or about those whose positions are in ``lines``,
    (lines, units of a line): it passes when one of them does.
    """
    form = CityFilter(request.GET, cities=cities)
    known = {column.key: column for column in columns}
    asked = request.GET.get("sort", "")
    sort = asked if asked.removeprefix("-") in known else first
    chosen_column, ties = known[sort.removeprefix("-")], known[first]
    order = _order(chosen_column.sorted_by(), ties.sorted_by(), falling=sort.startswith("-"))
    about = np.arange(len(cities))[:, np.newaxis] if lines is None else lines
    is_shown = np.zeros(len(cities), dtype=bool)
    is_shown[form.positions()] = True
    passes: BoolArray = np.logical_or.reduce(is_shown[about], axis=1)
    chosen = order[passes[order]]
    page = Paginator(chosen, form.page_size).get_page(request.GET.get("page"))
    return CityTable(
        form=form,
        sort=sort,
        sort_asked=sort == asked,
        columns=columns,
        page=page,
        count=len(chosen),
        total=len(about),
        register=cities.register,
        levels=[column.key for column in columns if column.key in (PROVINCE, REGION)],
    )


def cells_of(figures: Sequence[ShownScore], *, longest: Sequence[float], digits: int) -> list[Cell]:
    """Return the score cells of a line; ``longest`` is the score of a full bar, 0 for no bars."""
    return [
        Cell(
            text=signed(figure.value, digits, plus=False),
            source=figure.source,
            percent=100 * figure.value / full if full > 0 and not np.isnan(figure.value) else None,
        )
        for figure, full in zip(figures, longest, strict=True)
    ]


def longest_bar(scores: FloatArray) -> float:
    """Return the score of a full bar; 0, for none, where scores fall below zero."""
    finite = scores[np.isfinite(scores)]
    return float(finite.max()) if len(finite) and finite.min() >= 0 else 0.0


def render_part(request: HttpRequest, page: str, part: str, context: Mapping[str, object]) -> HttpResponse:
    """Answer with the part of the page where that is asked for, else with the page."""
    response = render(request, part if asks_for_part(request) else page, dict(context))
    patch_vary_headers(response, PART_HEADERS)
    return response


def _order(values: FloatArray | IntArray, ties: FloatArray | IntArray, *, falling: bool) -> IntArray:
    """Sort positions, equal values by the ties; what is missing comes last both ways."""
    key = -values if falling else values
    return np.lexsort((ties, key))


def raw_number(value: float, unit: str) -> str:
    """Return a raw value as `plain_number` does; a year of the calendar is no quantity of thousands."""
    is_year = unit.strip().casefold() in YEAR_UNITS and YEARS[0] <= value <= YEARS[1]
    return f"{value:.6g}" if is_year else plain_number(value)


def plain_number(value: float) -> str:
    """Return a raw value with four figures, or whole with its thousands set apart; a dash for none."""
    if isnan(value):
        return "–"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.replace("-", "−")
