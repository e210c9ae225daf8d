"""Files to rows: what is read, and every complaint with its place and remedy."""

import io

import numpy as np
import pytest
from django.utils import translation

from weighting.numeric.tree import build_tree
from weighting.readers import (
    FileProblems,
    decode,
    read_framework,
    read_panel,
    read_scores,
    read_weights,
    rows,
    scan_framework,
)
from weighting.readers.cells import CellError, parse_number, parse_score
from weighting.readers.decisions import Decisions

FRAMEWORK = "code,parent,name_zh,direction\na,,基础,\nb,,产业,1\na1,a,市场,+1\na2,a,故障率,-1\nb1,b,农业,1\n"
TREE = build_tree(["a", "b", "a1", "a2", "b1"], ["", "", "a", "a", "b"])


def problems_of(read, text, *args):
    """Return (row, column, value) of each problem; every message has a remedy after what is wrong."""
    with pytest.raises(FileProblems) as caught:
        read(text if isinstance(text, bytes) else text.encode(), "F.csv", *args)
    assert all(str(problem).startswith("F.csv") for problem in caught.value.problems)
    assert all(problem.message.endswith(".") for problem in caught.value.problems)
    return [(problem.row, problem.column, problem.value) for problem in caught.value.problems]


def messages_of(read, text, *args):
    with pytest.raises(FileProblems) as caught:
        read(text.encode(), "F.csv", *args)
    return [str(problem) for problem in caught.value.problems]


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
    def test_each_is_read(self, encoding):
        assert read_framework(FRAMEWORK.encode(encoding), "F.csv").rows[0].name_zh == "基础"

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_each_line_ending_is_read(self, ending):
        framework = read_framework(FRAMEWORK.replace("\n", ending).encode(), "F.csv")
        assert [row.row for row in framework.rows] == [2, 3, 4, 5, 6]

    def test_damaged_utf8_is_not_taken_for_gb18030(self):
        damaged = FRAMEWORK.encode().replace("产".encode(), b"\xe4\xba")
        with pytest.raises(UnicodeDecodeError):
            decode(damaged)
        assert problems_of(read_framework, damaged) == [(3, "", None)]

    @pytest.mark.parametrize("data", [b"PK\x03\x04rest", b"code\0parent"])
    def test_what_is_no_text_is_refused(self, data):
        assert problems_of(read_framework, data) == [(None, "", None)]

    def test_a_file_that_is_too_large_is_not_parsed(self, monkeypatch):
        monkeypatch.setattr(rows, "MAX_BYTES", 20)
        assert problems_of(read_framework, FRAMEWORK) == [(None, "", None)]

    def test_paths_and_open_files_are_read(self, tmp_path):
        path = tmp_path / "F.csv"
        path.write_text(FRAMEWORK, encoding="utf-8")
        assert read_framework(path, "F.csv").rows == read_framework(io.BytesIO(FRAMEWORK.encode()), "").rows
        with pytest.raises(FileProblems, match="No such file"):
            read_framework(tmp_path / "absent.csv", "absent.csv")


class TestTables:
    @pytest.mark.parametrize("text", ["", "\n\n", " , \n", "\ufeff"])
    def test_an_empty_file(self, text):
        assert problems_of(read_framework, text) == [(1, "", None)]

    def test_blank_lines_and_spaces_do_not_count(self):
        framework = read_framework(b"\n code , parent \n\n a,\n\n b , a \n,\n", "F.csv")
        assert [(row.row, row.code, row.parent) for row in framework.rows] == [(4, "a", ""), (6, "b", "a")]

    def test_quoted_cells_keep_their_commas_and_lines(self):
        text = 'code,parent,note\na,,"one, two\nthree ""four"""\nb,,\n'
        rows = read_framework(text.encode(), "F.csv").rows
        assert rows[0].note == 'one, two\nthree "four"'
        assert rows[1].row == 4

    def test_an_open_quote_does_not_swallow_the_rest(self):
        assert (3, "", None) in problems_of(read_framework, 'code,parent\na,\n"b,\nc,\n')

    def test_ragged_rows(self):
        text = "code,parent\na,\nb\nc,,\nd,a,x\n"
        assert problems_of(read_framework, text) == [(3, "", None), (5, "", None)]

    def test_wrong_headers_name_the_nearest(self):
        messages = messages_of(read_framework, "Codex,parents,,note,note\na,,x,,\n")
        assert [message.split(":")[0] for message in messages] == [
            "F.csv, row 1, column “Codex”, value “Codex”",
            "F.csv, row 1, column “parents”, value “parents”",
            "F.csv, row 1",
            "F.csv, row 1, column “note”",
            "F.csv, row 1, column “code”",
            "F.csv, row 1, column “parent”",
        ]
        assert "Nearest: code" in messages[0]
        assert "Nearest: parent" in messages[1]

    def test_semicolons_are_recognised(self):
        assert [row.code for row in read_framework(b"code;parent\na;\n", "F.csv").rows] == ["a"]


class TestCells:
    @pytest.mark.parametrize(
        ("text", "value"),
        [("1", 1), ("-2.50", -2.5), (".5", 0.5), ("1e3", 1000), ("１２．５", 12.5), ("−3", -3)],
    )
    def test_numbers(self, text, value):
        assert parse_number(text) == value

    @pytest.mark.parametrize(
        "text",
        ["", "x", "nan", "inf", "-Infinity", "1_000", "1,000", "27.69%", "0x1F", "1e400", "1" + "0" * 400,
         "1e-400", "٣", "1 2", "--1"],
    )  # fmt: skip
    def test_what_is_no_number(self, text):
        with pytest.raises(CellError):
            parse_number(text)

    @pytest.mark.parametrize("text", ["1", "2.0", " 3 ", "４", "5"])
    def test_scores(self, text):
        assert parse_score(text) in {1, 2, 3, 4, 5}

    def test_an_empty_score_is_an_abstention(self):
        assert np.isnan(parse_score(" "))

    @pytest.mark.parametrize("text", ["0", "6", "2.5", "-1", "good", "nan", "1e400", "50%"])
    def test_what_is_no_score(self, text):
        with pytest.raises(CellError, match="1, 2, 3, 4 or 5"):
            parse_score(text)


class TestFramework:
    def test_rows_and_tree(self):
        framework = read_framework(FRAMEWORK.encode(), "F.csv")
        assert framework.tree.leaf_codes == ("a1", "a2", "b1")
        assert framework.directions.tolist() == [1, -1, 1]
        assert framework.rows[3].name_zh == "故障率"

    def test_all_problems_at_once(self):
        text = (
            "code,parent,direction,unit\na,,1,\na,,1,\nb,x,1,\nc,d,1,\nd,c,1,\n,a,1,\ne,a,2,\n=f,a,1,\n"
            f"unit,a,−1,\ng,a,1,{'u' * 41}\n"
        )
        assert problems_of(read_framework, text) == [
            (3, "code", "a"),
            (4, "parent", "x"),
            (5, "parent", "d"),
            (7, "code", ""),
            (8, "direction", "2"),
            (9, "code", "=f"),
            (10, "code", "unit"),
            (11, "unit", "u" * 41),
        ]

    def test_a_text_of_full_length_is_read_back_from_a_file_that_keeps_it_from_running(self):
        unit = "=" + "u" * 39
        read = read_framework(f"code,parent,unit\na,,'{unit}\n".encode(), "F.csv")
        assert read.rows[0].unit == unit
        assert problems_of(read_framework, f"code,parent,unit\na,,'{unit}u\n") == [(2, "unit", f"{unit}u")]

    def test_header_alone(self):
        assert problems_of(read_framework, "code,parent\n") == [(None, "", None)]

    def test_one_indicator_is_a_framework(self):
        assert [row.code for row in read_framework(b"code,parent\na,\n", "F.csv").rows] == ["a"]

    def test_too_deep(self):
        rows = "".join(f"n{level},{f'n{level - 1}' if level else ''}\n" for level in range(8))
        assert problems_of(read_framework, "code,parent\n" + rows) == [(8, "parent", "n5")]

    @pytest.mark.parametrize("other", ["ｃafe\u0301", "cafe\u0301", "ＣAFÉ".lower()])
    def test_codes_that_look_the_same_are_two_of_one(self, other):
        """In another width, or composed otherwise: who types one means the other."""
        messages = messages_of(read_framework, f"code,parent\ncaf\u00e9,\n{other},\nb,\n")
        assert ["looks the same as that of row 2" in text for text in messages] == [True]

    def test_messages_name_the_cause(self):
        messages = messages_of(read_framework, "code,parent\nmarket,\ntech,markt\nx,y\ny,x\nx,\n")
        assert "Nearest: market." in messages[0]
        assert "x > y > x" in messages[1]
        assert "already used in row 4" in messages[2]

    def test_a_faulty_tree_still_tells_its_codes(self):
        scan = scan_framework(b"code,parent\na,\na1,a\na1,a\n", "F.csv")
        assert (scan.codes, scan.leaf_codes, scan.table) == (("a", "a1"), ("a1",), None)


class TestScores:
    def test_scores_by_expert_and_node(self):
        text = "expert,indicator,score\ne1,b,2\ne1,a,1\ne2,a,\ne2,b,5\n"
        read = read_scores(text.encode(), "S.csv", TREE)
        assert read.experts == ("e1", "e2")
        np.testing.assert_array_equal(read.scores[:, :2], [[1, 2], [np.nan, 5]])
        assert read.asked.tolist() == [True, True, False, False, False]
        assert [(a.row, a.expert, a.code) for a in read.abstentions] == [(4, "e2", "a")]

    def test_all_problems_at_once(self):
        text = (
            "expert,indicator,score\ne1,a,0\ne1,b,6\ne1,a1,2.5\ne1,a2,good\n,b1,3\ne2,a,3\ne2,a,4\ne2,zz,1\n"
            "e2,b,1\ne2,a1,1\ne2,a2,1\ne2,b1,1\n"
        )
        assert problems_of(read_scores, text, TREE) == [
            (None, "expert", "e1"),
            (2, "score", "0"),
            (3, "score", "6"),
            (4, "score", "2.5"),
            (5, "score", "good"),
            (6, "expert", ""),
            (8, "indicator", "a"),
            (9, "indicator", "zz"),
        ]

    def test_a_group_asked_in_part_is_named(self):
        messages = messages_of(read_scores, "expert,indicator,score\ne,a,1\ne,b,1\ne,a1,1\n", TREE)
        assert len(messages) == 1
        assert "value “a2”: The indicator is not scored but its siblings are." in messages[0]

    def test_rows_that_an_expert_lacks_are_named(self):
        messages = messages_of(read_scores, "expert,indicator,score\ne,a,1\ne,b,1\nf,a,1\n", TREE)
        assert len(messages) == 1
        assert "value “f”: No rows for b." in messages[0]

    def test_an_item_nobody_scored_is_named(self):
        assert problems_of(read_scores, "expert,indicator,score\ne,a,1\ne,b,\n", TREE) == [
            (None, "indicator", "b")
        ]

    def test_header_alone(self):
        assert problems_of(read_scores, "expert,indicator,score\n", TREE) == [(None, "", None)]


class TestWeights:
    def test_local(self):
        read = read_weights(b"code,local_weight\na,0.6\nb,0.4\na1,0.25\na2,.75\nb1,1\n", "W.csv", TREE)
        assert read.global_.tolist() == pytest.approx([0.6, 0.4, 0.15, 0.45, 0.4])

    def test_global(self):
        read = read_weights(b"code,global_weight\na1,0.15\na2,0.45\nb1,0.4\n", "W.csv", TREE)
        assert read.local.tolist() == pytest.approx([0.6, 0.4, 0.25, 0.75, 1])

    def test_rounded_weights_are_rescaled(self):
        text = "code,local_weight\na,0.333333\nb,0.6666667\na1,.5\na2,.5\nb1,1\n"
        assert read_weights(text.encode(), "W.csv", TREE).local[:2].sum() == 1

    def test_the_index_itself_needs_no_weight(self):
        tree = build_tree(["x", "a", "b"], ["", "x", "x"])
        for top in ("x,\n", "x,1\n", ""):
            text = f"code,local_weight\n{top}a,0.25\nb,0.75\n"
            assert read_weights(text.encode(), "W.csv", tree).global_.tolist() == [1, 0.25, 0.75]

    def test_what_the_product_writes_is_read(self):
        text = (
            "code,parent,local_weight,global_weight\na,,0.6,0.6\nb,,0.4,0.4\na1,a,0.25,0.15\n"
            "a2,a,0.75,0.45\nb1,b,1,0.4\n"
        )
        assert read_weights(text.encode(), "W.csv", TREE).local[2] == 0.25
        wrong = text.replace("0.45", "0.46")
        assert problems_of(read_weights, wrong, TREE) == [(5, "global_weight", "0.46")]

    def test_all_bad_cells_at_once(self):
        text = "code,local_weight\na,27%\nb,-0.5\nb,1\na1,x\nzz,1\na2,nan\n"
        assert problems_of(read_weights, text, TREE) == [
            (None, "local_weight", None),
            (None, "local_weight", None),
            (3, "local_weight", "-0.5"),
            (4, "code", "b"),
            (5, "local_weight", "x"),
            (6, "code", "zz"),
            (7, "local_weight", ""),
        ]

    def test_every_group_that_misses_one_and_every_gap_at_once(self):
        messages = messages_of(read_weights, "code,local_weight\na,0.6\nb,0.400002\na1,1\na2,\n", TREE)
        assert len(messages) == 3
        assert "a, b sum to 1.000002, not to 1 (within 1e-06)" in messages[1]
        assert "b1 has no weight" in messages[0]
        assert "row 5, column “local_weight”, empty cell: a2 has no weight" in messages[2]

    def test_global_weights_must_sum_to_one(self):
        text = "code,global_weight\na1,15\na2,45\nb1,40\n"
        assert problems_of(read_weights, text, TREE) == [(None, "global_weight", None)]

    def test_a_weight_column_is_needed(self):
        assert (1, "local_weight", None) in problems_of(read_weights, "code,weight\na,1\n", TREE)


class TestColumnsThatAreNotKnown:
    TEXT = b"code,name,mail,phone\ne1,A,a@b.org,12\n"

    def test_each_is_left_out_or_stands_for_a_known_one_by_choice(self):
        ledger = Decisions({"extra:mail": "email", "extra": "left out"})
        (row,) = read_panel(self.TEXT, "P.csv", ledger)
        assert (row.email, ledger.unheeded) == ("a@b.org", [])
        offered = {made.subject: made.options[:2] for made in ledger.made if made.kind == "extra"}
        assert offered["mail"] == ("left out", "email")

    def test_without_a_choice_all_of_them_are_named_with_their_keys(self):
        with pytest.raises(FileProblems) as found:
            read_panel(self.TEXT, "P.csv")
        assert [(problem.column, problem.key) for problem in found.value.problems] == [
            ("mail", "extra:mail"),
            ("phone", "extra:phone"),
        ]

    def test_they_may_stand_in_trees_and_weights_as_well(self):
        ledger = Decisions({"extra": "left out"})
        tree = read_framework(b"code,parent,colour\na,,red\nb,,blue\n", "F.csv", ledger).tree
        ledger = Decisions({"extra:share": "global_weight", "extra": "left out"})
        weights = read_weights(
            b"code,share,colour\na,0.25,red\nb,0.75,blue\n", "W.csv", tree, decisions=ledger
        )
        assert weights.global_.tolist() == [0.25, 0.75]


class TestPanel:
    def test_rows_with_defaults(self):
        with translation.override("zh-hans"):
            rows = read_panel(
                b"code,name,email,sector\ne1,A,a@example.org,Industry\ne2,B,b@example.org,\n", "P.csv"
            )
        assert [(row.row, row.code, row.sector, row.language) for row in rows] == [
            (2, "e1", "industry", "zh-hans"),
            (3, "e2", "other", "zh-hans"),
        ]

    def test_language_and_sector_are_known_by_the_words_of_the_page(self):
        text = "code,name,email,sector,language\ne1,A,a@x.example,学术界,zh\ne2,B,b@x.example,政府,英文\n"
        with translation.override("zh-hans"):
            rows = read_panel(text.encode(), "P.csv")
        assert [(row.sector, row.language) for row in rows] == [("academic", "zh-hans"), ("government", "en")]

    def test_all_problems_at_once(self):
        text = (
            "code,name,email,sector,language\ne1,A,a@example.org,,\ne1,,A@example.org,,\n"
            "e3,C,nobody,sea,fr\n" + "e" * 41 + ",,,,\n"
        )
        assert problems_of(read_panel, text) == [
            (3, "code", "e1"),
            (3, "email", "a@example.org"),
            (4, "email", "nobody"),
            (4, "language", "fr"),
            (5, "name", ""),
            (5, "code", "e" * 41),
        ]

    def test_rows_under_a_wrong_header_are_checked_for_what_is_there(self):
        text = "code,email,phone\nA,a@example.org,\n,A@example.org,\nC,nobody,\n"
        assert problems_of(read_panel, text) == [
            (1, "phone", "phone"),
            (1, "name", None),
            (3, "code", ""),
            (3, "email", "a@example.org"),
            (4, "email", "nobody"),
        ]

    @pytest.mark.parametrize("text", ["", "code,name,email\n", "code,email\ne,e@x.example\n"])
    def test_nobody(self, text):
        assert len(problems_of(read_panel, text)) == 1


def test_a_file_wrong_throughout_is_cut_short(monkeypatch):
    monkeypatch.setattr("weighting.readers.problems.MAX_PROBLEMS", 3)
    text = "expert,indicator,score\n" + "".join(f"e{i},a,9\n" for i in range(10))
    messages = messages_of(read_scores, text, TREE)
    assert len(messages) == 4
    assert "more problems are not listed" in messages[-1]
