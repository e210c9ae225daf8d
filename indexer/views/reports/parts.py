"""What every written report is made of: parts with sentences, findings, tables, figures and own words.

Pages and PDF show the same parts.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from indexer.views.reports.own_words import Block
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
    own: Sequence[Block] = ()


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
                if figure.chart
            ],
        )
        for name, part in parts.items()
    }


def _table_caption(table: PartTable, number: int) -> str:
    return _("Table %(number)s. %(caption)s") % {"number": number, "caption": table.caption}


def _figure_caption(figure: Figure, number: int) -> str:
    return _("Figure %(number)s. %(title)s") % {"number": number, "title": figure.title}


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
        "own": list(part.own),
    }
