"""Text of another encoding is read as what it is, or refused: never as other characters without a word."""

import pytest

from weighting.readers import ProblemLog, decode
from weighting.readers.decisions import Decisions
from weighting.readers.encodings import ENCODINGS
from weighting.readers.table import Reading, table_of_text

WESTERN = "unit,a\nCôte d'Ivoire,1\nCuraçao,2\nSão Tomé and Príncipe,3\nÅland “Islands”,4\nRéunion,5\n"
CHINESE = "名称,值\n南阳市,1\n亳州市,2\n漯河市,3\n阿坝藏族羌族自治州,4\n"


@pytest.mark.parametrize(
    "text", [WESTERN, "country,a\nAlbania,76.5\nCôte d'Ivoire,58.6\n", "a,b\nMünchen,1\n", "a\nÖsterreich\n"]
)
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_western_text_is_not_taken_for_chinese(text, encoding):
    data = text.replace("“", "'").replace("”", "'") if encoding == "latin-1" else text
    assert decode(data.encode(encoding)) == data


@pytest.mark.parametrize("text", [CHINESE, "城市,值\n亳州,1\n", "unit,a\n泸州市,2\n"])
@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8", "utf-16"])
def test_chinese_text_is_read(text, encoding):
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("страна,a\nРоссия,1\nБеларусь,2\nКазахстан,3\n", "cp1251"),
        ("国,a\n日本の東京,1\nさいたま,2\n", "shift_jis"),
        ("縣市,a\n臺灣省高雄縣,1\n嘉義縣,2\n澎湖縣,3\n", "big5"),
        ("χώρα,a\nΕλλάδα,1\nΚύπρος,2\n", "cp1253"),
    ],
)
def test_what_is_neither_is_refused(text, encoding):
    with pytest.raises(UnicodeDecodeError):
        decode(text.encode(encoding))


@pytest.mark.parametrize("chosen", ENCODINGS)
@pytest.mark.parametrize("text", ["a,b\n1,2\n", CHINESE, WESTERN, "a"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_whatever_is_chosen_is_read_or_refused_at_its_line(text, encoding, chosen):
    log, reading = ProblemLog("t.csv"), Reading(Decisions({"encoding": chosen}))

    table = table_of_text(text.encode(encoding, "replace"), log, reading)

    assert (table is None) == bool(log.problems)
    assert all(problem.row for problem in log.problems if "another one" in problem.message)
