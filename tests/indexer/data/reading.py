"""How tests read a table: the sheet, and what was asked and taken on the way."""

from indexer.intake.files import read_file
from indexer.intake.hints import Hints
from indexer.intake.sheets import read_sheet
from weighting.readers import ProblemLog
from weighting.readers.decisions import Decisions
from weighting.readers.table import Reading


def read(text, hints=None, name="t.csv", **choices):
    """Return (sheet, what is open, what is likely) of a file."""
    log = ProblemLog(name)
    data = text if isinstance(text, bytes) else text.encode()
    hints = hints or Hints()
    chosen = {key.replace("__", ":"): value for key, value in choices.items()}
    reading = Reading(Decisions(chosen), hints.units, is_form=False, kind="data")
    file = read_file(data, name, log, reading=reading)
    assert file, [str(problem) for problem in log.problems]
    sheet = read_sheet(file, log, hints)
    made = file.table.decisions.made
    return sheet, *({d.key: d.value for d in made if d.how == how} for how in ("open", "likely"))
