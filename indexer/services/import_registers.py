"""The register of an import: one that is there, the countries, or a new one of the file's own units."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.intake.files import UPLOAD, FileTable, read_file, reading_of_data
from indexer.intake.group_words import words_of_head
from indexer.intake.hints import is_aggregate
from indexer.intake.mapping import ASIDE, BESIDE, TOTALS
from indexer.intake.new_units import UnitTable, rows_of_units
from indexer.models import DataImport, Register
from indexer.selectors.data_imports import decisions_of
from indexer.services.data_imports import locked_import
from indexer.services.import_reading import read_again
from indexer.services.import_targets import settled
from indexer.services.registers import RegisterWords, create_register, import_countries, register_units
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.readers import FileProblems, ProblemLog
from weighting.readers.columns import Column
from weighting.readers.decisions import Decisions
from weighting.readers.table import Table


def unit_table_of(draft: DataImport) -> UnitTable:
    """Read the kept file of a draft once more, whole: with the units of all of its years."""
    if not draft.file:
        raise Refused(_("The file is too large to be kept. Send it again with its choices."))
    content = zlib.decompress(draft.file)
    file = _file_of_year(draft, content, str(draft.year))
    further = [_file_of_year(draft, content, year).table for year in file.years if year != str(draft.year)]
    indicators = {
        head
        for head, (to, _how) in zip(draft.columns, draft.column_targets, strict=True)
        if to not in ("", ASIDE, BESIDE)
    }
    gone = {
        unit for unit, (to, _how) in zip(draft.units, draft.row_targets, strict=True) if to in (ASIDE, TOTALS)
    }
    left_out = gone | set(draft.reading.get("left_out", [])) | sums_among(draft)
    return UnitTable(
        table=_below_another([file.table, *further]),
        unit_column=draft.unit_column,
        labels=draft.units,
        indicators=indicators,
        left_out=left_out,
        has_years=bool(draft.reading.get("years")),
    )


def _file_of_year(draft: DataImport, content: bytes, year: str) -> FileTable:
    """Read the file of a draft whole, of a workbook with a sheet a year that of one."""
    log = ProblemLog(draft.file_name)
    reading = reading_of_data(Decisions({**draft.choices, "year": year}))
    if (file := read_file(content, draft.file_name, log, UPLOAD, reading)) is None:
        raise FileProblems(log.problems)
    return file


def _below_another(tables: Sequence[Table]) -> Table:
    """Return the rows of all tables below one another, under the heads of the first."""
    first, *others = tables
    if not others:
        return first
    columns: list[Column] = []
    for place, head in enumerate(first.header):
        cells = list(first.columns[place])
        for other in others:
            known = head in other.header
            cells += list(other.columns[other.header.index(head)]) if known else [""] * len(other.lines)
        columns.append(cells)
    return replace(first, columns=columns, lines=range(sum(len(table.lines) for table in tables)))


def sums_among(draft: DataImport) -> set[str]:
    """Return the labels of sums and means, as long as nobody has said that they are units."""
    asked = any(made.kind == "aggregates" and made.is_open for made in decisions_of(draft))
    return {unit for unit in draft.units if is_aggregate(unit)} if asked else set()


@transaction.atomic
def choose_register(draft: DataImport, *, register: Register) -> DataImport:
    """Look for the units of a draft in another register."""
    draft = locked_import(draft)
    if draft.series is not None:
        raise Refused(_("An edition of a series is about the units of its register."))
    if draft.gathering is not None:
        raise Refused(_("A delivery is about what its gathering is about: send the file in by itself."))
    draft.register = register
    # What is no unit in one register is none in another.
    draft.row_targets = [[to, how] if to in (ASIDE, TOTALS) else ["", ""] for to, how in draft.row_targets]
    read_again(draft, draft.choices)
    draft.save()
    return draft


@transaction.atomic
def choose_countries(draft: DataImport, *, actor: Account) -> DataImport:
    """Look for the units of a draft among the countries of the world."""
    return choose_register(draft, register=import_countries(actor=actor))


@transaction.atomic
def make_register(
    draft: DataImport, *, words: RegisterWords, actor: Account, code: str = "", group: str = ""
) -> DataImport:
    """Make a register of the units of a draft's file, of all of its years, and let its rows go to them.

    ``code`` and ``group`` are the heads of the columns that hold codes and groups; groups without a word
    are called as their column is. Raises `Refused` when the name is taken, and naming every unit that
    cannot be one.
    """
    draft = locked_import(draft)
    if not (words.province_zh or words.province_en):
        chinese, english = words_of_head(group)
        words = replace(words, province_zh=chinese, province_en=english)
    register = create_register(words, actor=actor)
    everything = (register.name_zh, register.name_en)
    rows = rows_of_units(unit_table_of(draft), everything=everything, code=code, group=group)
    register_units(rows, actor=actor, register=register)
    # Their codes are known from now on, and would be taken for the units in the place of this column.
    if draft.unit_column:
        draft.choices = {**draft.choices, "unit": draft.unit_column}
        draft.save(update_fields=["choices"])
    return _without_told(choose_register(draft, register=register), {code, group})


def _without_told(draft: DataImport, told: set[str]) -> DataImport:
    """Leave out the columns whose codes and groups the register holds by now."""
    targets = zip(draft.columns, draft.column_targets, strict=True)
    places = {
        place: ASIDE for place, (head, (to, _how)) in enumerate(targets) if head in told and to in ("", ASIDE)
    }
    draft.column_targets = settled(draft.column_targets, places)
    draft.save(update_fields=["column_targets"])
    return draft
