"""The tables beside data that `read_table` writes clean, from the framework to outside series."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.frames import scan_totals
from indexer.intake.files import operator_limits
from indexer.intake.mapping import UnitNames
from indexer.intake.registers import COLUMNS as REGISTER
from indexer.intake.registers import read_register
from indexer.intake.series import read_series
from weighting.readers import FrameworkTable, ProblemLog, read_framework, read_panel, read_weights
from weighting.readers.decisions import Decisions
from weighting.readers.framework import COLUMNS, METHOD_COLUMNS, TERMS

PERSON = ("code", "name", "email", "organisation", "sector", "language")


@dataclass(frozen=True)
class CleanRows:
    """A table as the product writes it: its columns, and its rows in the order of the file."""

    columns: tuple[str, ...]
    rows: list[list[object]]


@dataclass(frozen=True, eq=False)
class Given:
    """What a table is read with: the ledger of choices and, for some kinds, codes, units and a year."""

    decisions: Decisions
    framework: FrameworkTable | None = None
    units: Iterable[UnitNames] = ()
    year: int | None = None


def _framework(path: Path, given: Given) -> CleanRows:
    rows = read_framework(path, path.name, given.decisions).rows
    told = tuple(c for c in COLUMNS if c not in TERMS or any(getattr(row, c) for row in rows))
    used = tuple(column for column in METHOD_COLUMNS if any(column in row.method for row in rows))
    return CleanRows(
        (*told, *used),
        [[*_cells(row, told), *(row.method.get(column, "") for column in used)] for row in rows],
    )


def _weights(path: Path, given: Given) -> CleanRows:
    framework = given.framework
    assert framework is not None  # noqa: S101  (see NEEDS_FRAMEWORK)
    table = read_weights(path, path.name, framework.tree, nodes=framework.rows, decisions=given.decisions)
    rows = zip(framework.tree.codes, table.local.tolist(), table.global_.tolist(), strict=True)
    return CleanRows(("code", "local_weight", "global_weight"), [list(row) for row in rows])


def _totals(path: Path, given: Given) -> CleanRows:
    framework = given.framework
    assert framework is not None  # noqa: S101  (see NEEDS_FRAMEWORK)
    codes = [framework.rows[leaf].code for leaf in framework.tree.leaves]
    log = ProblemLog(path.name)
    totals = scan_totals(path, log, codes, given.decisions)
    log.raise_if_any()
    known = [[code, total] for code, total in zip(codes, totals.tolist(), strict=True) if not np.isnan(total)]
    return CleanRows(("code", "total"), known)


def _register(path: Path, given: Given) -> CleanRows:
    rows = read_register(path, path.name, everything=("", ""), decisions=given.decisions)
    return CleanRows(REGISTER, [_cells(row, REGISTER) for row in rows])


def _panel(path: Path, given: Given) -> CleanRows:
    rows = read_panel(path, path.name, given.decisions)
    return CleanRows(PERSON, [_cells(row, PERSON) for row in rows])


def _series(path: Path, given: Given) -> CleanRows:
    log = ProblemLog(path.name)
    table = read_series(path, log, given.units, given.decisions, year=given.year, limits=operator_limits())
    log.raise_if_any()
    rows = zip(table.labels, table.values.tolist(), strict=True)
    return CleanRows(("unit", "value"), [list(row) for row in rows])


def _cells(row: object, columns: Iterable[str]) -> list[object]:
    return [_cell(getattr(row, column)) for column in columns]


def _cell(value: object) -> object:
    if isinstance(value, tuple):
        return ";".join(value)
    return "" if value is None else value


CLEAN: dict[str, Callable[[Path, Given], CleanRows]] = {
    "framework": _framework,
    "weights": _weights,
    "totals": _totals,
    "register": _register,
    "panel": _panel,
    "series": _series,
}
NEEDS_FRAMEWORK = {"data", "weights", "totals"}
NEEDS_REGISTER = {"series"}
