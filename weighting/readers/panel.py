"""The experts of a panel from a CSV file or a workbook."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from weighting.enums import LONGEST_SECTOR, OWN_SECTOR, Language, Sector
from weighting.readers.cells import GAPS, as_seen, name_key
from weighting.readers.decisions import Decisions, How
from weighting.readers.forms import choose_columns, read_table
from weighting.readers.problems import ProblemLog
from weighting.readers.questions import ask
from weighting.readers.rows import Source
from weighting.readers.table import as_form, check_header

REQUIRED = ("name",)
COLUMNS = ("code", "name", "email", "organisation", "sector", "language")
OPTIONAL = tuple(column for column in COLUMNS if column not in REQUIRED)
# What stands between two addresses in one cell; a name may stand before one in angle brackets.
BETWEEN_ADDRESSES = re.compile(r"[\s;,/|、；，]+")
# Of more words or names than a person sorts one by one the cells are told.
MOST_ASKED = 20
# The means of so many can be read side by side; of larger numbers hardly any has k ballots.
MOST_SECTORS = 12
# What people write for a language beside its code and its name.
SHORT = {"zh": Language.CHINESE.value, "zh-cn": Language.CHINESE.value}
MAX_LENGTHS = {"code": 40, "name": 200, "email": 254, "organisation": 200, "sector": LONGEST_SECTOR}


Record = tuple[int, dict[str, str]]


@dataclass(frozen=True)
class PanelRow:
    """An expert; ``row`` is the line in the file, ``email`` empty of whom no address is known."""

    row: int
    code: str
    name: str
    email: str
    organisation: str
    sector: str
    language: str


def read_panel(source: Source, name: str, decisions: Decisions | None = None) -> list[PanelRow]:
    """Read name, and optionally email, code, organisation, sector, language.

    Where no column holds codes the experts are numbered in the order of the file. Who has no name is called
    by the address. A word that is no sector here is one of the panel's own, unless something else is chosen.
    Cells of several addresses or of none, people who are there twice and people of one name whom no address
    tells apart are settled by choice.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    table = read_table(source, log, as_form(decisions, "panel"), heads=COLUMNS)
    if table is None:
        log.raise_if_any()
        return []
    table = choose_columns(table, log, COLUMNS)
    # The rows are read under a wrong header, too, so that all there is to mend is said at once.
    check_header(table, log, required=REQUIRED, optional=OPTIONAL)
    needed = [column for column in ("code", *REQUIRED) if column in table.header]
    records = list(table.records(COLUMNS))
    _settle_addresses(records, table.decisions)
    for _line, cells in records:
        # Of some people an office knows the address alone.
        cells["name"] = cells["name"] or cells["email"]
    records = _without_repeated(records, table.decisions)
    records = _without_namesakes(records, table.decisions, log)
    if "code" not in table.header:
        records = [(line, cells | {"code": f"E{n:03}"}) for n, (line, cells) in enumerate(records, start=1)]
    _settle_sectors(records, table.decisions, log)
    rows = [_read_row(line, cells, needed, log) for line, cells in records]
    if not rows:
        log.add(_("The file names no experts. Add one row for each."))
    _note_repeated(rows, "code", lambda row: row.code, log)
    _note_repeated(rows, "email", lambda row: row.email.casefold(), log, settled_by="repeated")
    log.raise_if_any()
    return rows


def _without_repeated(records: list[Record], decisions: Decisions) -> list[Record]:
    """Leave out all but one row of whoever is there twice by the same address, where that was chosen."""
    repeated = _alike(records, lambda cells: cells["email"].casefold())
    if not repeated:
        return records
    settled = decisions.settle("repeated", "", how="open", options=("first", "last"), samples=repeated)
    return _without(records, {row for rows in repeated.values() for row in _passed_over(rows, settled)})


def _without_namesakes(records: list[Record], decisions: Decisions, log: ProblemLog) -> list[Record]:
    """Leave out rows of one name that are one person's, where that was chosen.

    Of people one of whom has no address nothing else tells, so that is asked of each name.
    """
    groups = _alike(records, lambda cells: name_key(cells["name"])).values()
    namesakes = [rows for rows in groups if not all(records[place][1]["email"] for place in rows)]
    dropped: set[int] = set()
    for rows in namesakes:
        found = [records[place] for place in rows]
        is_asked = len(namesakes) <= MOST_ASKED
        settled = _settle_namesakes(found, decisions) if is_asked else ""
        if not settled:
            _note_namesakes(found, log, key=f"namesakes:{found[0][1]['name']}" if is_asked else "")
        dropped |= _passed_over(rows, settled)
    return _without(records, dropped)


def _settle_namesakes(found: list[Record], decisions: Decisions) -> str:
    return decisions.settle(
        *("namesakes", ""),
        how="open",
        subject=found[0][1]["name"],
        options=("all", "first", "last"),
        samples=[_row_text(line, cells) for line, cells in found],
    )


def _row_text(line: int, cells: dict[str, str]) -> str:
    told = filter(None, (cells["organisation"], cells["email"]))
    return _(", ").join([_("row %(row)d") % {"row": line}, *told])


def _note_namesakes(found: list[Record], log: ProblemLog, *, key: str) -> None:
    first = found[0][0]
    for line, cells in found[1:]:
        message = _(
            "Row %(first)d has the same name, and not both have an e-mail address. If they are one person, "
            "delete a row; if they are two, choose so, or write into the name what tells them apart."
        )
        log.add(message % {"first": first}, row=line, column="name", value=cells["name"], key=key)


def _alike(records: list[Record], key: Callable[[dict[str, str]], str]) -> dict[str, list[int]]:
    """Return the places of rows that share a key, where several do; those without one share none."""
    places: dict[str, list[int]] = {}
    for place, (_line, cells) in enumerate(records):
        places.setdefault(key(cells), []).append(place)
    return {shared: rows for shared, rows in places.items() if shared and len(rows) > 1}


def _passed_over(rows: list[int], settled: str) -> set[int]:
    """Return which of the rows of one person are left out by a choice; none unless one was chosen."""
    return set({"first": rows[1:], "last": rows[:-1]}.get(settled, []))


def _without(records: list[Record], dropped: Collection[int]) -> list[Record]:
    return [record for place, record in enumerate(records) if place not in dropped]


def _settle_addresses(records: list[Record], decisions: Decisions) -> None:
    """Take one address of each cell that holds several, and none of one that holds something else."""
    for _line, cells in records:
        if cells["email"].casefold() in GAPS:
            cells["email"] = ""
    _settle_cells(
        [cells for _line, cells in records if len(_addresses_in(cells["email"])) > 1],
        *("addresses", ("first", "last")),
        decisions,
    )
    _settle_cells(
        [cells for _line, cells in records if cells["email"] and "@" not in cells["email"]],
        *("no_address", ("empty",)),
        decisions,
    )


def _settle_cells(
    several: list[dict[str, str]], kind: str, options: tuple[str, ...], decisions: Decisions
) -> None:
    if not several:
        return
    samples = [cells["email"] for cells in several]
    settled = decisions.settle(kind, "", how="open", options=options, samples=samples)
    for cells in several if settled else []:
        found = _addresses_in(cells["email"])
        cells["email"] = {"first": found[:1], "last": found[-1:]}.get(settled, [""])[0]


def _addresses_in(cell: str) -> list[str]:
    return [part for part in BETWEEN_ADDRESSES.split(cell) if "@" in part]


def _settle_sectors(records: list[Record], decisions: Decisions, log: ProblemLog) -> None:
    """Write into the cells which sector each word means; one that no page has for any is a sector of its own.

    Of more words than a panel has sectors of its own somebody says which of them mean the same.
    """
    people = _people_by_word(records)
    unknown = [word for word in people if word not in Sector.values]
    meant = _settle_words(unknown, people, decisions) if len(unknown) <= MOST_ASKED else {}
    own = [word for word in unknown if meant.get(word, OWN_SECTOR) == OWN_SECTOR]
    if len(own) > MOST_SECTORS:
        _refuse_sectors(own, log)
        return
    asked = {made.subject: made for made in decisions.open if made.kind == "sector"}
    for line, cells in records:
        word = cells["sector"]
        cells["sector"] = word if word in own else meant.get(word, word)
        if word in asked:
            # Told where it first stands, and not at every cell.
            made = asked.pop(word)
            log.add(ask(made), row=line, column="sector", value=word, key=made.key)


def _settle_words(words: list[str], people: dict[str, list[str]], decisions: Decisions) -> dict[str, str]:
    """Return what each word is: `OWN_SECTOR`, one of the sectors, or '' as long as that is open."""
    how: How = "likely" if len(words) <= MOST_SECTORS else "open"
    return {
        word: decisions.settle(
            *("sector", OWN_SECTOR),
            how=how,
            subject=word,
            options=(OWN_SECTOR, *Sector.values),
            samples=people[word],
        )
        for word in words
    }


def _people_by_word(records: list[Record]) -> dict[str, list[str]]:
    """Return who stands beside each word for a sector; spellings of one become the usual one."""
    known, people = _names_of(Sector), dict[str, list[str]]()
    for _line, cells in records:
        word = as_seen(cells["sector"])
        cells["sector"] = "" if word.casefold() in GAPS else word
    spelt = Counter(cells["sector"] for _line, cells in records if cells["sector"])
    # The usual one is the last to be set.
    usual = {name_key(word): word for word, _count in reversed(spelt.most_common())}
    for _line, cells in records:
        if cells["sector"]:
            word = usual[name_key(cells["sector"])]
            cells["sector"] = known.get(word.casefold(), word)
            people.setdefault(cells["sector"], []).append(cells["name"])
    return people


def _refuse_sectors(own: list[str], log: ProblemLog) -> None:
    message = _(
        "%(count)d words in this column are no sectors that the page names, and a panel has at most %(most)d "
        "of its own. Write alike what belongs together, or leave the column out."
    )
    log.add(message % {"count": len(own), "most": MOST_SECTORS}, column="sector", value=own[0])


def _read_row(line: int, cells: dict[str, str], needed: Iterable[str], log: ProblemLog) -> PanelRow:
    for column in needed:
        if not cells[column]:
            log.add(_("The cell must not be empty. Fill it in."), row=line, column=column, value="")
    for column, limit in MAX_LENGTHS.items():
        if len(cells[column]) > limit:
            message = _("The text is longer than %(limit)d characters. Shorten it.") % {"limit": limit}
            log.add(message, row=line, column=column, value=cells[column])
    _check_email(line, cells["email"], log)
    sector = cells["sector"] or Sector.OTHER
    language = _language_of(line, cells["language"], log)
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
        message, key = _("This is not an e-mail address. Correct it."), ""
        if "@" not in email:
            message = _(
                "This is no e-mail address. Leave the cell empty of whom you know none: they get their link "
                "from you."
            )
            key = "no_address"
        elif len(_addresses_in(email)) > 1:
            message, key = _("The cell holds several e-mail addresses. Keep one."), "addresses"
        log.add(message, row=line, column="email", value=email, key=key)


def _language_of(line: int, cell: str, log: ProblemLog) -> str:
    """Return the language that stands in a cell as such or as the page calls it."""
    text = cell.casefold() or _own_language()
    language = (_names_of(Language) | SHORT).get(text, text)
    if language not in Language.values:
        message = _("Choose one of %(choices)s.") % {"choices": _(", ").join(Language.values)}
        log.add(message, row=line, column="language", value=cell)
    return language


@cache
def _names_of(choices: type[TextChoices]) -> dict[str, str]:
    """Return the value under its own name and each that a page in any language has for it.

    The language of a file is its author's, not that of the page it is sent from.
    """
    names: dict[str, str] = {value: value for value in choices.values}
    for language, _name in settings.LANGUAGES:
        with override(language):
            names |= {str(label).casefold(): value for value, label in choices.choices}
    return names


def _note_repeated(
    rows: list[PanelRow],
    column: str,
    key: Callable[[PanelRow], str],
    log: ProblemLog,
    *,
    settled_by: str = "",
) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if key(row) and first.setdefault(key(row), row.row) != row.row:
            message = _("The same entry is in row %(first)d. Each expert has one row.")
            log.add(
                message % {"first": first[key(row)]},
                row=row.row,
                column=column,
                value=key(row),
                key=settled_by,
            )
