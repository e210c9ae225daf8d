"""The experts of a panel from a CSV file or a workbook."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from weighting.enums import Language, Sector
from weighting.readers.decisions import Decisions
from weighting.readers.forms import choose_columns, read_table
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Source
from weighting.readers.table import as_form, check_header

REQUIRED = ("code", "name", "email")
OPTIONAL = ("organisation", "sector", "language")
# What people write for a language beside its code and its name.
SHORT = {"zh": Language.CHINESE.value, "zh-cn": Language.CHINESE.value}
MAX_LENGTHS = {"code": 40, "name": 200, "email": 254, "organisation": 200}


@dataclass(frozen=True)
class PanelRow:
    """An expert; ``row`` is the line in the file."""

    row: int
    code: str
    name: str
    email: str
    organisation: str
    sector: str
    language: str


def read_panel(source: Source, name: str, decisions: Decisions | None = None) -> list[PanelRow]:
    """Read code, name, email, and optionally organisation, sector, language.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    table = read_table(source, log, as_form(decisions, "panel"), heads=(*REQUIRED, *OPTIONAL))
    if table is None:
        log.raise_if_any()
        return []
    table = choose_columns(table, log, (*REQUIRED, *OPTIONAL))
    # The rows are read under a wrong header, too, so that all there is to mend is said at once.
    check_header(table, log, required=REQUIRED, optional=OPTIONAL)
    needed = [column for column in REQUIRED if column in table.header]
    rows = [_read_row(line, cells, needed, log) for line, cells in table.records([*REQUIRED, *OPTIONAL])]
    if not rows:
        log.add(_("The file names no experts. Add one row for each."))
    _note_repeated(rows, "code", lambda row: row.code, log)
    _note_repeated(rows, "email", lambda row: row.email.casefold(), log)
    log.raise_if_any()
    return rows


def _read_row(line: int, cells: dict[str, str], needed: Iterable[str], log: ProblemLog) -> PanelRow:
    for column in needed:
        if not cells[column]:
            log.add(_("The cell must not be empty. Fill it in."), row=line, column=column, value="")
    for column, limit in MAX_LENGTHS.items():
        if len(cells[column]) > limit:
            message = _("The text is longer than %(limit)d characters. Shorten it.") % {"limit": limit}
            log.add(message, row=line, column=column, value=cells[column])
    _check_email(line, cells["email"], log)
    sector = _choose(line, cells, "sector", Sector, Sector.OTHER, log)
    language = _choose(line, cells, "language", Language, _own_language(), log)
    return PanelRow(
        line, cells["code"], cells["name"], cells["email"], cells["organisation"], sector, language
    )


def _own_language() -> str:
    """Return the language of whoever sends the file, for experts of whom it says none."""
    language = get_language() or ""
    return language if language in Language.values else Language.CHINESE


def _check_email(line: int, email: str, log: ProblemLog) -> None:
    try:
        if email:
            validate_email(email)
    except ValidationError:
        log.add(_("This is not an e-mail address. Correct it."), row=line, column="email", value=email)


def _choose(
    line: int, cells: dict[str, str], column: str, choices: type[TextChoices], default: str, log: ProblemLog
) -> str:
    """Return a value that stands in a cell as such or as the page calls it."""
    text = cells[column].casefold() or default
    known = _names_of(choices) | SHORT
    value = known.get(text, text)
    if value not in choices.values:
        message = _("Choose one of %(choices)s.") % {"choices": _(", ").join(choices.values)}
        log.add(message, row=line, column=column, value=cells[column])
    return value


@cache
def _names_of(choices: type[TextChoices]) -> dict[str, str]:
    """Return the value under each name that a page in any language has for it.

    The language of a file is its author's, not that of the page it is sent from.
    """
    names: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            names |= {str(label).casefold(): value for value, label in choices.choices}
    return names


def _note_repeated(
    rows: list[PanelRow], column: str, key: Callable[[PanelRow], str], log: ProblemLog
) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if key(row) and first.setdefault(key(row), row.row) != row.row:
            message = _("The same entry is in row %(first)d. Each expert has one row.")
            log.add(message % {"first": first[key(row)]}, row=row.row, column=column, value=key(row))
