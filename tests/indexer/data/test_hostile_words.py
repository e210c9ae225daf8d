"""Files that are wrong throughout: the nearest right words are looked for only so long."""

import contextlib
import difflib
import math

import pytest

from indexer.intake.mapping import LeafNames, UnitNames, match_columns, match_rows
from weighting.numeric.tree import MAX_NODES, build_tree
from weighting.readers import (
    FileProblems,
    cells,
    read_framework,
    read_panel,
    read_scores,
    read_weights,
    scan_framework,
)
from weighting.readers.cells import Nearest

# Of the same two letters, all of them: nothing tells them apart soon.
WORDS = [f"{number:06b}".replace("0", "a").replace("1", "b") * 4 for number in range(40)]
WRONG = [f"{word}x" for word in WORDS]
TREE = build_tree(WORDS, [""] * len(WORDS))
UNITS = [UnitNames(key=word, label=word, shown=word, names=(word,), aliases=()) for word in WORDS]
LEAVES = [LeafNames(code=word, name_zh=word, name_en=word) for word in WORDS]


def text(head, rows):
    return "\n".join([head, *rows]).encode()


READINGS = {
    "parents that no row has": lambda: read_framework(
        text("code,parent", [f"{code},{parent}" for code, parent in zip(WORDS, WRONG, strict=True)]), "f.csv"
    ),
    "weights of no indicator": lambda: read_weights(
        text("code,local_weight", [f"{code},1" for code in WRONG]), "f.csv", TREE
    ),
    "scores of no indicator": lambda: read_scores(
        text("expert,indicator,score", [f"e,{code},1" for code in WRONG]), "f.csv", TREE
    ),
    "columns of no form": lambda: read_panel(text("code,name," + ",".join(WRONG), []), "f.csv"),
    "columns of no indicator": lambda: match_columns(WRONG, LEAVES),
    "rows of no unit": lambda: match_rows(WRONG, UNITS),
}


@pytest.fixture
def compared(monkeypatch):
    """How many pairs of characters were held against each other, whoever did so."""
    counted = [0]

    class Counting(difflib.SequenceMatcher):
        def set_seq1(self, a):
            super().set_seq1(a)
            counted[0] += len(a) * len(getattr(self, "b", None) or "")

        def set_seq2(self, b):
            super().set_seq2(b)
            counted[0] += len(self.a or "") * len(b)

    monkeypatch.setattr(difflib, "SequenceMatcher", Counting)
    return counted


def comparing(compared, reading):
    compared[0] = 0
    with contextlib.suppress(FileProblems):
        reading()
    return compared[0]


@pytest.mark.parametrize("kind", READINGS)
def test_only_so_much_is_compared_whatever_a_file_holds(kind, compared, monkeypatch):
    monkeypatch.setattr(cells, "MOST_COMPARED", math.inf)
    without = comparing(compared, READINGS[kind])
    monkeypatch.setattr(cells, "MOST_COMPARED", without // 10)
    within = comparing(compared, READINGS[kind])

    # Control: as much as the file has words for, where nothing is bounded.
    assert 0 < within < without / 2


def test_words_that_are_too_long_are_near_to_nothing_and_the_next_one_is_still_looked_for(monkeypatch):
    monkeypatch.setattr(cells, "MOST_COMPARED", 98)
    near = Nearest(["apple", "pear"], cutoff=0.5)

    assert near.find("apples" * 10) == []
    assert near.find("appl") == ["apple"]
    assert near.in_order("pea") == ["pear", "apple"]
    # By now all is spent: the words stand as they were given.
    assert (near.find("pear"), near.in_order("pear")) == ([], ["apple", "pear"])


def test_a_tree_that_is_too_large_is_told_so_and_nothing_else():
    rows = [f"n{number},m{number}" for number in range(MAX_NODES + 1)]
    scan = scan_framework(text("code,parent", rows), "f.csv")

    assert [str(problem) for problem in scan.problems] == [
        f"f.csv: A framework has at most {MAX_NODES} indicators, this one {MAX_NODES + 1}. Leave some out."
    ]


def test_a_file_of_wrong_words_names_the_nearest_to_the_first_of_them():
    with pytest.raises(FileProblems) as found:
        READINGS["parents that no row has"]()
    assert f"Nearest: {WORDS[0]}" in found.value.problems[0].message
