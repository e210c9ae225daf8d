"""Files to checked rows: every problem of a file at once, each with its place and remedy."""

from weighting.readers.cells import CellError, Vocabulary, parse_number, plain
from weighting.readers.encodings import decode
from weighting.readers.forms import choose_columns, read_table
from weighting.readers.framework import (
    FrameworkRow,
    FrameworkScan,
    FrameworkTable,
    read_framework,
    scan_framework,
)
from weighting.readers.panel import PanelRow, read_panel
from weighting.readers.problems import FileProblem, FileProblems, ProblemLog
from weighting.readers.rows import MAX_BYTES, Source
from weighting.readers.scores import Abstention, ScoreTable, read_scores, scan_scores
from weighting.readers.sheets import Answers, SheetTerms, read_sheet_ballot, read_sheet_ballots
from weighting.readers.table import Table, check_header
from weighting.readers.weights import SUM_TOLERANCE, WeightTable, read_weights, scan_weights

__all__ = [
    "MAX_BYTES",
    "SUM_TOLERANCE",
    "Abstention",
    "Answers",
    "CellError",
    "FileProblem",
    "FileProblems",
    "FrameworkRow",
    "FrameworkScan",
    "FrameworkTable",
    "PanelRow",
    "ProblemLog",
    "ScoreTable",
    "SheetTerms",
    "Source",
    "Table",
    "Vocabulary",
    "WeightTable",
    "check_header",
    "choose_columns",
    "decode",
    "parse_number",
    "plain",
    "read_framework",
    "read_panel",
    "read_scores",
    "read_sheet_ballot",
    "read_sheet_ballots",
    "read_table",
    "read_weights",
    "scan_framework",
    "scan_scores",
    "scan_weights",
]
