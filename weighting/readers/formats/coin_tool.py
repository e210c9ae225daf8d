"""The workbook of the JRC's COIN Tool: what it asks for stands in its sheets Database and Framework.

Rows and columns are those that COINr's import of the tool reads. In Database an indicator has a column
from E: its weight, direction and goalposts in rows 7 to 10, the codes of index, sub-index, pillar and
sub-pillar in rows 11 to 14, its name and code in rows 15 and 16, values from row 17; B and C hold names and
codes of units. In Framework a row of an aggregate has its code in C, its weight in E and its name in H.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from weighting.readers.cells import CellError, parse_number
from weighting.readers.formats.nodes import Node, below_the_index, framework_of, weights_of
from weighting.readers.formats.parcel import Format, Parcel
from weighting.readers.table import Table

DATABASE, FRAMEWORK = "Database", "Framework"
WEIGHT, DIRECTION, LEVELS, NAME, CODE, DATA = 7, 8, (11, 12, 13, 14), 15, 16, 17
# Columns from 0: names and codes of units, the first indicator; of Framework code, weight and name.
UNIT_NAME, UNIT_CODE, FIRST = 1, 2, 4
NODE_CODE, NODE_WEIGHT, NODE_NAME = 2, 4, 7
NOTHING = {"", "--", "-", "n/a"}

Grid = Mapping[int, list[str]]


def _tells(parcel: Parcel) -> bool:
    return {DATABASE, FRAMEWORK} <= set(parcel.names_of_sheets)


def _table(parcel: Parcel) -> Table | None:
    database = _grid(parcel, DATABASE)
    columns = _columns(database)
    if not columns:
        parcel.log.add(_("The sheet Database names no indicator in its rows 15 and 16. Fill them in."))
        return None
    if parcel.kind == "data":
        return _data(database, columns, parcel)
    nodes = below_the_index([*_aggregates(parcel, database, columns), *_indicators(database, columns)])
    give = framework_of if parcel.kind == "framework" else weights_of
    return give(nodes, parcel.decisions)


def _grid(parcel: Parcel, name: str) -> Grid:
    sheet = parcel.sheet(name)
    return {row.line: [""] * sheet.left + row.cells for row in sheet.rows}


def _cell(grid: Grid, line: int, column: int) -> str:
    cells = grid.get(line, [])
    return cells[column] if column < len(cells) else ""


def _columns(database: Grid) -> list[int]:
    """Return the columns of indicators that have a name and a code: the tool numbers a hundred ahead."""
    width = max(map(len, database.values()), default=0)
    return [
        column
        for column in range(FIRST, width)
        if _cell(database, NAME, column) not in NOTHING and _cell(database, CODE, column) not in NOTHING
    ]


def _data(database: Grid, columns: list[int], parcel: Parcel) -> Table:
    lines = [
        line
        for line in database
        if line >= DATA and (_cell(database, line, UNIT_NAME) or _cell(database, line, UNIT_CODE))
    ]
    return Table(
        header=("uName", "uCode", *(_cell(database, CODE, column) for column in columns)),
        columns=[
            [_cell(database, line, column) for line in lines] for column in (UNIT_NAME, UNIT_CODE, *columns)
        ],
        lines=lines,
        decisions=parcel.decisions,
    )


def _levels(database: Grid, columns: list[int]) -> list[int]:
    """Return the levels that are in use: one that is the same for every indicator tells nothing."""
    used = [
        level for level in LEVELS if len({_cell(database, level, column) for column in columns} - NOTHING) > 1
    ]
    return [LEVELS[0], *(level for level in used if level != LEVELS[0])]


def _path(database: Grid, column: int, levels: list[int]) -> list[str]:
    """Return the codes from the index down to the indicator."""
    codes = [_cell(database, level, column) for level in levels]
    return [*(code for code in codes if code not in NOTHING), _cell(database, CODE, column)]


def _indicators(database: Grid, columns: list[int]) -> list[Node]:
    levels = _levels(database, columns)
    nodes = []
    for column in columns:
        *above, code = _path(database, column, levels)
        nodes.append(
            Node(
                line=CODE,
                code=code,
                parent=above[-1] if above else "",
                name=_cell(database, NAME, column),
                direction=_cell(database, DIRECTION, column),
                weight=_weight(_cell(database, WEIGHT, column)),
            )
        )
    return nodes


def _aggregates(parcel: Parcel, database: Grid, columns: list[int]) -> list[Node]:
    """Return the aggregates that indicators stand under, parents first, by what Framework says of them."""
    listed = _grid(parcel, FRAMEWORK)
    lines = {_cell(listed, line, NODE_CODE): line for line in listed}
    parents: dict[str, str] = {}
    levels = _levels(database, columns)
    for column in columns:
        above = _path(database, column, levels)[:-1]
        for parent, code in zip(["", *above], above, strict=False):
            parents.setdefault(code, parent)
    return [
        Node(
            line=lines.get(code, CODE),
            code=code,
            parent=parent,
            name=_cell(listed, lines.get(code, 0), NODE_NAME),
            weight=_weight(_cell(listed, lines.get(code, 0), NODE_WEIGHT)),
        )
        for code, parent in parents.items()
    ]


def _weight(text: str) -> float:
    """Return a weight; 1 where none is given, as the tool takes it."""
    try:
        return max(parse_number(text), 0.0)
    except CellError:
        return 1.0


FORMAT = Format("coin_tool", ("framework", "weights", "data"), _tells, _table)
