"""Numbers in weights, totals and published figures: marks and signs are told by the column, or asked."""

import numpy as np
import pytest

from weighting.numeric.tree import build_tree
from weighting.readers import FileProblems, read_weights
from weighting.readers.decisions import Decisions
from weighting.readers.totals import read_published_totals

TREE = build_tree(["a", "b"], ["", ""])

WRITTEN = {
    "decimal commas": "code;local_weight\na;0,75\nb;0,25\n",
    "quoted decimal commas": 'code,local_weight\na,"0,75"\nb,"0,25"\n',
    "percent": "code,local_weight\na,75%\nb,25 %\n",
    "percent with commas": "code;local_weight\na;75,0%\nb;25,0%\n",
    "full width": "code,local_weight\na,０.７５\nb,０.２５\n",
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_weights_are_read_however_they_are_written(kind):
    assert read_weights(WRITTEN[kind].encode(), "w.csv", TREE).local.tolist() == [0.75, 0.25]


def test_points_and_thousands_are_read_as_points():
    text = 'code,local_weight\na,"7,500"\nb,"2,500"\n'
    chosen = Decisions({"decimal": "."})
    weights = read_weights(text.encode(), "w.csv", TREE, normalise=True, decisions=chosen)
    np.testing.assert_allclose(weights.local, [0.75, 0.25])
    with pytest.raises(FileProblems) as found:
        read_weights(text.encode(), "w.csv", TREE, normalise=True)
    assert [problem.key for problem in found.value.problems if problem.key] == ["decimal:local_weight"]


def test_a_word_is_still_no_weight_and_the_ledger_tells_what_was_taken():
    ledger = Decisions()
    with pytest.raises(FileProblems, match="not a number"):
        read_weights(b"code,local_weight\na,most\nb,0.2\n", "w.csv", TREE, decisions=ledger)
    ledger = Decisions()
    read_weights(b"code,local_weight\na,75%\nb,25%\n", "w.csv", TREE, decisions=ledger)
    assert {made.key: made.value for made in ledger.made if made.how == "likely"} == {
        "percent:local_weight": "fraction"
    }


def test_the_decimals_of_published_figures_are_counted_behind_their_mark():
    text = "unit;total;a;b\nx;1.234,56;0,5;2\ny;12,5;0,25;3\n"
    found = read_published_totals(text.encode(), "p.csv", ["a", "b"])
    assert (found.total_step, found.value_step) == (0.01, 0.01)
    np.testing.assert_array_equal(found.totals, [1234.56, 12.5])
