"""Lists of indicators with a column for each level of the tree, and the sheet of a workbook they stand on."""

from io import BytesIO

import pytest
from openpyxl import Workbook

from weighting.readers import FileProblems, read_framework, read_weights
from weighting.readers.decisions import Decisions, LookFirst

METADATA = [
    ["Code", "Indicator", "Pillar", "Unit", "Polarity", "Lower goalpost", "Upper goalpost", "Weight"],
    ["w1", "Piped water", "Supply", "%", "higher is better", 60, 100, 0.75],
    ["w2", "Losses", "Supply", "%", "lower is better", 5, 60, 0.25],
    ["g1", "Groundwater", "Resources", "mm", "higher is better", -40, 20, 1],
    [None, None, "Supply", None, None, None, None, 0.6],
    [None, None, "Resources", None, None, None, None, 0.4],
]  # fmt: skip
LEVELS = """\
一级指标,权重,二级指标,权重,三级指标,权重,单位,指标属性
养老,0.4,设施,0.6,床位数,0.5,张/千人,正向
,,,,食堂覆盖率,0.5,%,正向
,,服务,0.4,候诊时间,1,分钟,逆向
医疗,0.6,医师数,1,,,人/千人,正向
"""


def published():
    """A workbook that begins with the data; what they are stands further back, below a title."""
    book = Workbook()
    book.active.title = "Scores"
    for cells in (["Country", "Year", "Piped water", "Losses"], ["Albania", 2020, 88.1, 30]):
        book.active.append(cells)
    book.create_sheet("Notes").append(["Values as supplied."])
    sheet = book.create_sheet("Metadata")
    for cells in (["What is measured"], *METADATA):
        sheet.append(cells)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def read_tree(file, decisions=None):
    table = read_framework(file, "F", decisions)
    return table, [(row.code, row.parent, row.name_zh or row.name_en, row.direction) for row in table.rows]


def test_groups_that_a_column_names_become_nodes():
    ledger = Decisions()
    table, tree = read_tree(published(), ledger)
    assert tree == [
        ("A1", "", "Supply", 1),
        ("w1", "A1", "Piped water", 1),
        ("w2", "A1", "Losses", -1),
        ("A2", "", "Resources", 1),
        ("g1", "A2", "Groundwater", 1),
    ]
    assert dict(table.rows[4].method) == {"lower": "-40", "upper": "20"}
    made = {choice.key: (choice.value, choice.how) for choice in ledger.made}
    assert made["sheet"] == ("Metadata", "likely")
    assert made["format"] == ("levels", "likely")
    assert made["extra:Weight"] == ("left out", "likely")
    asking = Decisions(asks=True)
    read_framework(published(), "F", asking)
    with pytest.raises(LookFirst):
        asking.close()


def test_the_same_sheet_gives_the_weights_of_indicators_and_groups():
    table, _tree = read_tree(published())
    weights = read_weights(published(), "F", table.tree, nodes=table.rows)
    assert weights.local.tolist() == [0.6, 0.75, 0.25, 0.4, 1]


def test_levels_in_merged_cells_are_read_with_the_weights_beside_them():
    table, tree = read_tree(LEVELS.encode())
    assert tree == [
        ("A1", "", "养老", 1),
        ("B1", "A1", "设施", 1),
        ("C1", "B1", "床位数", 1),
        ("C2", "B1", "食堂覆盖率", 1),
        ("B2", "A1", "服务", 1),
        ("C3", "B2", "候诊时间", -1),
        ("A2", "", "医疗", 1),
        ("B3", "A2", "医师数", 1),
    ]
    assert table.rows[7].unit == "人/千人"
    weights = read_weights(LEVELS.encode(), "F", table.tree, nodes=table.rows)
    assert weights.local.tolist() == [0.4, 0.6, 0.5, 0.5, 0.4, 1, 0.6, 1]


def test_a_made_code_is_none_that_the_file_gives():
    text = "code,pillar,indicator\nA1,Supply,Pipes\n,Supply,Losses\n"
    assert [row[:2] for row in read_tree(text.encode())[1]] == [("A2", ""), ("A1", "A2"), ("B1", "A2")]


def test_two_rows_of_one_name_are_told_apart_by_codes_alone():
    rows = "code,pillar,indicator\n{},Supply,Pipes\n{},Supply,Pipes\n"
    assert [row[0] for row in read_tree(rows.format("a", "b").encode())[1]] == ["A1", "a", "b"]
    with pytest.raises(FileProblems, match=r"row 3.*“a”.*already used in row 2"):
        read_tree(rows.format("a", "a").encode())


def test_the_own_layout_and_a_chosen_sheet_stay_what_they_are():
    own = b"code,parent,group,name\na,,x,Water\n"
    with pytest.raises(FileProblems, match="group"):
        read_framework(own, "F")
    with pytest.raises(FileProblems, match="row 1, column “Country”"):
        read_framework(published(), "F", Decisions({"sheet": "Scores"}))
    # What is wrong with the names of columns is said of their own row, below the title.
    with pytest.raises(FileProblems, match="row 2, column “Pillar”"):
        read_framework(published(), "F", Decisions({"format": "plain"}))


def test_a_bound_below_zero_is_read_as_our_own_files_write_it():
    (row,) = read_framework(b"code,parent,lower,upper\na,,'-40,20\n", "F").rows
    assert row.method["lower"] == "-40"


UNEVEN = """\
Dimension,Theme,Indicator,Unit,Weight (%)
Water,Nutrients,Nitrate,mg/l,25
,,Phosphorus,mg/l,25
,Oxygen,Dissolved oxygen,mg/l,24.9
Access,,,%,25
Total,,,,99.9
"""


def test_a_list_without_codes_is_read_by_its_levels_and_its_row_of_sums_left_out():
    ledger = Decisions()
    table, tree = read_tree(UNEVEN.encode(), ledger)
    assert tree == [
        ("A1", "", "Water", 1),
        ("B1", "A1", "Nutrients", 1),
        ("C1", "B1", "Nitrate", 1),
        ("C2", "B1", "Phosphorus", 1),
        ("B2", "A1", "Oxygen", 1),
        ("C3", "B2", "Dissolved oxygen", 1),
        ("A2", "", "Access", 1),
    ]
    made = {choice.key: (choice.value, choice.how) for choice in ledger.made}
    assert made["sums"] == ("left out", "likely")
    # Weights that no group has are those of the whole; an indicator may stand where groups do.
    weights = read_weights(UNEVEN.encode(), "F", table.tree, nodes=table.rows, normalise=True)
    assert weights.global_[[2, 3, 5, 6]].tolist() == pytest.approx(
        [25 / 99.9, 25 / 99.9, 24.9 / 99.9, 25 / 99.9]
    )


def test_a_row_called_total_is_an_indicator_by_choice():
    tree = read_tree(UNEVEN.encode(), Decisions({"sums": "kept"}))[1]
    assert tree[-1] == ("A3", "", "Total", 1)
    assert read_tree(b"Pillar,Indicator\nSupply,Total\n,Pipes\n")[1][1] == ("B1", "A1", "Total", 1)


def test_levels_are_told_by_what_they_hold_whatever_they_are_called():
    text = (
        "Volet;Chantier;Mesure;Sens\nClimat;Eau;Pluie;-\n;;Gel;-\n;Sol;Pente;+\nMarché;Prix;Prix moyen;+\n"
        "Marché;Prix;Stocks;-\n"
    )
    for heads in ("Volet;Chantier;Mesure", "Pilier;Sous-thème;Indicateur", "Abc;Def;Ghi"):
        ledger = Decisions()
        _table, tree = read_tree(text.replace("Volet;Chantier;Mesure", heads).encode(), ledger)
        assert tree == [
            ("A1", "", "Climat", 1),
            ("B1", "A1", "Eau", 1),
            ("C1", "B1", "Pluie", -1),
            ("C2", "B1", "Gel", -1),
            ("B2", "A1", "Sol", 1),
            ("C3", "B2", "Pente", 1),
            ("A2", "", "Marché", 1),
            ("B3", "A2", "Prix", 1),
            ("C4", "B3", "Prix moyen", 1),
            ("C5", "B3", "Stocks", -1),
        ]
        assert ("format", "levels", "likely") in [(made.kind, made.value, made.how) for made in ledger.made]


@pytest.mark.parametrize(
    "text",
    [
        # Codes are there; the first column groups nothing; nothing is named; one group; groups that cross.
        "Volet;code;parent\nClimat;a;\nClimat;b;\n",
        "Mesure;Sens\nPluie;-\nGel;-\n",
        "Volet;Poids\nClimat;0.5\nClimat;0.4\nMarché;0.1\n",
        "Indice;Mesure\nVin;Pluie\nVin;Gel\n",
        "Volet;Chantier;Mesure\nClimat;Eau;Pluie\nMarché;Eau;Gel\nMarché;Prix;Pente\n",
        # Kinds of nodes, each of which says what it is part of.
        "Art;Kürzel;Teil von\nThema;WAS;\nThema;LUF;\nMaß;RGN;WAS\nMaß;FRO;WAS\nMaß;OZO;LUF\n",
    ],
)
def test_other_columns_are_no_levels(text):
    ledger = Decisions()
    with pytest.raises(FileProblems):
        read_framework(text.encode(), "F", ledger)
    assert "format" not in {made.kind for made in ledger.made}
