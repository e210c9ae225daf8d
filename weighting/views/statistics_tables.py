"""The statistics of a round as tables: for the pages, and as a file."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from weighting import charts
from weighting.selectors.stability import Stability
from weighting.selectors.statistics import GroupFigures, ItemFigures, RoundStatistics
from weighting.views.files import csv_answer
from weighting.views.numbers import signed
from weighting.views.statistics_words import agreement_cells, group_finding


def group_sections(statistics: RoundStatistics) -> list[dict[str, Any]]:
    """Return what the page shows of each sibling group."""
    source = _source(statistics)
    return [
        {
            "id": f"group-{place}",
            "parent": group.parent,
            "agreement": agreement_cells(group.agreement),
            "items": group.items,
            **_figure(group, source),
        }
        for place, group in enumerate(statistics.groups, start=1)
    ]


def agreement_rows(statistics: RoundStatistics) -> list[dict[str, Any]]:
    """Return the agreement on the whole and within each group, a line each."""
    return [
        {"name": _("All items"), **agreement_cells(statistics.whole)},
        *(
            {
                "name": group.parent.name if group.parent else _("The whole index"),
                **agreement_cells(group.agreement),
            }
            for group in statistics.groups
        ),
    ]


def sector_rows(statistics: RoundStatistics) -> list[dict[str, Any]]:
    """Return the means of each sector, the items on which sectors differ most first."""
    rows = []
    for place, item in enumerate(statistics.items):
        means = [sector.means[place] for sector in statistics.sectors]
        known = [mean for mean in means if mean is not None]
        if len(known) > 1:
            gap = max(known) - min(known)
            rows.append({"indicator": item.indicator, "mean": item.mean, "means": means, "gap": gap})
    return sorted(rows, key=lambda row: -row["gap"])


def change_rows(stability: Stability) -> list[dict[str, Any]]:
    """Return what moved between two rounds, the item that moved most first."""
    return [
        {
            "indicator": item.indicator,
            "distance": f"{100 * item.distance:.1f}",
            "median": signed(item.median, 1),
            "iqr": signed(item.iqr, 2),
            "mean": signed(item.mean, 2),
            "is_stable": item.is_stable,
        }
        for item in sorted(stability.items, key=lambda item: -item.distance)
    ]


def statistics_file(statistics: RoundStatistics) -> HttpResponse:
    """Answer with every item of the round as a CSV file."""
    header = [
        _("Code"),
        _("Indicator (Chinese)"),
        _("Indicator (English)"),
        _("Group"),
        *(_("Score %(score)d") % {"score": score} for score in range(1, 6)),
        _("Abstained"),
        _("Mean"),
        _("Median"),
        _("Lower quartile"),
        _("Upper quartile"),
        _("IQR"),
        _("CV"),
        _("Share of 4 and 5"),
        _("Consensus"),
        _("Kendall's W of the group"),
        _("p-value"),
        _("ICC(2,1) of the group"),
        _("ICC(2,k) of the group"),
        *(_("Mean: %(sector)s") % {"sector": sector.sector.label} for sector in statistics.sectors),
        _("Round"),
        _("Questionnaire hash"),
    ]
    return csv_answer(f"quanheng-round-{statistics.round.pk}-statistics", header, _file_rows(statistics))


def _file_rows(statistics: RoundStatistics) -> list[list[object]]:
    rows: list[list[object]] = []
    for group in statistics.groups:
        w, icc = group.agreement.concordance, group.agreement.icc
        agreement = [w and w.w, w and w.p_value, icc and icc.single, icc and icc.average]
        for item in group.items:
            means = [sector.means[len(rows)] for sector in statistics.sectors]
            round_ = [statistics.round.title, statistics.round.questionnaire_hash]
            rows.append([*_item_cells(item, group), *agreement, *means, *round_])
    return rows


def _item_cells(item: ItemFigures, group: GroupFigures) -> list[object]:
    scores: list[object] = [*item.scores] or [""] * 5
    consensus = {True: _("yes"), False: _("no"), None: ""}[item.consensus]
    return [
        item.indicator.code,
        item.indicator.name_zh,
        item.indicator.name_en,
        group.parent.name if group.parent else _("The whole index"),
        *scores,
        item.abstained,
        item.mean,
        item.median,
        item.lower_quartile,
        item.upper_quartile,
        item.iqr,
        item.cv,
        item.important,
        consensus,
    ]


def _figure(group: GroupFigures, source: str) -> dict[str, Any]:
    """Return the title and the drawing of a group's answers; no drawing where none is reported."""
    title, subtitle = group_finding(group), _("ballots for each score; the length is their share, in %")
    shown = [charts.ScoreDistribution(i.indicator.name, i.scores) for i in group.items if i.is_reported]
    spec = charts.distribution_chart(shown, title=title, subtitle=subtitle, source=source) if shown else None
    return {"title": title, "subtitle": subtitle, "spec": spec, "source": source}


def _source(statistics: RoundStatistics) -> str:
    return _("%(round)s, %(counted)d ballots") % {
        "round": statistics.round.title,
        "counted": statistics.counted,
    }
