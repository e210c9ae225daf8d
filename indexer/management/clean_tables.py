"""The tables beside data that `read_table` writes clean: framework, weights, totals, register, panel."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.frames import scan_totals
from indexer.intake.registers import COLUMNS as REGISTER
from indexer.intake.registers import read_register
from weighting.readers import FrameworkTable, ProblemLog, read_framework, read_panel, read_weights
from weighting.readers.framework import METHOD_COLUMNS

NODE = ("code", "parent", "name_zh", "name_en", "direction", "unit", "note")
PERSON = ("code", "name", "email", "organisation", "sector", "language")


@dataclass(frozen=True)
class CleanRows:
    """A table as the product writes it: its columns, and its rows in the order of the file."""

    columns: tuple[str, ...]
    rows: list[list[object]]


def _framework(path: Path, _tree: FrameworkTable | None) -> CleanRows:
    rows = read_framework(path, path.name).rows
    used = tuple(column for column in METHOD_COLUMNS if any(column in row.method for row in rows))
    return CleanRows(
        (*NODE, *used),
        [[*_cells(row, NODE), *(row.method.get(column, "") for column in used)] for row in rows],
    )


def _weights(path: Path, framework: FrameworkTable | None) -> CleanRows:
    assert framework is not None  # noqa: S101 - see NEEDS_FRAMEWORK
    table = read_weights(path, path.name, framework.tree)
    rows = zip(framework.tree.codes, table.local.tolist(), table.global_.tolist(), strict=True)
    return CleanRows(("code", "local_weight", "global_weight"), [list(row) for row in rows])


def _totals(path: Path, framework: FrameworkTable | None) -> CleanRows:
    assert framework is not None  # noqa: S101 - see NEEDS_FRAMEWORK
    codes = [framework.rows[leaf].code for leaf in framework.tree.leaves]
    log = ProblemLog(path.name)
    totals = scan_totals(path, log, codes)
    log.raise_if_any()
    known = [[code, total] for code, total in zip(codes, totals.tolist(), strict=True) if not np.isnan(total)]
    return CleanRows(("code", "total"), known)


def _register(path: Path, _tree: FrameworkTable | None) -> CleanRows:
    rows = read_register(path, path.name, everything=("", ""))
    return CleanRows(REGISTER, [_cells(row, REGISTER) for row in rows])


def _panel(path: Path, _tree: FrameworkTable | None) -> CleanRows:
    return CleanRows(PERSON, [_cells(row, PERSON) for row in read_panel(path, path.name)])


def _cells(row: object, columns: Iterable[str]) -> list[object]:
    return [_cell(getattr(row, column)) for column in columns]


def _cell(value: object) -> object:
    if isinstance(value, tuple):
        return ";".join(value)
    return "" if value is None else value


CLEAN: dict[str, Callable[[Path, FrameworkTable | None], CleanRows]] = {
    "framework": _framework,
    "weights": _weights,
    "totals": _totals,
    "register": _register,
    "panel": _panel,
}
NEEDS_FRAMEWORK = {"data", "weights", "totals"}
