"""Years in columns: GDP_2020 and GDP_2021 are one indicator in two years; so are GDP.new and GDP.old."""

import re
from collections import Counter
from collections.abc import Sequence

from indexer.intake.hints import Hints
from indexer.names import fold_name
from weighting.readers.decisions import Decisions, How

BARE = re.compile(r"(?:YR|FY)?((?:19|20|21)\d\d)(?:\.0)?年?(?:\s*\[YR\d{4}\])?", re.IGNORECASE)
WITH_STEM = re.compile(r"(.*?\S)[\s_./:-]*[(\[]?((?:19|20|21)\d\d)[)\]]?年?")
WITH_SUFFIX = re.compile(r"(.+?)[._]([^._]+(?:[._][^._]+)?)")
HALF = 0.5


def years_of_heads(heads: Sequence[str], hints: Hints) -> dict[int, tuple[str, str]]:
    """Return (stem, year) of each column that is of one year among several; a bare year has no stem."""
    found: dict[int, tuple[str, str]] = {}
    for place, head in enumerate(heads):
        if match := BARE.fullmatch(head.strip()):
            found[place] = ("", match[1])
        elif fold_name(head) not in hints.leaves and (match := WITH_STEM.fullmatch(head.strip())):
            found[place] = (match[1], match[2])
    stems = Counter(stem for stem, _year in found.values())
    # One year of many indicators says when they are from, not that there are others.
    return found if max(stems.values(), default=0) > 1 else {}


def settle_year(years: Sequence[str], hints: Hints, decisions: Decisions) -> str:
    """Return the year to read: the one there is or that is asked for; else it is open, the last is shown."""
    different = sorted(set(years))
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
