"""Weight versions side by side: page, file and picture."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from weighting.exceptions import Refused
from weighting.exports import Fact, columns_of
from weighting.forms.version_choice import chosen_version_ids
from weighting.models import Framework, WeightVersion
from weighting.permissions import ANYONE, audience
from weighting.selectors.version_comparison import (
    VersionChange,
    VersionComparison,
    compare_versions,
    versions_asked_for,
)
from weighting.selectors.versions import offer_versions, versions_visible_to
from weighting.views.files import asked_format, picture_answer, save_links, table_answer
from weighting.views.numbers import signed
from weighting.views.version_figures import movers_figure
from weighting.views.version_words import (
    PERCENT,
    SAME,
    change_sentences,
    digits_for,
    finding,
    group_name,
    largest_change,
    percent,
    points,
    version_name,
)
from weighting.visitors import visitor_of

GROUPS = 10
HEADER = [
    "code", "parent", "name_zh", "name_en", "version", "version_id", "label_zh", "label_en",
    "manifest_sha256", "local_weight", "global_weight", "local_change", "global_change", "relative_change",
]  # fmt: skip

# The id and number of every version that a visitor may see, by framework, in their order.
_Known = dict[int, list[tuple[int, int | None]]]


@audience(ANYONE)
@require_safe
def version_compare(request: HttpRequest) -> HttpResponse:
    """Compare the versions asked for; without any, the newest two of a framework."""
    visible = versions_visible_to(visitor_of(request).account).order_by("framework_id", "number", "pk")
    known = _known(visible)
    chosen = _chosen(request) or list(visible.filter(pk__in=_newest_pair(known)))
    picker = _picker(visible, known, chosen, request.GET.get("find", ""))
    if not chosen:
        return render(request, "weighting/versions/comparison_empty.html", picker)
    try:
        compared = compare_versions(chosen)
    except Refused as refusal:
        context = picker | {"problems": refusal.blockers}
        return render(request, "weighting/versions/comparison_empty.html", context, status=400)
    return render(request, "weighting/versions/comparison.html", picker | _context(compared))


@audience(ANYONE)
@require_safe
def version_compare_export(request: HttpRequest) -> HttpResponse:
    """Answer with every weight of every version as a file, a line each."""
    compared = _compared(request)
    return table_answer(
        asked_format(request), "quanheng-versions", columns_of(*HEADER), _lines(compared), _facts(compared)
    )


@audience(ANYONE)
@require_safe
def version_compare_picture(request: HttpRequest, format: str) -> HttpResponse:
    """Answer with the figure as a file that stands alone."""
    figure = movers_figure(_compared(request))
    return picture_answer(request, figure.spec if figure else None, format)


def _chosen(request: HttpRequest) -> list[WeightVersion]:
    """Return the versions asked for; 404 when the visitor may not know of one of them."""
    try:
        return versions_asked_for(visitor_of(request).account, chosen_version_ids(request.GET))
    except (ValueError, WeightVersion.DoesNotExist):
        raise Http404 from None


def _compared(request: HttpRequest) -> VersionComparison:
    try:
        return compare_versions(_chosen(request))
    except Refused:
        raise Http404 from None


def _known(visible: QuerySet[WeightVersion]) -> _Known:
    known: _Known = {}
    for framework, number, pk in visible.values_list("framework_id", "number", "pk"):
        known.setdefault(framework, []).append((pk, number))
    return known


def _newest_pair(known: _Known) -> list[int]:
    """Return the last two frozen versions of the framework that was worked on last."""
    frozen = ([pk for pk, number in versions if number is not None] for versions in known.values())
    return max((pks[-2:] for pks in frozen if len(pks) > 1), key=lambda pair: pair[-1], default=[])


def _picker(
    visible: QuerySet[WeightVersion], known: _Known, chosen: Sequence[WeightVersion], text: str
) -> dict[str, Any]:
    """Offer versions of the framework in view, by name, and the other frameworks that have two."""
    in_view = chosen[0].framework_id if chosen else next(iter(known), None)
    kept = [version.pk for version in chosen]
    offered = offer_versions(visible.filter(framework=in_view), text, kept)
    options = [
        {
            "version": version,
            "name": version_name(version),
            "is_chosen": version.pk in kept,
            "is_base": version.pk == next(iter(kept), None),
        }
        for version in offered.rows
    ]
    pairs = {pk: versions[-2:] for pk, versions in known.items() if pk != in_view and len(versions) > 1}
    others = [
        {"name": framework.name, "url": _compare_url([pk for pk, _number in pairs[framework.pk]])}
        for framework in Framework.objects.filter(pk__in=pairs).only("name_zh", "name_en").order_by("pk")
    ]
    return {"options": options, "offered": offered, "others": others}


def compare_url(versions: Sequence[WeightVersion]) -> str:
    """Return the address of a comparison, the base first."""
    return _compare_url([version.pk for version in versions])


def _compare_url(ids: Sequence[int]) -> str:
    return f"{reverse('weighting:version-compare')}?{_query_of(ids)}"


def query_of(versions: Sequence[WeightVersion]) -> str:
    """Return the part of an address that asks for versions."""
    return _query_of([version.pk for version in versions])


def _query_of(ids: Sequence[int]) -> str:
    return "versions=" + ",".join(map(str, ids))


def _context(compared: VersionComparison) -> dict[str, Any]:
    query = query_of(compared.versions)
    figure = movers_figure(compared)
    picture = f"{reverse('weighting:version-compare-picture', args=['svg'])}?{query}"
    return {
        "title": finding(compared),
        "framework": compared.base.framework,
        "base_name": version_name(compared.base),
        "versions": [(version_name(version), version) for version in compared.versions],
        "changes": [_change(compared, change) for change in compared.changes],
        "figure": figure and figure.drawn_at(picture),
        "left_out": len(compared.versions) - len(figure.labels) if figure else 0,
        "rows": _rows(compared),
        "query": query,
        "saves": save_links(f"{reverse('weighting:version-compare-export')}?{query}"),
    }


def _change(compared: VersionComparison, change: VersionChange) -> dict[str, Any]:
    parts = [part for part in change.parts if part.distance > SAME]
    rest = sum(part.distance for part in parts[GROUPS:])
    return {
        "name": version_name(change.version),
        "distance": percent(change.distance),
        "sentences": change_sentences(compared, change),
        "parts": [
            {
                "name": group_name(part.parent),
                "percent": PERCENT * part.distance / change.distance,
                "text": percent(part.distance, like=change.distance),
            }
            for part in parts[:GROUPS]
        ],
        "rest": percent(rest, like=change.distance) if rest else "",
    }


def _rows(compared: VersionComparison) -> list[dict[str, Any]]:
    """Return a row per node: the weights of each version, and its changes against the base."""
    digits = digits_for(largest_change(compared))
    rows = []
    for position, node in enumerate(compared.nodes):
        cells = [
            {
                "local": f"{compared.local[position, column] * PERCENT:.{digits}f}",
                "global": f"{compared.global_[position, column] * PERCENT:.{digits}f}",
                "local_change": points(float(change.local[position]), digits),
                "global_change": points(float(change.global_[position]), digits),
                "relative": signed(float(change.relative[position]) * PERCENT, 1),
                "moved": abs(change.global_[position]) > SAME or abs(change.local[position]) > SAME,
            }
            for column, change in enumerate(compared.changes, start=1)
        ]
        rows.append(
            {
                "indicator": node,
                "local": f"{compared.local[position, 0] * PERCENT:.{digits}f}",
                "global": f"{compared.global_[position, 0] * PERCENT:.{digits}f}",
                "cells": cells,
            }
        )
    return rows


def _lines(compared: VersionComparison) -> list[list[object]]:
    lines: list[list[object]] = []
    for position, node in enumerate(compared.nodes):
        said = [node.code, node.parent.code if node.parent else "", node.name_zh, node.name_en]
        for column, version in enumerate(compared.versions):
            change = compared.changes[column - 1] if column else None
            lines.append(
                [
                    *said,
                    version.number,
                    version.pk,
                    version.label_zh,
                    version.label_en,
                    version.manifest_hash,
                    float(compared.local[position, column]),
                    float(compared.global_[position, column]),
                    *(_changes_of(change, position) if change else [None, None, None]),
                ]
            )
    return lines


def _facts(compared: VersionComparison) -> list[Fact]:
    framework = compared.base.framework
    return [
        Fact("framework", _("Framework"), framework.name),
        Fact("framework_sha256", _("SHA-256 of the framework"), framework.sha256),
        Fact("code_version", _("Software version"), settings.CODE_VERSION),
    ]


def _changes_of(change: VersionChange, place: int) -> list[object]:
    relative = float(change.relative[place])
    return [
        float(change.local[place]),
        float(change.global_[place]),
        relative,
    ]
