"""COINr's iMeta: a row for each indicator, aggregate, group and denominator of an index.

See ``new_coin`` in the R package COINr (Becker, https://bluefoxr.github.io/COINr/): Type is Indicator,
Aggregate, Group, Denominator or Other, and weights are relative within a group.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from weighting.readers.cells import CellError, parse_number
from weighting.readers.formats.nodes import Node, below_the_index, framework_of, weights_of
from weighting.readers.formats.parcel import Format, Parcel
from weighting.readers.problems import ProblemLog
from weighting.readers.table import Table

# A framework's units stand beside figures; longer ones belong to the note.
LONGEST_UNIT = 40
OF_TREE = {"indicator", "aggregate"}
COLUMNS = ("icode", "type", "parent", "iname", "direction", "weight", "unit", "denominator", "target")


def _tells(parcel: Parcel) -> bool:
    table = parcel.plain
    return table is not None and {"icode", "type", "parent"} <= {name.casefold() for name in table.header}


def _table(parcel: Parcel) -> Table | None:
    table = parcel.plain
    assert table is not None  # noqa: S101  (it was told by its header)
    nodes = below_the_index(list(_nodes(table, parcel.log)))
    give = framework_of if parcel.kind == "framework" else weights_of
    return give(nodes, parcel.decisions)


def _nodes(table: Table, log: ProblemLog) -> Iterator[Node]:
    places = {name.casefold(): place for place, name in enumerate(table.header)}
    for row in table.rows:
        cells = {name: row.cells[places[name]] if name in places else "" for name in COLUMNS}
        if cells["type"].casefold() not in OF_TREE:
            continue
        yield Node(
            line=row.line,
            code=cells["icode"],
            parent=cells["parent"],
            name=cells["iname"],
            direction=cells["direction"].removesuffix(".0"),
            unit=cells["unit"] if len(cells["unit"]) <= LONGEST_UNIT else "",
            note=_note(cells),
            weight=_weight(cells["weight"], row.line, log),
        )


def _note(cells: dict[str, str]) -> str:
    """Return what an index does with an indicator beyond its place in the tree."""
    long_unit = cells["unit"] if len(cells["unit"]) > LONGEST_UNIT else ""
    parts = {"Unit": long_unit, "Denominator": cells["denominator"], "Target": cells["target"]}
    return "; ".join(f"{name}: {text}" for name, text in parts.items() if text)


def _weight(text: str, line: int, log: ProblemLog) -> float:
    try:
        weight = parse_number(text) if text else 1.0
    except CellError as error:
        log.add(str(error), row=line, column="Weight", value=text)
        return 1.0
    if weight < 0:
        log.add(_("A weight is never below zero. Correct it."), row=line, column="Weight", value=text)
        return 1.0
    return weight


FORMAT = Format("coinr", ("framework", "weights"), _tells, _table)
