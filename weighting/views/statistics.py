"""The statistics of an aggregated round: page, file and written report."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from weighting.exceptions import NotReported
from weighting.models import Round, WeightVersion
from weighting.permissions import STAFF, audience
from weighting.selectors.frameworks import along_the_tree, indicators_of
from weighting.selectors.pooling import has_aggregate
from weighting.selectors.round_history import composition_of, dated_acts_of, version_of
from weighting.selectors.rounds import with_ballots
from weighting.selectors.stability import stability_of
from weighting.selectors.statistics import (
    RoundStatistics,
    comments_of,
    reported_rounds_visible_to,
    round_statistics,
)
from weighting.selectors.versions import weighted_nodes_of
from weighting.views.answers import CONFLICT
from weighting.views.files import asked_format, picture_answer, save_links
from weighting.views.report_words import limits_of, purpose_of, terms_of
from weighting.views.statistics_tables import (
    agreement_rows,
    change_rows,
    group_sections,
    most_divided,
    sector_rows,
    statistics_file,
)
from weighting.views.statistics_words import consensus_words, finding, key_figures, panel_words
from weighting.visitors import account_of, visitor_of

Answer = Callable[..., HttpResponse]


def _of_reported_round(answer: Answer) -> Callable[..., HttpResponse]:
    """Load the round and its statistics, or say why they are withheld; who may not know gets 404."""

    @audience(STAFF)
    @require_safe
    @wraps(answer)
    def view(request: HttpRequest, pk: int, **asked: str) -> HttpResponse:
        round_ = _round_or_404(request, pk)
        if has_aggregate(round_):
            # They are for good now, and a page asks for them several times.
            with_ballots([round_])
        try:
            statistics = round_statistics(round_)
        except NotReported as refusal:
            context = {"round": round_, "reasons": refusal.blockers}
            return render(request, "weighting/manager/statistics_withheld.html", context, status=CONFLICT)
        return answer(request, statistics, **asked)

    return view


@_of_reported_round
def statistics_page(request: HttpRequest, statistics: RoundStatistics) -> HttpResponse:
    """How far the panel agrees, item by item and group by group."""
    round_ = statistics.round
    context = {
        "title": finding(statistics),
        "panel": panel_words(statistics.counted, statistics.entered),
        "stats": key_figures(statistics),
        "sections": group_sections(statistics),
        "divided": most_divided(statistics),
        "saves": save_links(reverse("weighting:round-statistics-export", args=[round_.pk])),
        "comments": comments_of(round_) if visitor_of(request).can_manage else [],
        **_shared(statistics),
    }
    return render(request, "weighting/manager/statistics.html", context)


@_of_reported_round
def statistics_export(request: HttpRequest, statistics: RoundStatistics) -> HttpResponse:
    """Every item as a line of a file."""
    return statistics_file(statistics, asked_format(request))


@_of_reported_round
def statistics_picture(
    request: HttpRequest, statistics: RoundStatistics, figure: str, format: str
) -> HttpResponse:
    """The answers of one group as a picture."""
    specs = {
        section["id"]: section["figure"] and section["figure"].spec for section in group_sections(statistics)
    }
    return picture_answer(request, specs.get(figure), format)


@_of_reported_round
def round_report(request: HttpRequest, statistics: RoundStatistics) -> HttpResponse:
    """Everything that a reader needs to judge the round, on one page that prints."""
    round_ = statistics.round
    composition = composition_of(round_)
    version = version_of(round_, account_of(request))
    context = {
        "finding": finding(statistics),
        "purpose": purpose_of(statistics),
        "terms": terms_of(round_),
        "acts": dated_acts_of(round_),
        "notes": list(round_.notes.all()),
        "composition": composition,
        "groups": statistics.groups,
        "version": version,
        "weights": _weights_of(round_, version) if version else [],
        "limits": limits_of(statistics, composition),
        "code_version": settings.CODE_VERSION,
        **_shared(statistics),
    }
    return render(request, "weighting/manager/round_report.html", context)


def _shared(statistics: RoundStatistics) -> dict[str, Any]:
    stability = stability_of(statistics.round)
    return {
        "round": statistics.round,
        "statistics": statistics,
        "agreements": agreement_rows(statistics),
        "consensus": consensus_words(statistics.round),
        "sectors": sector_rows(statistics),
        "stability": stability,
        "changes": change_rows(stability) if stability else [],
    }


def _weights_of(round_: Round, version: WeightVersion) -> list[dict[str, Any]]:
    """Return the weights along the tree, in percent."""
    nodes = {node.indicator.pk: node for node in weighted_nodes_of(version)}
    return [
        {
            "indicator": node,
            "asked": nodes[node.pk].asked,
            "local_percent": f"{100 * nodes[node.pk].local_weight:.2f}",
            "global_percent": f"{100 * nodes[node.pk].global_weight:.2f}",
        }
        for node in along_the_tree(indicators_of(round_.framework_id))
    ]


def _round_or_404(request: HttpRequest, pk: int) -> Round:
    rounds = reported_rounds_visible_to(account_of(request)).select_related("follows")
    return get_object_or_404(rounds, pk=pk)
