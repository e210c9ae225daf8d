"""Our CSV files are, byte for byte, those that pandas and defusedcsv write."""

import io
import tracemalloc

import defusedcsv.csv
import numpy as np
import pytest

from indexer import result_files
from indexer.numeric.studies import packed_counts
from indexer.numeric.studies.packed_counts import PackedCounts
from indexer.result_files import write_nodes, write_rank_histogram, write_rank_intervals
from weighting.exports import Table, columns_of, table_bytes, write_csv, zip_pieces

UNITS = ["A,B", 'C"D', "|e", " f "]
EXTREMES = [5e-324, 1e-7, 1 / 3, -0.0, 1e16, 123456789012345680.0, 1.7976931348623157e308, np.nan]
# It writes bars with a stroke as well, which would not come back from an apostrophe alone, nor is needed.
TEXTS = ["=a", "%y", "-1.5", "-1e-7", "+1", "a|b", "-", "1,000", "-1/2", "x,y", 'q"', "l\nm", ""]


def by_pandas(columns):
    # Every other test process would load it for nothing.
    import pandas as pd

    return pd.DataFrame(columns).to_csv(index=False, lineterminator="\n").encode()


def test_figures_are_written_as_pandas_writes_them(tmp_path):
    random = np.random.default_rng(1).lognormal(0, 40, (4, 200))
    figures = np.hstack([np.tile(EXTREMES, (4, 1)), random])
    names = ["A,B", 'C"D', "'|e", " f "]
    write_nodes(tmp_path / "n.csv", UNITS, [f"x{k}" for k in range(208)], figures)
    columns = {"unit": names, **{f"x{k}": figures[:, k] for k in range(208)}}

    assert (tmp_path / "n.csv").read_bytes() == by_pandas(columns)


def test_ranks_and_counts_are_written_as_pandas_writes_them(tmp_path):
    ranks, counts = np.arange(1, 5), np.arange(8).reshape(4, 2)
    median = np.array([1, 2.5, 3, 1e22])
    write_rank_intervals(tmp_path / "i.csv", UNITS, ranks, {"median": median})
    write_rank_histogram(tmp_path / "h.csv", UNITS, ranks, counts, ["1", "2-4"])
    names = {"unit": ["A,B", 'C"D', "'|e", " f "]}

    assert (tmp_path / "i.csv").read_bytes() == by_pandas({**names, "rank": ranks, "median": median})
    assert (tmp_path / "h.csv").read_bytes() == by_pandas({**names, "1": counts[:, 0], "2-4": counts[:, 1]})


def test_packed_counts_are_opened_once_for_a_file(tmp_path, monkeypatch):
    """The first units of a ranking lie in all blocks: for each few of them all would be opened again."""
    units, bands = 3 * packed_counts.ROWS, 6_000
    opened, open_block = [], PackedCounts.open
    monkeypatch.setattr(
        PackedCounts, "open", lambda self, rows: opened.append(rows) or open_block(self, rows)
    )
    order = np.random.default_rng(1).permutation(units)
    for _row in result_files._in_order(PackedCounts((units, bands)), order):
        pass
    assert len(opened) == 3

    few = np.random.default_rng(2).integers(0, 70_000, (50, 4))
    for name, counts in {"packed": PackedCounts.of(few), "plain": few}.items():
        write_rank_histogram(tmp_path / name, list("u" * 50), order.argsort()[:50] + 1, counts, list("abcd"))
    assert (tmp_path / "packed").read_bytes() == (tmp_path / "plain").read_bytes()


def test_files_and_their_archive_take_the_same_memory_for_any_number_of_rows(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()

    def peak_of(rows):
        tracemalloc.start()
        write_csv(folder / "a.csv", ["unit", "x"], ([f"Unit {row}", row / 3] for row in range(rows)))
        with (tmp_path / "b.zip").open("wb") as out:
            out.writelines(zip_pieces(folder, [folder / "a.csv"]))
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    peak_of(10)
    assert peak_of(40_000) < peak_of(4_000) + 100_000


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_disarmed_as_defusedcsv_disarms_them(text):
    out = io.StringIO()
    defusedcsv.csv.writer(out, lineterminator="\n").writerows([["unit", "text"], ["A", text]])

    written = table_bytes("csv", Table(columns_of("unit", "text"), [["A", text]]))
    assert written == b"\xef\xbb\xbf" + out.getvalue().encode()
