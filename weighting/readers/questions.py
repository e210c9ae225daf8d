"""What a reader decided or asks about a file, in words."""

from collections.abc import Callable, Collection, Iterable

from django.utils.translation import gettext as _

from weighting.enums import OWN_SECTOR, Sector
from weighting.readers.column_words import column_words
from weighting.readers.decisions import Decision
from weighting.readers.encodings import ENCODINGS
from weighting.readers.problems import ProblemLog


def is_kind(text: str) -> bool:
    """Whether decisions of this kind are made."""
    return text in _KINDS


def question(decision: Decision) -> str:
    """Say what is decided, in a line."""
    words = _KINDS[decision.kind]()
    return words % {"subject": decision.subject} if decision.subject else words


def ask(decision: Decision) -> str:
    """Say what is to be decided, by which key, and among what."""
    asked = question(decision)
    if decision.samples:
        seen = {"question": asked, "samples": _(", ").join(decision.samples)}
        asked = _("%(question)s (%(samples)s)") % seen
    return _("%(question)s: choose %(key)s among %(options)s.") % {
        "question": asked,
        "key": decision.key,
        "options": _(", ").join(decision.options),
    }


def note_open(decisions: Iterable[Decision], log: ProblemLog, columns: Collection[str]) -> None:
    """Note each open decision as a problem, with the key under which it is settled."""
    for made in decisions:
        log.add(ask(made), column=made.subject if made.subject in columns else "", key=made.key)


def option_words(kind: str, value: str) -> str:
    """Say one of the values of a decision."""
    if kind == "encoding":
        return ENCODINGS.get(value, value)
    if kind in ("table", "below") and value.isdecimal():
        words = _("table %(number)s from the left") if kind == "table" else _("table %(number)s from above")
        return words % {"number": value}
    if kind == "extra" and value != "left out":
        return column_words(value)
    if kind == "sector":
        return _("keep it: a sector of this panel’s own") if value == OWN_SECTOR else Sector.name_of(value)
    said: dict[str, str] = {
        "repeated:first": _("the first row counts"),
        "repeated:last": _("the last row counts"),
        "addresses:first": _("the first of each cell"),
        "addresses:last": _("the last of each cell"),
        "no_address:empty": _("no e-mail address is known"),
        "namesakes:all": _("different people: every row counts"),
        "namesakes:first": _("one person: the first row counts"),
        "namesakes:last": _("one person: the last row counts"),
        "comma": _("comma"),
        "semicolon": _("semicolon"),
        "tab": _("tab"),
        "bar": _("vertical bar"),
        "wide_comma": _("full-width comma"),
        ",": _("a comma: 0,5 is a half"),
        ".": _("a point: 0.5 is a half"),
        "gap": _("no value"),
        "gaps": _("fill with gaps"),
        "text": _("keep as text, to be corrected"),
        "number": _("a number"),
        "percent": _("percent: 45% is 45"),
        "fraction": _("a fraction: 45% is 0.45"),
        "drop": _("leave the mark out"),
        "negative": _("a number below zero: (5) is -5"),
        "first": _("the first: 2015-16 is 2015"),
        "last": _("the second: 2015-16 is 2016"),
        "transposed": _("a column for each unit, a row for each indicator"),
        "keep": _("keep"),
        "kept": _("keep"),
        "left out": _("leave out"),
        "wide": _("a column for each indicator"),
        "long": _("a row for each value"),
        "all": _("every year"),
        "table:whole": _("all columns, as one table"),
        "below:whole": _("all rows, as one table"),
        "table:stacked": _("one table, its parts one below another"),
        "minus:negative": _("a number below zero: 5- is -5"),
        "words:drop": _("leave the word out: 76.5 years is 76.5"),
        "words:multiply": _("multiply by what the word says: 1.2 million is 1200000"),
        "spelt:number": _("the number that it says: 三万 is 30000, 1/2 is 0.5"),
        "above": _("of the unit above, as in merged cells"),
        "ranges:bound": _("the number that is written, of two the middle: <5 is 5, 3-5 is 4"),
        "ranges:half": _("half of an upper bound, of two the middle: <5 is 2.5, 3-5 is 4"),
        "truth:number": _("1 for yes and 0 for no"),
        "coinr": _("COINr: a table of indicators and aggregates (iMeta)"),
        "coin_tool": _("the COIN Tool of the European Commission’s JRC"),
        "frictionless": _("a Frictionless data package"),
        "levels": _("a column for each level of the tree"),
        "plain": _("none: a plain table"),
    }
    return said.get(f"{kind}:{value}") or said.get(value, value)


def how_decided(decision: Decision) -> str:
    """Say how sure a decision is."""
    return {
        "seen": _("as the file shows"),
        "likely": _("likely; look at it"),
        "chosen": _("chosen"),
        "open": _("to be decided"),
    }[decision.how]


_KINDS: dict[str, Callable[[], str]] = {
    "encoding": lambda: _("The encoding of the text"),
    "format": lambda: _("The program whose layout this is"),
    "resource": lambda: _("The table of the package that is read"),
    "sheet": lambda: _("The sheet of the workbook that is read"),
    "hidden_rows": lambda: _("Rows that the workbook does not show"),
    "hidden_columns": lambda: _("Columns that the workbook does not show"),
    "struck": lambda: _("Numbers that are struck through"),
    "table": lambda: _("Which of the tables that stand side by side is read"),
    "below": lambda: _("Which of the tables that stand below one another is read"),
    "separator": lambda: _("What separates the cells"),
    "header": lambda: _("The row that names the columns"),
    "header_rows": lambda: _("How many rows name the columns"),
    "numbering": lambda: _("A row that merely numbers the columns"),
    "fill": lambda: _("Rows without a unit below one that has it"),
    "short_rows": lambda: _("Rows with fewer cells than the first"),
    "shape": lambda: _("The shape of the table"),
    "index": lambda: _("A column that merely counts the rows"),
    "unit": lambda: _("The column that names the units"),
    "unit_beside": lambda: _("What names a unit whose code is not known"),
    "unit_marks": lambda: _("Footnote marks after names"),
    "year": lambda: _("The year that is read"),
    "suffix": lambda: _("The columns that are read, by the end of their names"),
    "only": lambda: _("The rows that are read, by “%(subject)s”"),
    "decimal": lambda: _("What stands before decimals in “%(subject)s”"),
    "percent": lambda: _("Percent signs in “%(subject)s”"),
    "currency": lambda: _("Currency signs in “%(subject)s”"),
    "brackets": lambda: _("Numbers in brackets in “%(subject)s”"),
    "span": lambda: _("The year of what is called by two years"),
    "minus": lambda: _("Minus signs after numbers in “%(subject)s”"),
    "words": lambda: _("Words after numbers in “%(subject)s”"),
    "spelt": lambda: _("Numbers that are spelt, and fractions, in “%(subject)s”"),
    "truth": lambda: _("Yes and no in “%(subject)s”"),
    "missing": lambda: _("Words that stand for no value"),
    "code": lambda: _("The number %(subject)s"),
    "ranges": lambda: _("Ranges and bounds in place of numbers in “%(subject)s”"),
    "flags": lambda: _("Flags and footnote marks after numbers"),
    "text": lambda: _("Texts in place of numbers in “%(subject)s”"),
    "column": lambda: _("The column of values"),
    "row": lambda: _("What “%(subject)s” stands for"),
    "repeated": lambda: _("People who stand in several rows, by their e-mail address"),
    "addresses": lambda: _("Cells with several e-mail addresses"),
    "no_address": lambda: _("Something else in the column of e-mail addresses"),
    "namesakes": lambda: _("Who the rows of the name “%(subject)s” are"),
    "sector": lambda: _("The sector that “%(subject)s” belongs to"),
    "aggregates": lambda: _("Rows of sums and means, not of units"),
    "sums": lambda: _("Rows of sums, not of indicators"),
    "extra": lambda: _("What the column “%(subject)s” stands for"),
    "empty_units": lambda: _("Units without any value"),
}
