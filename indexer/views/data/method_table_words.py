"""The table of a method as a page shows it: its cells, how values are spread, what it does to ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indexer.forms.method_table import CARRIES, PARAMETER, IndexChoices, TypedTable, offered
from indexer.method_cells import CellFault
from indexer.method_words import cells_words, column_words
from indexer.models import City, DataSet, IndexMethod
from indexer.numeric.method.plan import LEAF_COLUMNS, WHOLE
from indexer.selectors.stored_values import unpack_values
from indexer.selectors.trials import Laboratory, Moves, Trial
from indexer.views.shared.tables import plain_number
from weighting.numeric.arrays import FloatArray
from weighting.views.numbers import signed

NUMBERS = ("lower", "upper", "target")
BINS, WIDTH, HEIGHT = 16, 96, 28
MOST_MOVES = 8


@dataclass
class Sheet:
    """What is on the page: the table as typed, what is wrong with it, and what it does to the ranks."""

    data_set: DataSet
    form: IndexChoices
    table: TypedTable
    laboratory: Laboratory
    faults: list[CellFault] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    method: IndexMethod | None = None
    before: Trial | None = None
    trial: Trial | None = None
    moves: Moves | None = None

    @property
    def is_sound(self) -> bool:
        return not (self.faults or self.problems or self.form.errors)


def columns_of_leaves() -> list[dict[str, str]]:
    """Return the columns of the table, in the order of the file's but the number beside its choice."""
    words = {**column_words(), PARAMETER: _("λ or p")}
    order = ["transform", PARAMETER, *(name for name in LEAF_COLUMNS if name != "transform")]
    return [{"key": name, "label": words[name]} for name in order]


def table_context(sheet: Sheet) -> dict[str, Any]:
    """Return the rows of the page in view, and what rows can be set to together."""
    table, nodes = sheet.table, {node.code: node for node in sheet.table.nodes}
    spreads = _spreads(sheet)
    faults: dict[str, list[CellFault]] = {}
    for fault in sheet.faults:
        faults.setdefault(fault.code, []).append(fault)
    return {
        "columns": columns_of_leaves(),
        "rows": [
            {
                "key": key,
                "code": code,
                "node": nodes.get(code),
                "is_leaf": is_leaf,
                "is_index": code == WHOLE,
                "cells": _cells(sheet, table.texts.get(code, {}), key, is_leaf, faults.get(code, ())),
                "faults": [fault.message for fault in faults.get(code, ())],
                **spreads.get(code, {}),
            }
            for key, code, is_leaf in table.shown
        ],
        "together": {
            "leaf": _cells(sheet, {}, "set", True, ()),
            "node": _cells(sheet, {}, "set", False, ())[:1] + _cells(sheet, {}, "set", False, ())[2:],
        },
        "carried": table.carried,
        "page": table.page,
        "pages": range(1, table.page_count + 1) if table.page_count > 1 else (),
        "column_count": len(columns_of_leaves()),
    }


def _cells(
    sheet: Sheet, texts: Mapping[str, str], key: str, is_leaf: bool, faults: Sequence[CellFault]
) -> list[dict[str, Any]]:
    """Return the fields of a row; a choice and its number are two of them."""
    words = {**column_words(), PARAMETER: _("λ or p")}
    names = [c["key"] for c in columns_of_leaves()] if is_leaf else ["aggregation", PARAMETER, "coverage"]
    shown = _split(texts, is_leaf)
    wrong = {fault.column for fault in faults}
    return [
        {
            "name": f"{key}-{name}",
            "label": words[name],
            "column": name,
            "value": shown.get(name, ""),
            "options": _options(name, shown.get(name, ""), sheet.form.groups),
            "is_number": name in (*NUMBERS, "coverage", PARAMETER),
            "is_wrong": name in wrong,
        }
        for name in names
    ]


def _split(texts: Mapping[str, str], is_leaf: bool) -> dict[str, str]:
    """Return the cells with the number of a choice in a cell of its own."""
    cells, column = dict(texts), CARRIES[is_leaf]
    choice, colon, number = cells.get(column, "").partition(":")
    if colon:
        cells[column] = f"{choice}:"
        cells.setdefault(PARAMETER, number)
    return cells


def _options(column: str, value: str, groups: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what a list offers; a value that it does not know stays in sight."""
    if column in (*NUMBERS, "reference", "coverage", PARAMETER):
        return []
    choices = offered(column, groups)
    known = {code for code, _label in choices}
    return choices if not value or value in known else [*choices, (value, value)]


def _spreads(sheet: Sheet) -> dict[str, dict[str, Any]]:
    """Return how the raw and the normalised values of the rows in view are spread, by code."""
    raw, codes = unpack_values(sheet.data_set), sheet.data_set.leaf_codes
    made = sheet.trial.made.values if sheet.trial else None
    at = {code: place for place, code in enumerate(codes)}
    found: dict[str, dict[str, Any]] = {}
    for _key, code, is_leaf in sheet.table.shown:
        if is_leaf and code in at:
            column = raw[:, at[code]]
            found[code] = {"raw": histogram_of(column), "missing": int(np.isnan(column).sum())}
            if made is not None:
                found[code]["normalised"] = histogram_of(made[:, at[code]])
    return found


def histogram_of(values: FloatArray) -> dict[str, Any] | None:
    """Return the bars of a small histogram in its own coordinates, and its extent in words."""
    present = values[np.isfinite(values)]
    if not len(present):
        return None
    low, middle, high = float(present.min()), float(np.median(present)), float(present.max())
    # A range that is no range has no bins of its own.
    spread = high > low and np.isfinite(high - low)
    counts = np.histogram(present, BINS, (low, high))[0] if spread else np.array([len(present)])
    width = WIDTH / len(counts)
    tall = np.round(counts / counts.max() * HEIGHT, 1)
    bars = [
        {
            "x": f"{place * width:g}",
            "y": f"{HEIGHT - height:g}",
            "width": f"{width - 1:g}",
            "height": f"{height:g}",
        }
        for place, height in enumerate(tall.tolist())
        if height > 0
    ]
    words = {"low": plain_number(low), "middle": plain_number(middle), "high": plain_number(high)}
    label = _("from %(low)s to %(high)s, median %(middle)s") % words
    return {"bars": bars, "label": label, **words}


def trial_context(sheet: Sheet) -> dict[str, Any]:
    """Return what is wrong, or what the table does to the ranks, as one part of the page."""
    names = {node.code: node.name for node in sheet.table.nodes}
    context: dict[str, Any] = {
        "problems": sheet.problems,
        "faults": [_fault_row(fault, names, sheet) for fault in sheet.faults],
        "form_errors": sheet.form.errors if sheet.form.is_bound else {},
    }
    if sheet.trial is None or sheet.moves is None:
        return context
    own = {**sheet.trial.method.leaves, **sheet.trial.method.nodes}
    codes = [code for _key, code, _leaf in sheet.table.keys if own.get(code)]
    parts = sheet.laboratory.parts_of(sheet.trial, codes)
    moves = sheet.moves
    return context | {
        "moves": _moves(moves),
        "largest": _movers(sheet, moves),
        "parts": [
            {
                "name": names.get(code, _("the index")),
                "words": cells_words(own[code]),
                "moves": _moves(found) if found else None,
            }
            for code, found in parts.items()
        ],
        "parts_left": len(codes) - len(parts),
        "weights": _weights_words(sheet),
    }


def _fault_row(fault: CellFault, names: Mapping[str, str], sheet: Sheet) -> dict[str, Any]:
    """Return a fault with the way to its row, or to the page that has it."""
    keys = {code: key for key, code, _leaf in sheet.table.shown}
    name, heads = names.get(fault.code, _("the index")), column_words()
    if fault.column in heads:
        text = replace(fault, column=heads[fault.column]).placed(name)
    else:
        text = f"{name}: {fault.message}"
    key = keys.get(fault.code)
    return {
        "text": text,
        "anchor": f"row-{key}" if key else "",
        "page": None if key else sheet.table.page_of(fault.code),
    }


def _moves(moves: Moves) -> dict[str, Any]:
    return {
        "moved": moves.moved,
        "count": len(moves.both),
        "mean": signed(moves.mean_shift, 2, plus=False),
        "largest": moves.largest_shift,
        "lost": moves.lost,
        "gained": moves.gained,
    }


def _movers(sheet: Sheet, moves: Moves) -> list[dict[str, Any]]:
    found = moves.largest(MOST_MOVES)
    ids = sheet.data_set.city_ids
    cities = City.objects.in_bulk([ids[place] for place, _shift in found])
    return [
        {
            "city": cities[ids[place]],
            "nominal": int(moves.before[place]),
            "rank": int(moves.after[place]),
            "shift": shift,
        }
        for place, shift in found
    ]


def _weights_words(sheet: Sheet) -> str:
    version = sheet.laboratory.version
    if version is None:
        return _("equal weights: there is no frozen version")
    return _("version %(number)s, %(label)s") % {"number": version.number, "label": version.label}
