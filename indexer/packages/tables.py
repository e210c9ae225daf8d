"""The tables of a package: every row begins with its unit or indicator, every column says what it is."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from indexer.method_cells import cell_text
from indexer.numeric.studies.rank_counts import summarise_ranks
from indexer.packages.contents import Contents
from indexer.selectors.cities import names_of_places
from indexer.selectors.data_sets import auxiliary_columns_of, unpack_totals
from indexer.selectors.preparations import changes_in
from indexer.selectors.stored_values import unpack_values
from weighting.exports import Heading, Table, table_bytes
from weighting.manifest import hash_framework
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray
from weighting.readers import read_framework
from weighting.readers.framework import COLUMNS, METHOD_COLUMNS
from weighting.selectors.frameworks import framework_rows

Row = Sequence[object]


class Field(NamedTuple):
    """A column: its name, its type as Frictionless calls it, and what stands in it."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, eq=False)
class Resource:
    """A table of a package: a file ``<name>.csv``, and a sheet."""

    name: str
    title: str
    fields: Sequence[Field]
    rows: Sequence[Row]
    key: tuple[str, ...]

    @property
    def table(self) -> Table:
        """The table as our exports write it: programs read it back by the names of its columns."""
        return Table([Heading(field.name, field.name) for field in self.fields], self.rows)


UNIT = Field("unit", "string", "The unit, as in units.csv")
CODE = Field("code", "string", "The indicator, as in framework.csv")
TOTAL = "total"
FRAMEWORK_WORDS = {
    "code": CODE.description,
    "parent": "The indicator that this one is part of; empty for a sub-index",
    "name_zh": "Chinese name",
    "name_en": "English name",
    "direction": "1: higher is better; -1: lower is better",
    "unit": "What raw values are counted in",
    "note": "What else is said of the indicator",
    "definition_zh": "What is measured, in Chinese",
    "definition_en": "What is measured, in English",
    "source": "Who gave the values",
    "licence": "Under which licence they were given",
}


def resources_of(contents: Contents) -> list[Resource]:
    """Return all tables that there are of a run, in the order in which it was computed."""
    made = (build(contents) for build in BUILDERS)
    return [resource for resource in made if resource is not None]


def _framework(contents: Contents) -> Resource:
    """Return the tree as the product imports it, with the cells of the method that are not blank."""
    method = contents.run.method
    own = {**method.leaves, **method.nodes}
    columns = [column for column in METHOD_COLUMNS if any(column in cells for cells in own.values())]
    rows = [
        [*row, *(cell_text(own.get(str(row[0]), {}).get(column, "")) for column in columns)]
        for row in _rows_with_hash(contents)
    ]
    fields = [Field(name, "integer" if name == "direction" else "string", text) for name, text in
              FRAMEWORK_WORDS.items()]  # fmt: skip
    fields += [Field(column, "string", "How the indicator is computed") for column in columns]
    return Resource("framework", "Codebook: the tree of indicators", fields, rows, ("code",))


def _rows_with_hash(contents: Contents) -> list[list[object]]:
    """Return the rows whose hash is the framework's: a node that was given no name is shown by its code."""
    indicators = [node.indicator for node in contents.nodes]
    rows = framework_rows(indicators)
    text = Table([Heading(name, name) for name in COLUMNS], rows)
    if (
        hash_framework(read_framework(table_bytes("csv", text), "framework.csv"))
        == contents.run.data_set.framework.sha256
    ):
        return rows
    return [[code, parent, *("" if zh == en == code else name for name in (zh, en)), *rest]
            for code, parent, zh, en, *rest in rows]  # fmt: skip


def _units(contents: Contents) -> Resource:
    fields = [
        Field("unit", "string", "What stands for the unit in every table"),
        Field("code", "string", "Official code, where there is one"),
        Field("name_zh", "string", "Chinese name"),
        Field("name_en", "string", "English name"),
        Field("province", "string", "The group that the unit is in; empty where it is in none"),
        Field("region", "string", "The group of groups; empty where the register has none"),
        Field("latitude", "number", "Degrees north (WGS 84)"),
        Field("longitude", "number", "Degrees east (WGS 84)"),
        *(
            Field(f"group_{one.code}", "string", f"Its group: {one.name_en or one.name_zh}")
            for one in contents.groupings
        ),
    ]
    rows = [
        [
            unit,
            city.code,
            city.name_zh,
            city.name_en,
            *names_of_places(city.province, has_regions=contents.has_regions).values(),
            city.latitude,
            city.longitude,
            *(contents.group_names.get((one.pk, city.pk), "") for one in contents.groupings),
        ]
        for unit, city in zip(contents.units, contents.cities, strict=True)
    ]
    return Resource("units", "Units", fields, rows, ("unit",))


def _raw(contents: Contents) -> Resource:
    """Return the raw values, and the columns that are no indicators, as the product imports them."""
    data_set = contents.run.data_set
    beside = auxiliary_columns_of(data_set)
    values = np.column_stack([unpack_values(data_set)[:, contents.given], *beside.values()])
    fields = [UNIT, *_leaf_fields(contents, "Raw value"),
              *(Field(code, "number", "Column that is no indicator") for code in beside)]  # fmt: skip
    return Resource("raw", "Raw values", fields, _by_unit(contents, values), ("unit",))


def _totals(contents: Contents) -> Resource | None:
    totals = unpack_totals(contents.run.data_set)
    codes = contents.run.data_set.leaf_codes
    told = zip(codes, totals.tolist(), contents.given.tolist(), strict=True)
    rows = [[code, total] for code, total, is_given in told if is_given and not np.isnan(total)]
    fields = [CODE, Field("total", "number", "The whole that shares are counted of")]
    return Resource("totals", "Totals", fields, rows, ("code",)) if rows else None


def _changes(contents: Contents) -> Resource | None:
    if contents.record is None:
        return None
    cells, codes = contents.record.cells, contents.run.data_set.leaf_codes
    rows = [
        [contents.units[city], codes[leaf], " ".join(changes_in(int(cells[city, leaf])))]
        for city, leaf in np.argwhere(cells).tolist()
    ]
    words = (
        "imputed, carried (imputed by the last value of an earlier edition), left_out, winsorised or logged; "
    )
    words += "several are parted by spaces"
    fields = [UNIT, CODE, Field("changes", "string", words)]
    return Resource("changes", "Values that were treated", fields, rows, ("unit", "code"))


def _normalised(contents: Contents) -> Resource:
    fields = [UNIT, *_leaf_fields(contents, "Normalised value")]
    rows = _by_unit(contents, contents.result.leaves.values[:, contents.given])
    return Resource("normalised", "Normalised values", fields, rows, ("unit",))


def _weights(contents: Contents) -> Resource:
    rows = [
        [
            node.indicator.code,
            node.indicator.parent.code if node.indicator.parent else "",
            node.local_weight,
            node.global_weight,
        ]
        for node in contents.nodes
    ]
    fields = [
        CODE,
        Field("parent", "string", FRAMEWORK_WORDS["parent"]),
        Field("local_weight", "number", "Weight among its siblings"),
        Field("global_weight", "number", "Weight in the whole"),
    ]
    return Resource("weights", "Weights", fields, rows, ("code",))


def _scores(contents: Contents) -> Resource:
    shown = [node.indicator.code not in contents.hidden_nodes for node in contents.nodes]
    columns = itertools.compress(_node_fields(contents, "number", "Score"), shown)
    fields = [UNIT, Field(TOTAL, "number", "Composite score"), *columns]
    rows = _by_unit(contents, contents.scores[:, [True, *shown]])
    return Resource("scores", "Scores", fields, rows, ("unit",))


def _ranks(contents: Contents) -> Resource:
    """Return ranks with nothing where there is no score."""
    rows = [
        [unit, *(rank or None for rank in row)]
        for unit, row in zip(contents.units, contents.ranks.tolist(), strict=True)
    ]
    fields = [UNIT, Field(TOTAL, "integer", "Rank of the composite score"),
              *_node_fields(contents, "integer", "Rank")]  # fmt: skip
    return Resource("ranks", "Ranks", fields, rows, ("unit",))


def _sources(contents: Contents) -> Resource | None:
    """Return what the owner of the index says of single indicators; None where nothing is."""
    said = contents.terms
    rows = [
        [code, own.source, own.licence, not own.is_withheld]
        for node in contents.leaves
        if (own := said.get(code := node.indicator.code))
    ]
    fields = [
        CODE,
        Field("source", "string", "Who gave the values"),
        Field("licence", "string", "Under which licence, where it is not that of the whole"),
        Field("is_given", "boolean", "Whether raw and treated values are in this package"),
    ]
    title = "Sources and licences of the indicators"
    return Resource("sources", title, fields, rows, ("code",)) if rows else None


def _intervals(contents: Contents) -> Resource | None:
    study = contents.study
    if study is None:
        return None
    summary = summarise_ranks(study.counts)
    columns = {name: getattr(summary, name) for name in ("mean", "median", "q05", "q25", "q75", "q95")}
    label = dict(zip(contents.run.data_set.city_ids, contents.units, strict=True))
    figures = np.column_stack(list(columns.values())).tolist()
    nominal = study.figures["nominal"].tolist()
    rows = [
        [label[city], rank, *row] for city, rank, row in zip(study.cities.ids, nominal, figures, strict=True)
    ]
    fields = [UNIT, Field("rank", "integer", "Rank as published")]
    fields += [Field(name, "number", f"Of the rank over the draws: {name}") for name in columns]
    return Resource("intervals", "How sure the ranks are", fields, rows, ("unit",))


BUILDERS: Sequence[Callable[[Contents], Resource | None]] = (
    _framework,
    _sources,
    _units,
    _raw,
    _totals,
    _changes,
    _normalised,
    _weights,
    _scores,
    _ranks,
    _intervals,
)


def _leaf_fields(contents: Contents, what: str) -> list[Field]:
    names = {node.indicator.code: node.indicator for node in contents.leaves}
    codes = itertools.compress(contents.run.data_set.leaf_codes, contents.given)
    return [Field(code, "number", _described(what, names[code])) for code in codes]


def _node_fields(contents: Contents, type: str, what: str) -> list[Field]:
    return [Field(node.indicator.code, type, _described(what, node.indicator)) for node in contents.nodes]


def _described(what: str, indicator: Indicator) -> str:
    names = dict.fromkeys(filter(None, (indicator.name_zh, indicator.name_en)))
    return f"{what}: {' / '.join(names)}"


def _by_unit(contents: Contents, figures: FloatArray) -> list[Row]:
    return [[unit, *row] for unit, row in zip(contents.units, figures.tolist(), strict=True)]
