"""A file that says what the indicators of a framework were called in the edition before."""

from weighting.readers.decisions import Decisions
from weighting.readers.forms import choose_columns, read_table
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Source
from weighting.readers.table import as_form, check_header

COLUMNS = ("code", "was")


def read_former_codes(source: Source, name: str, decisions: Decisions | None = None) -> dict[str, str]:
    """Return what each code was; '' where it is new. Raises `FileProblems` with all that is wrong."""
    log = ProblemLog(name)
    table = read_table(source, log, as_form(decisions, "former_codes"), heads=COLUMNS)
    table = table and choose_columns(table, log, COLUMNS)
    if table is None or not check_header(table, log, required=COLUMNS):
        log.raise_if_any()
        return {}
    found = {cells["code"]: cells["was"] for _line, cells in table.records(COLUMNS)}
    log.raise_if_any()
    return found
