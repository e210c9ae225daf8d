"""What every written report is made of: parts with sentences, findings, tables, figures and own words.

Pages and PDF show the same parts.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from indexer.views.shared.coherence_words import Finding
from weighting.drawing import Figure


@dataclass(frozen=True)
class PartTable:
    """A table of a report.

    The first ``left`` columns hold words. ``widths`` are relative: words have twice the room of a number.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1

    @property
    def widths(self) -> list[int]:
        return [2 if at < self.left else 1 for at in range(len(self.head))]


@dataclass(frozen=True)
class Part:
    """One chapter of a report."""

    title: str
    sentences: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    tables: Sequence[PartTable] = ()
    figures: Sequence[Figure] = ()
    own: list[str] = field(default_factory=list)


def numbered(parts: Mapping[str, Part]) -> dict[str, Part]:
    """Number the tables and the figures through all parts."""
    tables, figures = itertools.count(1), itertools.count(1)
    return {
        name: replace(
            part,
            tables=[replace(table, caption=_table_caption(table, next(tables))) for table in part.tables],
            figures=[
                replace(figure, title=_figure_caption(figure, next(figures)))
                for figure in part.figures
                if figure.spec
            ],
        )
        for name, part in parts.items()
    }


def _table_caption(table: PartTable, number: int) -> str:
    return _("Table %(number)s. %(caption)s") % {"number": number, "caption": table.caption}


def _figure_caption(figure: Figure, number: int) -> str:
    return _("Figure %(number)s. %(title)s") % {"number": number, "title": figure.title}


def paragraphs_of_text(text: str) -> list[str]:
    """Return the paragraphs of what somebody wrote: an empty line begins a new one, lines stay lines."""
    blocks = re.split(r"\n[ \t]*(?:\n[ \t]*)+", text.replace("\r\n", "\n"))
    return [block.strip() for block in blocks if block.strip()]


def as_data(part: Part) -> dict[str, Any]:
    """Return a part as the layout of the PDF reads it."""
    return {
        "title": part.title,
        "sentences": list(part.sentences),
        "findings": [
            {"text": found.text, "advice": found.advice, "grave": found.is_grave} for found in part.findings
        ],
        "tables": [
            {
                "caption": table.caption,
                "head": list(table.head),
                "rows": [list(row) for row in table.rows],
                "widths": table.widths,
                "left": table.left,
            }
            for table in part.tables
        ],
        "pictures": [{"spec": figure.spec, "alt": figure.title} for figure in part.figures if figure.spec],
        "own": part.own,
    }
