"""A file read into a draft, once and again: its cells, how it was read, and where columns and rows go."""

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from indexer.frames import scan_totals
from indexer.intake.files import UPLOAD, FileTable, Limits, read_file, reading_of_data
from indexer.intake.mapping import ASIDE, hints_about, match_columns, match_rows
from indexer.intake.sheets import Sheet, read_sheet
from indexer.models import DataImport
from indexer.selectors.data_imports import leaf_names_of
from indexer.selectors.unit_names import units_kept
from indexer.services.import_targets import places_said, settled, told_apart
from weighting.numeric.arrays import bytes_of
from weighting.readers import FileProblems, ProblemLog, Source
from weighting.readers.cells import GAPS, plain
from weighting.readers.decisions import Decisions
from weighting.readers.encodings import ENCODINGS
from weighting.readers.rows import read_bytes
from weighting.readers.table import Reading

# So many words show whether the encoding is right.
WORDS = 3


@dataclass(frozen=True)
class DataFile:
    """A file sent in, what it is called, and how somebody says it is to be read."""

    source: Source
    name: str
    choices: Mapping[str, str] = field(default_factory=dict)
    # Of whoever looks at what is open while nothing is stored.
    ledger: Decisions | None = None


class Known:
    """What the framework and the register of a draft say of columns and rows before its file is read."""

    def __init__(self, draft: DataImport) -> None:
        self.leaves = leaf_names_of(draft.framework_id)
        self.units = units_kept(draft.register)


def read_into(draft: DataImport, data: DataFile, log: ProblemLog, limits: Limits, known: Known) -> bool:
    """Read a file into a draft; return whether there was anything to go on with."""
    hints = hints_about(known.units, known.leaves, draft.year)
    reading = reading_of_data(data.ledger or Decisions(data.choices), hints)
    file = _file_into(draft, data, log, limits, reading)
    sheet = read_sheet(file, log, hints) if file else None
    if file is None or sheet is None:
        return False
    draft.layout, draft.unit_column = sheet.layout, sheet.unit_column[:255]
    draft.columns, draft.units, draft.lines = list(sheet.columns), list(sheet.units), list(sheet.lines)
    draft.values = bytes_of(sheet.values)
    draft.texts = [[row, column, text] for (row, column), text in sorted(sheet.texts.items())]
    draft.unread, draft.other_sheets = list(sheet.unread), list(file.other_sheets)
    draft.reading, draft.choices = _reading_of(file, sheet), dict(data.choices)
    return True


def _file_into(
    draft: DataImport, data: DataFile, log: ProblemLog, limits: Limits, reading: Reading
) -> FileTable | None:
    """Read a file as it stands; its bytes, which may be many, are let go with it, or kept packed."""
    content = read_bytes(data.source, log, limits.bytes)
    file = None if content is None else read_file(content, data.name, log, limits, reading)
    if content is None or file is None:
        return None
    draft.file_name, draft.file_sha256 = data.name[:255], hashlib.sha256(content).hexdigest()
    # What is larger is read by a command, which says its choices at once; but for text it is packed already.
    level = 1 if file.kind == "csv" else 0
    draft.file = zlib.compress(content, level) if len(content) <= UPLOAD.bytes else b""
    return file


def read_again(draft: DataImport, choices: Mapping[str, str]) -> None:
    """Read the kept file once more, if there is one, and put back what was settled by hand."""
    columns = _chosen(draft.columns, draft.column_targets)
    rows = _chosen(draft.units, draft.row_targets)
    corrected = [(draft.lines[row], draft.columns[column], text) for row, column, text in draft.corrections]
    known = Known(draft)
    if draft.file:
        log = ProblemLog(draft.file_name)
        data = DataFile(zlib.decompress(draft.file), draft.file_name, choices)
        if not read_into(draft, data, log, UPLOAD, known):
            raise FileProblems(log.problems)
    suggest_targets(draft, known)
    draft.column_targets = settled(draft.column_targets, places_said(draft.columns, columns))
    draft.row_targets = settled(draft.row_targets, places_said(draft.units, rows))
    by_line, by_head = _places(draft.lines), _places(draft.columns)
    draft.corrections = [
        [by_line[line], by_head[head], text]
        for line, head, text in corrected
        if line in by_line and head in by_head
    ]


def _chosen(labels: list[str], targets: list[list[str]]) -> dict[str, str]:
    """Return what somebody chose, by label."""
    return {label: to for label, (to, how) in zip(labels, targets, strict=False) if how == "chosen"}


def _places(labels: Iterable[Any]) -> dict[Any, int]:
    return {label: place for place, label in enumerate(labels)}


def _reading_of(file: FileTable, sheet: Sheet) -> dict[str, Any]:
    """Return how a file was read: its kind, sheet, encoding with words, every decision, texts made gaps."""
    words = (word for word in (*sheet.columns, *sheet.units) if not word.isascii())
    return {
        "kind": file.kind,
        "sheet": file.sheet,
        "encoding": ENCODINGS.get(file.table.encoding, ""),
        "words": list(islice(words, WORDS)),
        "decisions": [asdict(made) for made in file.table.decisions.made],
        "left_out": list(sheet.left_out),
        "years": list(sheet.years),
        "gaps": [
            [row, column, text]
            for (row, column), text in sorted(sheet.kept.items())
            if plain(text).casefold() not in GAPS
        ],
    }


def read_totals_into(draft: DataImport, totals: DataFile) -> Iterable[Any]:
    """Read a file of national totals into a draft; return what is wrong with it."""
    log = ProblemLog(totals.name)
    content = read_bytes(totals.source, log)
    if content is None:
        return log.problems
    codes = [leaf.code for leaf in leaf_names_of(draft.framework_id)]
    found = dict(zip(codes, scan_totals(content, log, codes).tolist(), strict=True))
    draft.totals = {code: total for code, total in found.items() if not np.isnan(total)}
    draft.totals_name, draft.totals_sha256 = totals.name[:255], hashlib.sha256(content).hexdigest()
    return log.problems


def suggest_targets(draft: DataImport, known: Known) -> None:
    """Find where columns and rows go, as far as their names say it."""
    values = np.frombuffer(draft.values, dtype="<f8").reshape(len(draft.units), len(draft.columns))
    holds_numbers = np.isfinite(values).any(axis=0).tolist()
    draft.column_targets = [
        [match.to, match.how] if match.to or holds else [ASIDE, "near"]
        for match, holds in zip(match_columns(draft.columns, known.leaves), holds_numbers, strict=True)
    ]
    rows = told_apart(draft, match_rows(draft.units, known.units))
    draft.row_targets = [[match.to, match.how] for match in rows]
