"""What the columns of a table are for: units, codes, indicators, values, years, or nothing."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from itertools import islice

from indexer.intake.hints import Hints, unit_key
from indexer.intake.years import HALF, years_of_texts
from indexer.names import fold_name, normalise_unit_name
from weighting.readers.columns import Column, Packed
from weighting.readers.decisions import Decisions, How
from weighting.readers.numbers import looks_numeric
from weighting.readers.written import read_cell

UNIT_WORDS = {
    *("unit", "city", "place", "country", "county", "name", "name_zh", "ucode", "uname", "geo", "ref_area"),
    *("location", "spatialdim", "iso", "iso3", "iso2", "iso_code", "country code", "country name", "area"),
    *("land", "pays", "país", "paese", "страна", "gemeinde"),
    *("名称", "城市", "城市名称", "地区", "地市", "市", "国家", "县", "区县", "单位"),
}  # fmt: skip
CODE_WORDS = {"code", "m49", "iso_num", "isonum", "numeric", "geo", "id", "fips", "行政区划代码", "代码"}
INDICATOR_WORDS = {
    *("indicator", "indicator_code", "indicator code", "indicatorcode", "series code", "code", "variable"),
    *("indicator name", "indicatorname", "icode", "subject", "指标", "指标代码", "指标名称", "指标名"),
    *("series", "series name", "measure", "item", "weo subject code", "subject descriptor"),
    *("indikator", "indicateur", "indicador", "indicatore", "показатель"),
}  # fmt: skip
VALUE_WORDS = {
    *("value", "obs_value", "numeric", "factvaluenumeric", "numericvalue", "数值", "值", "指标值"),
    *("wert", "valeur", "valor", "valore", "значение"),
}
TOTAL_WORDS = {"total", "national_total", "合计", "总计", "全国合计", "全国"}
YEAR_WORDS = {
    *("year", "time", "time_period", "period", "timedim", "date", "年份", "年", "年度", "时间"),
    *("fiscal year", "reference year", "survey year"),
    *("jahr", "année", "año", "ano", "anno", "jaar", "rok", "år", "год"),
}
# Whether a column holds names that are known shows in so many of them.
ENOUGH = 5000
KNOWN_SHARE = 0.9


@lru_cache(maxsize=4096)
def folded(head: str) -> str:
    """Return a head as columns are told apart by: as names of units are, and without case."""
    return normalise_unit_name(head).casefold()


def find_word(heads: Sequence[str], words: Collection[str]) -> int | None:
    """Return the first column that is called by one of the words."""
    return next((place for place, head in enumerate(heads) if folded(head) in words), None)


def find_index(heads: Sequence[str], columns: Sequence[Column]) -> int | None:
    """Return a column that merely counts the rows, as programs write one without a name."""
    for place, (head, column) in enumerate(zip(heads, columns, strict=True)):
        if folded(head) in {"", "unnamed: 0", "序号", "no.", "index"} and _counts(column):
            return place
    return None


def _counts(column: Column) -> bool:
    texts = list(column)
    return bool(texts) and any(
        all(text == str(number) for number, text in enumerate(texts, start)) for start in (0, 1)
    )


def find_unit(
    heads: Sequence[str],
    columns: Sequence[Column],
    hints: Hints,
    decisions: Decisions,
    *,
    repeats: bool,
    tells_apart: Callable[[int], bool],
) -> int:
    """Return the column of units: the one with most names that are known, codes before names.

    Where none is known, one that is called so or holds texts, and ``tells_apart`` the rows, by its place,
    unless a unit ``repeats`` with every indicator. Two units may have one name: then what holds no fewer
    than half as many names as another column does not merely group them.
    """
    numeric = [looks_numeric(column) for column in columns]
    known = [
        count_known(head, column, hints, is_numeric=is_number)
        for head, column, is_number in zip(heads, columns, numeric, strict=True)
    ]
    texts = [place for place, is_number in enumerate(numeric) if not is_number]
    called = [place for place, head in enumerate(heads) if folded(head) in UNIT_WORDS]
    some_known = [place for place, (found, _codes) in enumerate(known) if found]
    candidates = list(dict.fromkeys([*texts, *some_known, *called]))
    if some_known:
        place = known.index(max(known))
    else:
        alone = [] if repeats else list(dict.fromkeys([*called, *texts]))
        place = next(iter([*_apart(alone, columns, tells_apart), *called, *texts, 0]))
    how: How = "seen" if len(candidates) < 2 or (place in called and not some_known) else "likely"
    options = [heads[other] for other in candidates if _holds_anything(columns[other])] or [heads[place]]
    chosen = decisions.settle("unit", heads[place], how=how, options=options, samples=_first(columns[place]))
    return heads.index(chosen) if chosen in heads else place


def _apart(places: Sequence[int], columns: Sequence[Column], tells_apart: Callable[[int], bool]) -> list[int]:
    """Return the columns that tell the rows apart, and then those that do not merely group them."""
    return [*filter(tells_apart, places), *_not_groups(places, columns)]


def _holds_anything(column: Column) -> bool:
    return isinstance(column, Packed) or any(column)


def _not_groups(places: Sequence[int], columns: Sequence[Column]) -> list[int]:
    counts = {place: len(set(columns[place]) - {""}) for place in places}
    most = max(counts.values(), default=0)
    return [place for place in places if counts[place] >= most / 2]


def is_another_in_each_row(column: Column, years: Sequence[str] | None) -> bool:
    """Tell a column with another text in each row, of several years in each of one year."""
    texts = list(column)
    different = set(texts if years is None else zip(texts, years, strict=True))
    return len(different) == len(texts) and "" not in texts


def count_known(
    head: str, column: Column, hints: Hints, *, is_numeric: bool | None = None
) -> tuple[int, int]:
    """Return how many different texts of a column are known, and how many of them as codes."""
    if isinstance(column, Packed) or not hints.units:
        return 0, 0
    keys = {unit_key(text) for text in column[:ENOUGH]} - {""}
    codes = keys & hints.codes
    found = len(keys & hints.units)
    if is_numeric is None:
        is_numeric = looks_numeric(column)
    if is_numeric and (len(codes) < KNOWN_SHARE * len(keys) or not _are_codes(head, codes)):
        return 0, 0
    return found, len(codes)


def _are_codes(head: str, keys: Iterable[str]) -> bool:
    """Tell codes made of digits from numbers: called so, or written as no number is."""
    return folded(head) in CODE_WORDS | UNIT_WORDS or any(
        (key.isdigit() and key.startswith("0") and len(key) > 1)
        or read_cell(key).kind not in ("number", "gap")
        for key in keys
    )


def _first(column: Column) -> Iterable[str]:
    return [column[row] for row in range(min(5, len(column)))]


def find_years(head: str, column: Column, decisions: Decisions) -> list[str] | None:
    """Return the year of each row, of a column that is called so and holds nothing else.

    Dates say years where each year has one of them; months and quarters are told apart elsewhere.
    """
    if folded(head) not in YEAR_WORDS:
        return None
    years = years_of_texts(set(column), decisions)
    return [years[text] for text in column] if years else None


def find_value(heads: Sequence[str], columns: Sequence[Column]) -> int | None:
    """Return the column of values; of several that are called so the first that holds numbers."""
    called = [place for place, head in enumerate(heads) if folded(head) in VALUE_WORDS]
    return next((place for place in called if looks_numeric(columns[place])), next(iter(called), None))


def find_indicator(heads: Sequence[str], columns: Sequence[Column], hints: Hints) -> int | None:
    """Return the column that says which indicator a value is of; of two the one whose names are known.

    Where none is called so, it is one of several texts, most of which are indicators.
    """
    texts = [place for place, column in enumerate(columns) if not isinstance(column, Packed)]
    called = [place for place in texts if folded(heads[place]) in INDICATOR_WORDS]
    different = {place: set(islice(columns[place], ENOUGH)) for place in called or texts}
    counts = {
        place: sum(fold_name(text) in hints.leaves for text in found) for place, found in different.items()
    }
    called = called or [place for place in texts if counts[place] > max(1, HALF * len(different[place]))]
    if not called:
        return None
    # Names that are kept apart from codes come second in every such file.
    codes_first = sorted(called, key=lambda place: "name" in folded(heads[place]))
    return max(codes_first, key=lambda place: counts[place])
