"""The statistics of a round as tables: for the pages, and as a file."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from weighting import charts
from weighting.drawing import Figure
from weighting.exports import Fact, Heading
from weighting.models import Round
from weighting.numeric.agreement import IntraclassCorrelation
from weighting.numeric.scale import SCALE
from weighting.selectors.stability import Stability
from weighting.selectors.statistics import GroupFigures, ItemFigures, RoundStatistics
from weighting.views.files import table_answer
from weighting.views.numbers import signed
from weighting.views.statistics_words import agreement_cells, group_finding, panel_words

# As many items as a page says at its head to divide the panel.
MOST_DIVIDED = 10


def group_sections(statistics: RoundStatistics) -> list[dict[str, Any]]:
    """Return what the page shows of each sibling group."""
    source = _source(statistics)
    return [
        {
            "id": f"group-{position}",
            "name": _group_name(group),
            "agreement": agreement_cells(group.agreement),
            "items": group.items,
            "figure": _figure(group, source, f"group-{position}", statistics.round),
            "source": source,
        }
        for position, group in enumerate(statistics.groups, start=1)
    ]


def _group_name(group: GroupFigures) -> str:
    return group.parent.name if group.parent else _("The whole index")


def most_divided(statistics: RoundStatistics) -> list[ItemFigures]:
    """Return the items on which the scores lie furthest apart, the widest first."""
    apart = [item for item in statistics.items if item.iqr]
    return sorted(apart, key=lambda item: (item.iqr or 0, item.cv or 0), reverse=True)[:MOST_DIVIDED]


def agreement_rows(statistics: RoundStatistics) -> list[dict[str, Any]]:
    """Return the agreement on the whole and within each group, a line each."""
    return [
        {"name": _("All items"), **agreement_cells(statistics.whole)},
        *(
            {
                "name": _group_name(group),
                **agreement_cells(group.agreement),
            }
            for group in statistics.groups
        ),
    ]


def sector_rows(statistics: RoundStatistics) -> list[dict[str, Any]]:
    """Return the means of each sector, the items on which sectors differ most first."""
    rows = []
    for position, item in enumerate(statistics.items):
        means = [sector.means[position] for sector in statistics.sectors]
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


def statistics_file(statistics: RoundStatistics, format: str) -> HttpResponse:
    """Answer with every item of the round as a file."""
    columns = [
        Heading("code", _("Code")),
        Heading("name_zh", _("Indicator (Chinese)")),
        Heading("name_en", _("Indicator (English)")),
        Heading("group", _("Group")),
        *(Heading(f"scored_{score}", _("Score %(score)d") % {"score": score}) for score in SCALE),
        Heading("abstained", _("Abstained")),
        Heading("mean", _("Mean")),
        Heading("median", _("Median")),
        Heading("lower_quartile", _("Lower quartile")),
        Heading("upper_quartile", _("Upper quartile")),
        Heading("iqr", _("IQR")),
        Heading("cv", _("CV")),
        Heading("share_4_5", _("Share of 4 and 5")),
        Heading("consensus", _("Consensus")),
        Heading("group_w", _("Kendall's W of the group")),
        Heading("group_w_p_value", _("p-value")),
        Heading("group_icc_single", _("ICC(2,1) of the group")),
        Heading("group_icc_average", _("ICC(2,k) of the group")),
        Heading("group_icc_single_interpretable", _("ICC(2,1) interpretable")),
        Heading("group_icc_average_interpretable", _("ICC(2,k) interpretable")),
        *(
            Heading(f"mean_{sector.sector}", _("Mean: %(sector)s") % {"sector": sector.name})
            for sector in statistics.sectors
        ),
    ]
    name = f"quanheng-round-{statistics.round.pk}-statistics"
    return table_answer(format, name, columns, _file_rows(statistics), _facts(statistics))


def _facts(statistics: RoundStatistics) -> list[Fact]:
    round_ = statistics.round
    return [
        Fact("round", _("Round"), round_.title),
        Fact("questionnaire_sha256", _("Questionnaire hash"), round_.questionnaire_hash),
        Fact("ballots_counted", _("Ballots counted"), str(statistics.counted)),
        Fact("ballots_entered", _("of these entered by a manager"), str(statistics.entered)),
        Fact("code_version", _("Software version"), settings.CODE_VERSION),
    ]


def _file_rows(statistics: RoundStatistics) -> list[list[object]]:
    rows: list[list[object]] = []
    for group in statistics.groups:
        w, icc = group.agreement.concordance, group.agreement.icc
        agreement = [w and w.w, w and w.p_value, *_icc_cells(icc)]
        for item in group.items:
            means = [sector.means[len(rows)] for sector in statistics.sectors]
            rows.append([*_item_cells(item, group), *agreement, *means])
    return rows


def _icc_cells(icc: IntraclassCorrelation | None) -> list[object]:
    if icc is None:
        return [None] * 4
    sound = [
        _("yes") if is_sound else _("no")
        for is_sound in (icc.single_is_interpretable, icc.average_is_interpretable)
    ]
    return [icc.single, icc.average, *sound]


def _item_cells(item: ItemFigures, group: GroupFigures) -> list[object]:
    scores: list[object] = [*item.scores] or [None] * 5
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


def _figure(group: GroupFigures, source: str, name: str, round: Round) -> Figure | None:
    """Draw a group's answers; nothing where none is reported."""
    shown = [charts.ScoreDistribution(i.indicator.name, i.scores) for i in group.items if i.is_reported]
    if not shown:
        return None
    # Groups of as many items often have the same finding, and a picture stands alone.
    title = _("%(name)s: %(value)s") % {"name": _group_name(group), "value": group_finding(group)}
    subtitle = _("ballots for each score; the length is their share, in %")
    spec = charts.distribution_chart(shown, title=title, subtitle=subtitle, source=source)
    picture = reverse("weighting:round-statistics-picture", args=[round.pk, name, "svg"])
    return Figure(title, subtitle, spec, group.items, image_url=picture)


def _source(statistics: RoundStatistics) -> str:
    return _("%(round)s, %(panel)s") % {
        "round": statistics.round.title,
        "panel": panel_words(statistics.counted, statistics.entered),
    }
