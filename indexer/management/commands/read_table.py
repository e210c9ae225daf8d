"""``manage.py read_table``: any table to a clean one, with the choices made and a report; no database."""

import hashlib
import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from indexer.intake.clean import (
    Choices,
    CleanTable,
    choices_made,
    clean_table,
    decisions_told,
    reading_kept,
    report_of,
)
from indexer.intake.countries import countries
from indexer.intake.files import operator_limits, read_file, reading_of_data
from indexer.intake.hints import Hints
from indexer.intake.mapping import LeafNames, UnitNames, hints_about
from indexer.intake.registers import names_of, read_register
from indexer.intake.sheets import Sheet, read_sheet
from indexer.management.choices import read_choices
from indexer.management.clean_tables import CLEAN, NEEDS_FRAMEWORK, NEEDS_REGISTER, Given
from indexer.management.import_options import ALL, COUNTRIES
from indexer.management.index_files import write_together
from weighting.exports import neutralise, write_csv
from weighting.readers import FileProblems, FrameworkTable, ProblemLog, read_framework
from weighting.readers.decisions import Decisions

DATA = "data"
EVERYTHING = ("", "")


class Command(BaseCommand):
    """A file in; KIND.csv, choices.json and report.json out, all or none of them."""

    help = "Read any table into a clean one, with the choices made and a report, without a database."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="CSV, XLSX, XLS, ODS or Parquet, packed or not, in any shape"
        )
        parser.add_argument("--as", dest="kind", choices=[DATA, *CLEAN], default=DATA)
        parser.add_argument(
            "--framework",
            type=Path,
            help="code, parent[, name_zh, name_en, ...]; needed for data, weights and totals",
        )
        parser.add_argument(
            "--register",
            help=f"a file of units, or “{COUNTRIES}”; needed for a series; else units stay as written",
        )
        parser.add_argument("--year", help="of a file with several years; “all” writes one table for each")
        parser.add_argument("--choices", type=Path, help="how the file is read, as an earlier run wrote it")
        parser.add_argument("--out", required=True, type=Path, help="folder for the results")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, write what was made of it, and end with 1 where something is left to settle."""
        if options["kind"] in NEEDS_FRAMEWORK and not options["framework"]:
            raise CommandError(_("Give the framework by --framework: its codes tell what the rows are of."))
        if options["kind"] in NEEDS_REGISTER and not options["register"]:
            raise CommandError(_("Give the register by --register: it tells which units there are."))
        try:
            report = _run(options) if options["kind"] == DATA else _clean(options)
        except FileProblems as found:
            raise CommandError(str(found)) from found
        left = report["to_settle"]
        self.stdout.write(
            _("Wrote the table, choices.json and report.json to %(path)s.") % {"path": options["out"]}
        )
        if left:
            self.stderr.write("\n".join(left))
            sys.exit(1)


def _run(options: dict[str, Any]) -> dict[str, Any]:
    choices = read_choices(options["choices"])
    framework = read_framework(options["framework"], str(options["framework"]))
    leaves = _leaves(framework)
    units = _units(options["register"])
    year = str(options["year"] or choices.reading.get("year", ""))
    hints = hints_about(units or (), leaves)
    sheets = _sheets(options["file"], choices, hints, year)
    codes = [leaf.code for leaf in leaves]
    tables = {
        of: clean_table(sheet, decisions, leaves, units, choices) for of, (sheet, decisions) in sheets.items()
    }
    reports = {of: report_of(decisions, tables[of], sheet) for of, (sheet, decisions) in sheets.items()}
    report = _report_of_all(reports) if year == ALL else reports[year]
    data = options["file"].read_bytes()
    report = {"file": options["file"].name, "sha256": hashlib.sha256(data).hexdigest(), **report}

    def write(folder: Path) -> None:
        for of, table in tables.items():
            name = f"data-{of}.csv" if year == ALL and of else "data.csv"
            rows = zip(map(neutralise, table.units), table.values.tolist(), strict=True)
            write_csv(folder / name, ("unit", *codes), ([unit, *values] for unit, values in rows))
        _write_json(folder / "choices.json", _choices_of(sheets, tables, choices, year))
        _write_json(folder / "report.json", report)

    write_together(options["out"], write)
    return report


def _clean(options: dict[str, Any]) -> dict[str, Any]:
    """Write a table of another kind as the product would, with a report."""
    kind, file = options["kind"], options["file"]
    decisions = Decisions(read_choices(options["choices"]).chosen)
    table = CLEAN[kind](file, _given(kind, options, decisions))
    report = {
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "as": kind,
        "rows": len(table.rows),
        "to_settle": [],
        "decisions": decisions_told(decisions),
        "unheeded_choices": decisions.unheeded,
    }

    def write(folder: Path) -> None:
        rows = ([_shown(cell) for cell in row] for row in table.rows)
        write_csv(folder / f"{kind}.csv", table.columns, rows)
        _write_json(folder / "choices.json", {"reading": reading_kept(decisions)})
        _write_json(folder / "report.json", report)

    write_together(options["out"], write)
    return report


def _given(kind: str, options: dict[str, Any], decisions: Decisions) -> Given:
    framework = None
    if kind in NEEDS_FRAMEWORK:
        framework = read_framework(options["framework"], str(options["framework"]))
    units = _units(options["register"]) if kind in NEEDS_REGISTER else None
    year = str(options["year"] or "")
    return Given(decisions, framework, units or (), int(year) if year.isdecimal() else None)


def _shown(cell: object) -> object:
    return neutralise(cell) if isinstance(cell, str) else cell


def _report_of_all(reports: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the report of each year, and all that is left to settle."""
    left = [text for report in reports.values() for text in report["to_settle"]]
    return {"to_settle": list(dict.fromkeys(left)), "years": reports}


def _choices_of(
    sheets: dict[str, tuple[Sheet, Decisions]], tables: dict[str, CleanTable], choices: Choices, year: str
) -> dict[str, Any]:
    decisions = next(decisions for _sheet, decisions in sheets.values())
    read = ((sheet, tables[of]) for of, (sheet, _decisions) in sheets.items())
    made = choices_made(decisions, read, choices)
    if year == ALL:
        made["reading"]["year"] = ALL
    return made


def _sheets(path: Path, choices: Choices, hints: Hints, year: str) -> dict[str, tuple[Sheet, Decisions]]:
    """Return what was read, by year where all are asked for."""
    first = _read(path, choices, hints, "" if year == ALL else year)
    if year == ALL and first[0].years:
        return {of: _read(path, choices, hints, of) for of in first[0].years}
    return {year: first}


def _read(path: Path, choices: Choices, hints: Hints, year: str) -> tuple[Sheet, Decisions]:
    log = ProblemLog(path.name)
    chosen = {key: value for key, value in choices.chosen.items() if key != "year"}
    decisions = Decisions({**chosen, **({"year": year} if year else {})})
    # The names of countries tell an encoding, whatever the units are.
    known = hints.units or hints_about(countries(), ()).names
    file = read_file(path, path.name, log, operator_limits(), reading_of_data(decisions, hints, known))
    sheet = read_sheet(file, log, hints) if file else None
    log.raise_if_any()
    if sheet is None:
        raise CommandError(_("The file has no rows of data. Add one for each unit."))
    return sheet, decisions


def _leaves(framework: FrameworkTable) -> list[LeafNames]:
    rows = framework.rows
    return [
        LeafNames(rows[leaf].code, rows[leaf].name_zh, rows[leaf].name_en) for leaf in framework.tree.leaves
    ]


def _units(register: str | None) -> Sequence[UnitNames] | None:
    if not register:
        return None
    if register == COUNTRIES:
        return countries()
    return names_of(read_register(Path(register), register, everything=EVERYTHING))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
