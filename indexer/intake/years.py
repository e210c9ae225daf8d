"""Years of rows and columns: GDP_2020 and GDP_2021 are one indicator in two; so are GDP.new and GDP.old."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from indexer.intake.hints import Hints
from indexer.names import fold_name
from weighting.readers.cells import plain
from weighting.readers.decisions import Decisions, How
from weighting.readers.layout import BETWEEN_PARTS

BARE = re.compile(r"(?:YR|FY)?((?:19|20|21)\d\d)(?:\.0)?年?(?:\s*\[YR\d{4}\])?", re.IGNORECASE)
# Signs before a year are begun with at the first of them alone: heads may be long, and hold nothing else.
WITH_STEM = re.compile(r"(.*?\S)(?:(?<![\s_./:-])|(?<=^.))[\s_./:-]*+[(\[]?((?:19|20|21)\d\d)[)\]]?年?")
# The names of years stand above those of indicators.
BELOW_YEAR = re.compile(rf"((?:19|20|21)\d\d)年?{re.escape(BETWEEN_PARTS)}(.+)")
# Two years after each other: 2015-16, 2015/2016.
SPAN = re.compile(
    r"(?P<stem>.*?)(?<![\s_.:])[\s_.:]*+[(\[]?(?:FY)?\s?(?P<first>(?:19|20|21)\d\d)[-–/](?P<last>\d\d(?:\d\d)?)[)\]]?"
)
YEAR = r"(?:YR|FY)?((?:19|20|21)\d\d)"
DAY = r"\d\d?"
DATES = (
    re.compile(rf"{YEAR}(?:\.0)?年?度?", re.IGNORECASE),
    re.compile(rf"{YEAR}[-/.]{DAY}(?:[-/.]{DAY}(?:[ T][\d:.]+Z?)?)?"),
    re.compile(rf"{DAY}[-/.]{DAY}[-/.]{YEAR}"),
    re.compile(rf"{YEAR}年{DAY}月(?:{DAY}日)?"),
)
WITH_SUFFIX = re.compile(r"(.+?)[._]([^._]+(?:[._][^._]+)?)")
HALF = 0.5


def years_of_heads(heads: Sequence[str], hints: Hints, decisions: Decisions) -> dict[int, tuple[str, str]]:
    """Return (stem, year) of each column that is of one year among several; a bare year has no stem."""
    found: dict[int, tuple[str, str]] = {}
    spans: dict[int, re.Match[str]] = {}
    for place, head in enumerate(map(str.strip, heads)):
        if match := BARE.fullmatch(head):
            found[place] = ("", match[1])
        elif fold_name(head) in hints.leaves:
            continue
        elif match := BELOW_YEAR.fullmatch(head):
            found[place] = (match[2], match[1])
        elif match := _span_of(head):
            spans[place] = match
            found[place] = (match["stem"], match["first"])
        elif match := WITH_STEM.fullmatch(head):
            found[place] = (match[1], match[2])
    found |= _dates_of_heads(heads)
    stems = Counter(stem for stem, _year in found.values())
    # One year of many indicators says when they are from, not that there are others.
    if max(stems.values(), default=0) < 2:
        return {}
    if spans:
        years = _settle_spans(list(spans.values()), decisions)
        found |= {
            place: (match["stem"], year) for (place, match), year in zip(spans.items(), years, strict=True)
        }
    return found


def _dates_of_heads(heads: Sequence[str]) -> dict[int, tuple[str, str]]:
    """Return the years of columns that are called by a day, of each year one: 2020-12-31."""
    years = {place: "" if BARE.fullmatch(head) else _year_of(head) for place, head in enumerate(heads)}
    dates = {place: ("", year) for place, year in years.items() if year}
    return dates if len(set(dates.values())) == len(dates) else {}


def says_year(name: str) -> bool:
    """Tell whether the name of a sheet says a year: 2021, Data 2021."""
    return bool(BARE.fullmatch(name) or WITH_STEM.fullmatch(name) or _span_of(name))


def years_of_texts(texts: Collection[str], decisions: Decisions) -> dict[str, str]:
    """Return the year that each text says; nothing where one says none, or two are of one year."""
    spans = {text: match for text in texts if (match := _span_of(text)) and not match["stem"]}
    if texts and len(spans) == len(texts):
        return dict(zip(spans, _settle_spans(list(spans.values()), decisions), strict=True))
    found = {text: _year_of(text) for text in texts}
    if not found or not all(found.values()):
        return {}
    # Of several dates in a year each is a period of its own.
    dates = [text for text in found if not BARE.fullmatch(text)]
    return found if len({found[text] for text in dates}) == len(dates) else {}


def _year_of(text: str) -> str:
    written = plain(text)
    return next((match[1] for form in DATES if (match := form.fullmatch(written))), "")


def _span_of(text: str) -> re.Match[str] | None:
    match = SPAN.fullmatch(text.strip())
    if match is None:
        return None
    after = str(int(match["first"]) + 1)
    return match if match["last"] in (after, after[2:]) else None


def _settle_spans(spans: Sequence[re.Match[str]], decisions: Decisions) -> list[str]:
    """Return the year of each span: the first of the two, or the second by choice."""
    samples = [match[0] for match in spans]
    which = decisions.settle("span", "first", how="likely", options=["first", "last"], samples=samples)
    return [str(int(match["first"]) + (which == "last")) for match in spans]


def sheet_of_year(sheets: Sequence[str], hints: Hints, decisions: Decisions) -> list[str]:
    """Return the sheet of the year to read, and those of no year, where a workbook has a sheet for each year.

    A sheet of no year that somebody chose is read as it stands.
    """
    years = {sheets[place]: year for place, (_stem, year) in years_of_heads(sheets, hints, decisions).items()}
    chosen = decisions.choices.get("sheet", "")
    if len(set(years.values())) < max(len(years), 2) or (chosen in sheets and chosen not in years):
        return []
    asked = replace(hints, year=int(years[chosen])) if chosen in years else hints
    year = settle_year(list(years.values()), asked, decisions)
    return [
        *(sheet for sheet, of in years.items() if of == year),
        *(sheet for sheet in sheets if sheet not in years),
    ]


def settle_year(years: Sequence[str], hints: Hints, decisions: Decisions) -> str:
    """Return the year to read: the one there is or that is asked for; else it is open, the last is shown.

    What the sheet of a year says of itself decides nothing anew.
    """
    different = sorted(set(years))
    of_sheets = next((made.options for made in decisions.made if made.kind == "year"), ())
    if len(different) == 1 and different[0] in of_sheets:
        return different[0]
    how: How = "seen"
    found = different[-1]
    if len(different) > 1:
        found, how = (str(hints.year), "seen") if str(hints.year) in different else (found, "open")
    return decisions.settle("year", found, how=how, options=different, samples=different) or found


def settle_suffix(heads: Sequence[str], hints: Hints, decisions: Decisions) -> dict[int, str]:
    """Return the indicator of each column whose head is one with something behind it: PMD of PMD.new."""
    if any(fold_name(head) in hints.leaves for head in heads):
        return {}
    stems: dict[str, dict[int, str]] = {}
    for place, head in enumerate(heads):
        match = WITH_SUFFIX.fullmatch(head)
        if match and fold_name(match[1]) in hints.leaves:
            stems.setdefault(match[2], {})[place] = match[1]
    if not stems:
        return {}
    most = max(map(len, stems.values()))
    rivals = [suffix for suffix, found in stems.items() if len(found) >= HALF * most]
    how: How = "likely" if len(rivals) == 1 else "open"
    samples = [heads[place] for suffix in rivals for place in list(stems[suffix])[:1]]
    chosen = decisions.settle("suffix", rivals[0], how=how, options=rivals, samples=samples)
    return stems[chosen or rivals[0]]
