"""What separates the cells of a text: its first lines are cut by every mark, the steadiest is taken."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from weighting.readers.decisions import Decisions, How

# By their names, for a tab is nothing to look at.
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
# Typed with a Chinese keyboard; within words it is punctuation, and looked for where nothing else cuts.
WIDE_COMMA = "wide_comma"
MARKS = {**SEPARATORS, WIDE_COMMA: "\uff0c"}
NAMES = {mark: name for name, mark in MARKS.items()}
# Excel's own line: sep=; says what the lines below are separated by, a mark of any script. What quotes cells
# or is part of words and numbers separates nothing: such a line is a title.
HINT = re.compile(r"\ufeff?\"?sep=([^\w\"\r\n.+-])\"?,*[ \t]*(?:\r\n|\n|\r)")
SAMPLE = 200
# So many cells tell how many of them are numbers.
MOST_CELLS = 2000
NUMBER = re.compile(r"\s*+[+-]?\d[\d., ]*+\s*+")


@dataclass(frozen=True)
class Dialect:
    """The mark between cells, and how many lines of the text say nothing but that."""

    separator: str
    skipped: int = 0
    # How many cells a row usually has; 0 where that was not looked at.
    width: int = 0


@dataclass(frozen=True)
class _Cut:
    """How the sample falls apart under one mark: the usual width, and the share of rows that have it."""

    mark: str
    width: int
    steady: float
    numbers: float


def find_dialect(sample: str, decisions: Decisions) -> Dialect:
    """Tell the separator of a text by its first lines."""
    if hint := HINT.match(sample):
        mark = hint.group(1)
        name = NAMES.get(mark, mark)
        name = decisions.settle("separator", name, how="seen", options=dict.fromkeys([name, *SEPARATORS]))
        return Dialect(SEPARATORS.get(name, mark), skipped=1)
    found = _best(sample)
    first = NAMES[found[0].mark] if found else "comma"
    how: How = "seen"
    if len(found) > 1:
        how = "likely" if found[0].numbers > found[1].numbers else "open"
    options = dict.fromkeys([*SEPARATORS, first])
    name = decisions.settle("separator", first, how=how, options=options, samples=sample.splitlines()[:2])
    mark = MARKS[name or first]
    cut = _cut(sample, mark)
    return Dialect(mark, width=cut.width if cut else 0)


def _best(sample: str) -> list[_Cut]:
    """Return the marks that cut the sample into columns, the likeliest first.

    Marks that cut as steadily are told apart by what they leave: the one between cells leaves more
    numbers whole; a comma before decimals cuts them.
    """
    cuts = [cut for mark in SEPARATORS.values() if (cut := _cut(sample, mark)) is not None]
    if not cuts:
        wide = _cut(sample, MARKS[WIDE_COMMA])
        return [wide] if wide else []
    steadiest = max((cut.steady for cut in cuts), default=0.0)
    rivals = [cut for cut in cuts if cut.steady == steadiest]
    return sorted(rivals, key=lambda cut: (-cut.numbers, cut.mark == ",", -cut.width))


def _cut(sample: str, mark: str) -> _Cut | None:
    if mark not in sample:
        return None
    rows: list[Sequence[str]] = []
    try:
        for cells in csv.reader(sample.splitlines(keepends=True), delimiter=mark, strict=True):
            if any(map(str.strip, cells)):
                rows.append(cells)
    except csv.Error:
        # The sample may end within quotes; what came before it tells enough.
        pass
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    if not widths:
        return None
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    cells_below = (cell for cells in rows[1:] if len(cells) == width for cell in cells if cell.strip())
    body = list(islice(cells_below, MOST_CELLS))
    numbers = sum(bool(NUMBER.fullmatch(cell)) for cell in body) / max(len(body), 1)
    return _Cut(mark, width, count / len(rows), numbers)
