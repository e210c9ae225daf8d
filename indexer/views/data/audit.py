"""What a data set is like before any weights: what is there, how it is spread, what goes together."""

from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from indexer import charts
from indexer.audit_files import UNWEIGHTED_TABLES
from indexer.enums import RunStatus
from indexer.forms.coherence import LeafGroupChoice, MemberChoice
from indexer.models import DataSet
from indexer.selectors.coherence import MemberView
from indexer.selectors.data_audit import LACKING, DataAudit, audited_data_sets, data_audit_of
from indexer.selectors.data_facts import FactsLacking, Lack, data_facts_of
from indexer.selectors.runs import listed_runs_visible_to
from indexer.views.shared.coherence_tables import (
    SHADED,
    component_rows,
    group_row,
    heat_of_members,
    scarcest_indicators,
)
from indexer.views.shared.coherence_words import (
    Finding,
    findings_on_members,
    findings_on_values,
    is_skewed,
    percent,
    whole_name,
)
from indexer.views.shared.exports import data_set_facts
from indexer.views.shared.facts_lack import answer_retry, data_set_lack_context, lacking_page
from indexer.views.shared.histograms import bin_rows, histogram_bins, value_stats
from indexer.views.shared.tables import raw_number
from indexer.words import data_set_name, version_name
from weighting.drawing import Figure
from weighting.exports import columns_of
from weighting.models import Account, Indicator
from weighting.permissions import ANYONE, STAFF, audience
from weighting.views.files import asked_format, picture_answer, save_links, table_answer
from weighting.views.numbers import signed
from weighting.visitors import visitor_of

# Rankings that the page leads to.
MOST_RUNS = 12


@audience(ANYONE)
@require_safe
def data_set_audit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one group of indicators, one indicator of it, and all groups beside them."""
    data_set = _data_set(request, pk)
    try:
        audit = data_audit_of(data_set)
    except FactsLacking as lacking:
        return _lacking(request, data_set, lacking.lack)
    group, view = _asked(request, audit)
    member, node = _asked_member(request, view)
    export = reverse("indexer:data-set-audit-export", args=[pk])
    context = {
        "data_set": audit.data_set,
        "title": _title(audit),
        "data_set_name": data_set_name(audit.data_set),
        "register": audit.data_set.series.register,
        "whole": whole_name(view),
        "form": group,
        "member_form": member,
        "stats": _stats(audit),
        "findings": _findings(view),
        "figure": _figure(audit, node),
        "node": node,
        "value_stats": value_stats(
            audit.scored.indicators, _leaf(audit, node), audit.unit_count, audit.units
        ),
        "heat": heat_of_members(view),
        "left_out": max(0, len(view.members) - SHADED),
        "components": component_rows(view.group),
        "members": [_member(audit, view, at) for at in range(len(view.members))],
        "groups": [group_row(audit, each) for each in audit.groups],
        "availability": _availability(audit),
        "runs": _runs(audit, visitor_of(request).account),
        "saves": [
            (label, save_links(f"{export}?{urlencode({'table': name})}")) for name, label in _tables().items()
        ],
    }
    return render(request, "indexer/data/data_set_audit.html", context)


@audience(ANYONE)
@require_safe
def data_set_audit_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with one of the tables, by ``?table=``, as a file."""
    name = request.GET.get("table", "groups")
    if name not in UNWEIGHTED_TABLES:
        raise Http404
    data_set, table = _data_set(request, pk), UNWEIGHTED_TABLES[name]
    try:
        audit = data_audit_of(data_set)
    except FactsLacking as lacking:
        return _lacking(request, data_set, lacking.lack)
    rows, facts = table.plain_rows(audit.files), data_set_facts(audit.data_set)
    return table_answer(
        asked_format(request), f"{name}-data-set-{pk}", columns_of(*table.columns), rows, facts
    )


@audience(ANYONE)
@require_safe
def data_set_audit_picture(request: HttpRequest, pk: int, format: str) -> HttpResponse:
    """Answer with the histogram of the indicator asked for, as a file."""
    data_set = _data_set(request, pk)
    try:
        audit = data_audit_of(data_set)
    except FactsLacking as lacking:
        return _lacking(request, data_set, lacking.lack)
    view = _asked(request, audit)[1]
    return picture_answer(request, _figure(audit, _asked_member(request, view)[1]).spec, format)


@audience(STAFF)
@require_POST
def data_set_facts_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a worker work out what a large data set is like, where that failed or was cancelled."""
    facts = data_facts_of(_data_set(request, pk))
    return answer_retry(request, facts, back=reverse("indexer:data-set-audit", args=[pk]))


def _data_set(request: HttpRequest, pk: int) -> DataSet:
    return get_object_or_404(audited_data_sets(visitor_of(request).account), pk=pk)


def _lacking(request: HttpRequest, data_set: DataSet, lack: Lack) -> HttpResponse:
    context = {"data_set": data_set, "title": data_set_name(data_set)}
    context |= data_set_lack_context(data_set, lack)
    return lacking_page(request, "indexer/data/data_set_lacking.html", context, lack)


def _asked(request: HttpRequest, audit: DataAudit) -> tuple[LeafGroupChoice, MemberView]:
    form = LeafGroupChoice(
        request.GET, parents=audit.parents, has_top=audit.has_top, usual=audit.usual_parent
    )
    return form, audit.view(form.chosen)


def _asked_member(request: HttpRequest, view: MemberView) -> tuple[MemberChoice, Indicator]:
    form = MemberChoice(request.GET, members=view.members, group=view.parent.code if view.parent else "")
    return form, form.chosen


def _title(audit: DataAudit) -> str:
    words = {"units": audit.units, "count": audit.unit_count, "leaves": audit.leaf_count}
    about = ngettext(
        "%(leaves)s indicator of %(count)s %(units)s",
        "%(leaves)s indicators of %(count)s %(units)s",
        audit.leaf_count,
    )
    if not audit.missing:
        return _("%(about)s, and no value is missing") % {"about": about % words}
    said = {"about": about % words, "share": percent(audit.missing_share, 2)}
    return _("%(about)s; %(share)s of the values are missing") % said


def _stats(audit: DataAudit) -> list[dict[str, str]]:
    facts, flags = audit.scored.indicators, audit.scored.flags
    far = sum(map(is_skewed, facts.shapes))
    return [
        {"label": capfirst(audit.units), "value": str(audit.unit_count), "note": _("in this data set")},
        {
            "label": _("Indicators"),
            "value": str(audit.leaf_count),
            "note": _("in %(count)s groups") % {"count": len(audit.groups)},
        },
        {
            "label": _("Far from even"),
            "value": str(far),
            "note": _("indicators that are skewed beyond 2, with kurtosis beyond 3.5"),
        },
        {
            "label": _("Remarkable pairs"),
            "value": str(int(np.triu(flags > 0).sum())),
            "note": _("within their groups"),
        },
    ]


def _findings(view: MemberView) -> list[Finding]:
    found = [*findings_on_members(view), *findings_on_values(view)]
    return sorted(found, key=lambda finding: not finding.is_grave)


def _leaf(audit: DataAudit, node: Indicator) -> int:
    """Return the column of an indicator."""
    return int(np.flatnonzero(audit.scored.tree.leaves == node.position)[0])


def _figure(audit: DataAudit, node: Indicator) -> Figure:
    column = audit.raw_of(_leaf(audit, node))
    present = column[~np.isnan(column)]
    words = {"name": node.name, "units": audit.units}
    title = _("How %(name)s is spread") % words
    subtitle = _("%(name)s: %(units)s by value") % words
    if not len(present):
        return Figure(title, subtitle, None, [])
    bins = histogram_bins(present)
    spec = charts.histogram_chart(
        bins,
        x_title=node.unit,
        units_word=audit.units,
        title=title,
        subtitle=subtitle,
        source=data_set_name(audit.data_set),
    )
    picture = reverse("indexer:data-set-audit-picture", args=[audit.data_set.pk, "svg"])
    group = node.parent.code if node.parent else ""
    query = urlencode({"group": group, "indicator": node.code})
    return Figure(title, subtitle, spec, bin_rows(bins), image_url=f"{picture}?{query}")


def _member(audit: DataAudit, view: MemberView, at: int) -> dict[str, Any]:
    node, facts = view.members[at], audit.scored.indicators
    leaf = _leaf(audit, node)
    closest, strength = audit.scored.closest
    near = int(closest[node.position])
    return {
        "node": node,
        "available": percent(facts.available[leaf]),
        "zeros": percent(facts.zeros[leaf]),
        "repeats": percent(facts.repeats[leaf]),
        "figures": [raw_number(float(of[leaf]), node.unit) for of in (facts.low, facts.median, facts.high)],
        "skewness": signed(facts.shapes[leaf].skewness, 2, plus=False),
        "kurtosis": signed(facts.shapes[leaf].kurtosis, 2, plus=False),
        "is_far": is_skewed(facts.shapes[leaf]),
        "closest": audit.nodes[near].name if near >= 0 else "–",
        "strength": signed(strength[node.position], 2, plus=False),
    }


def _availability(audit: DataAudit) -> dict[str, Any]:
    found = audit.scored.units
    return {
        "missing": audit.missing,
        "share": percent(audit.missing_share, 2),
        "units": [
            {"city": city, "count": int(found.count[at]), "available": percent(found.available[at])}
            for city, at in audit.lacking()
        ],
        "indicators": scarcest_indicators(audit, LACKING),
    }


def _runs(audit: DataAudit, account: Account | None) -> list[dict[str, Any]]:
    """Return the rankings whose own audit goes on from here with weights."""
    runs = listed_runs_visible_to(account).filter(data_set=audit.data_set.pk, status=RunStatus.DONE)
    return [
        {"name": version_name(run), "url": reverse("indexer:run-coherence", args=[run.pk])}
        for run in runs.order_by("weight_version__number", "pk")[:MOST_RUNS]
    ]


def _tables() -> dict[str, str]:
    return {
        "correlations": _("Correlations"),
        "groups": _("Groups"),
        "indicators": _("Every indicator"),
        "units": _("Every unit"),
    }
