"""What the places of a level hold of an index and of an outside series, beside each other."""

from dataclasses import dataclass

from indexer.models import OutsideSeries
from indexer.selectors.places import PlaceRanking
from indexer.selectors.series import SeriesReport, Shares, hold_against


@dataclass(frozen=True, eq=False)
class SharesBeside:
    """The shares of places by their position; none where either figure is no part of a total."""

    report: SeriesReport
    by_place: dict[int, Shares]

    @property
    def series(self) -> OutsideSeries:
        return self.report.series

    @property
    def has_total(self) -> bool:
        """Whether the series says what the whole nation has."""
        return bool(self.series.total)


def shares_beside(ranked: PlaceRanking, series: OutsideSeries) -> SharesBeside:
    """Return what the places hold of the node in view and of a series, over the units that have both."""
    report = hold_against(ranked.subject, series)
    if not report.has_shares:
        return SharesBeside(report, {})
    found = {shares.place: shares for shares in report.shares(ranked.level)}
    places = enumerate(ranked.places)
    return SharesBeside(report, {at: found[place] for at, place in places if place in found})
