"""The chapters that there are, and the report that is one choice of them."""

from collections.abc import Mapping, Sequence

from indexer.enums import ReportChapter
from indexer.views.reports.chapters.appendix import Appendix
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.chapters.coherence import CoherenceChapter
from indexer.views.reports.chapters.conclusions import Conclusions
from indexer.views.reports.chapters.data import Data
from indexer.views.reports.chapters.framework import Framework
from indexer.views.reports.chapters.groups import Groups
from indexer.views.reports.chapters.importance import Importance
from indexer.views.reports.chapters.leads import DarkHorses
from indexer.views.reports.chapters.method import Method
from indexer.views.reports.chapters.regions import Regions
from indexer.views.reports.chapters.series import Series
from indexer.views.reports.chapters.sub_indices import SubIndices
from indexer.views.reports.chapters.total import Total
from indexer.views.reports.chapters.uncertainty import Uncertainty


class IncompleteChaptersError(Exception):
    """A chapter without a value of `ReportChapter`, a value without a chapter, or one of both twice."""


def registered(chapters: Sequence[type[Chapter]]) -> dict[str, Chapter]:
    """Return the chapters by code, in the usual order.

    Raises `IncompleteChaptersError` unless every value of `ReportChapter` has one chapter.
    """
    made = {str(chapter.code): chapter for chapter in (one() for one in chapters)}
    if len(made) < len(chapters) or set(made) != set(ReportChapter.values):
        raise IncompleteChaptersError(f"{sorted(made)} of {len(chapters)} classes")
    return {code: made[code] for code in ReportChapter.values}


CHAPTERS: Mapping[str, Chapter] = registered(
    [
        Method,
        Total,
        SubIndices,
        Regions,
        Groups,
        DarkHorses,
        Series,
        Uncertainty,
        Framework,
        Data,
        CoherenceChapter,
        Importance,
        Conclusions,
        Appendix,
    ]
)
# The report of an audit, in the order of those by the JRC.
AUDIT = (
    ReportChapter.FRAMEWORK,
    ReportChapter.DATA,
    ReportChapter.COHERENCE,
    ReportChapter.IMPORTANCE,
    ReportChapter.UNCERTAINTY,
    ReportChapter.SERIES,
    ReportChapter.CONCLUSIONS,
)
