"""Whether the index of a run holds together, group by group, as a page and as files."""

from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from indexer import charts
from indexer.answers import answer_file, answer_page
from indexer.audit_files import TABLES, Audit
from indexer.enums import StudyKind, StudyStatus
from indexer.forms.coherence import GroupChoice
from indexer.models import Run
from indexer.numeric.coherence.importance import HIGH, LOW
from indexer.selectors.coherence import Coherence, GroupView, coherence_of, whole_audit_key
from indexer.selectors.published import codes_given_raw
from indexer.selectors.run_facts import lack_of_run_facts, run_facts_of
from indexer.selectors.studies import studies_visible_to
from indexer.views.shared.coherence_tables import (
    SHADED,
    component_rows,
    group_row,
    heat_of,
    scarcest_indicators,
)
from indexer.views.shared.coherence_words import (
    findings_of,
    headline,
    is_far,
    percent,
    whole_name,
    widest_gap,
)
from indexer.views.shared.exports import run_facts
from indexer.views.shared.facts_lack import answer_lack_of_run_facts, answer_retry
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import data_set_name, version_name
from weighting.drawing import Figure, Spec
from weighting.exports import columns_of
from weighting.permissions import ANYONE, STAFF, audience
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import signed
from weighting.visitors import visitor_of

PERCENT = 100
# What one picture holds at a time; the files hold all.
DRAWN = 30
LACKING = 10


@audience(ANYONE)
@require_safe
def run_coherence(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the group below the composite, or below the node asked for, and all groups beside it."""
    return answer_about_run(
        request, pk, lambda request, run: answer_page(request, run, _page, whole_audit_key(run))
    )


@audience(ANYONE)
@require_safe
def coherence_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with one of the tables of the audit, by ``?table=``, as a file."""
    run, format = finished_run(request, pk), asked_format(request)
    name = request.GET.get("table", "groups")
    if name not in TABLES:
        raise Http404
    if lacking := answer_lack_of_run_facts(request, run, "run-coherence"):
        return lacking
    given = codes_given_raw(visitor_of(request).account, run)
    return answer_file(
        request,
        run,
        lambda: _file(coherence_of(run).audit, run, name, format, given),
        whole_audit_key(run),
        *sorted(given),
    )


@audience(STAFF)
@require_POST
def run_facts_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a worker work out what a large ranking is like, where that failed or was cancelled."""
    facts = run_facts_of(finished_run(request, pk))
    return answer_retry(request, facts, back=reverse("indexer:run-coherence", args=[pk]))


def importance_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the weights and the importance of the group asked for, for a picture."""
    if lack_of_run_facts(run):
        return None
    view = _asked(request, coherence_of(run))[1]
    return figure_of_group(view).spec


def _file(audit: Audit, run: Run, name: str, format: str, given: frozenset[str]) -> HttpResponse:
    table = TABLES[name]
    rows = table.plain_rows(audit, given)
    return table_answer(format, f"{name}-{run.pk}", columns_of(*table.columns), rows, run_facts(run))


def _asked(request: HttpRequest, coherence: Coherence) -> tuple[GroupChoice, GroupView]:
    form = GroupChoice(request.GET, parents=coherence.parents)
    return form, coherence.group_view(form.chosen)


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    if lacking := answer_lack_of_run_facts(request, run, "run-coherence"):
        return lacking
    coherence = coherence_of(run)
    form, view = _asked(request, coherence)
    export = reverse("indexer:run-coherence-export", args=[run.pk])
    context = {
        **run_context(request, run, "run-coherence"),
        "title": headline(view),
        "form": form,
        "whole": whole_name(view),
        "register": coherence.subject.cities.register,
        "stats": _stats(view),
        "figure": figure_of_group(view),
        "findings": findings_of(view),
        "heat": heat_of(view, view.parent),
        "left_out": max(0, len(view.members) - SHADED),
        "members": [_member(view, at) for at in range(len(view.members))],
        "is_untried": view.is_untried,
        "whole_audit": _whole_audit(request, view),
        "components": component_rows(view.group),
        "groups": [group_row(coherence, group) for group in coherence.scored.groups],
        "availability": _availability(coherence),
        "saves": [
            (label, save_links(f"{export}?{urlencode({'table': name})}")) for name, label in _tables().items()
        ],
    }
    return render(request, "indexer/run/coherence.html", context)


def _whole_audit(request: HttpRequest, view: GroupView) -> dict[str, Any]:
    """Say what a study of the whole audit adds, and how far it is; nothing where the page tells all."""
    study = studies_visible_to(visitor_of(request).account).filter(
        run=view.coherence.run, kind=StudyKind.COHERENCE
    )
    known = study.order_by("-pk").first()
    if known is None and not (view.lacks_intervals or view.coherence.leaves_something_out):
        return {}
    return {
        "study": known,
        "is_done": known is not None and known.status == StudyStatus.DONE,
        "percent": 0 if known is None else 100 * known.chunks_done // known.chunks,
        "may_ask": visitor_of(request).can_analyse,
        "kind": StudyKind.COHERENCE.value,
    }


def _tables() -> dict[str, str]:
    return {
        "correlations": _("Correlations"),
        "groups": _("Groups"),
        "importance": _("Importance"),
        "indicators": _("Every indicator"),
        "units": _("Every unit"),
    }


def _stats(view: GroupView) -> list[dict[str, str]]:
    group, flags = view.group, view.coherence.scored.flags
    return [
        {
            "label": _("Cronbach's alpha"),
            "value": signed(group.consistency.alpha, 2, plus=False),
            "note": _("of “%(name)s”; 0.7 is usually asked for") % {"name": whole_name(view)},
        },
        {
            "label": _("First component"),
            "value": percent(group.components.first_share, 0),
            "note": _("of what its %(count)s members show") % {"count": len(view.members)},
        },
        {
            "label": _("Mean correlation"),
            "value": signed(group.mean, 2, plus=False),
            "note": _("lowest: %(lowest)s") % {"lowest": signed(group.lowest, 2, plus=False)},
        },
        {
            "label": _("Remarkable pairs"),
            "value": str(int(np.triu(flags > 0).sum())),
            "note": _("in the whole index"),
        },
    ]


def figure_of_group(view: GroupView) -> Figure:
    """Draw what each member weighs beside what it accounts for."""
    run, rows = view.coherence.run, _weight_rows(view)
    drawn = sorted(range(len(rows)), key=lambda at: -abs(rows[at].importance - rows[at].weight))[:DRAWN]
    title = widest_gap(view)
    subtitle = _subtitle(view)
    source = f"{data_set_name(run.data_set)} · {version_name(run)}"
    query = f"?{urlencode({'group': view.parent.code})}" if view.parent else ""
    return Figure(
        title=title,
        subtitle=subtitle,
        chart=charts.dumbbell_chart(
            [rows[at] for at in sorted(drawn)], title=title, subtitle=subtitle, source=source
        ),
        rows=[],
        image_url=reverse("indexer:run-picture", args=[run.pk, "importance", "svg"]) + query,
    )


def _subtitle(view: GroupView) -> str:
    if view.lacks_intervals:
        return _("weight beside importance over its sum, in percent")
    words = {"part": percent(HIGH - LOW, 0), "draws": _("bootstrap replications")}
    return (
        _("weight beside importance over its sum, in percent; the band holds %(part)s of %(draws)s") % words
    )


def _weight_rows(view: GroupView) -> list[charts.WeightAndImportance]:
    scale = PERCENT / view.importance_sum if view.importance_sum > 0 else float("nan")
    return [
        charts.WeightAndImportance(
            name=node.name,
            weight=float(view.weights[at]) * PERCENT,
            importance=float(view.shares[at]) * PERCENT,
            low=float(view.interval.low[at]) * scale,
            high=float(view.interval.high[at]) * scale,
        )
        for at, node in enumerate(view.members)
    ]


def _member(view: GroupView, at: int) -> dict[str, Any]:
    importance, consistency, components = view.interval, view.group.consistency, view.group.components
    return {
        "node": view.members[at],
        "is_far": is_far(view, at),
        "weight": percent(view.weights[at]),
        "importance": percent(view.shares[at]),
        "variance": percent(view.variance[at]),
        "linear": signed(importance.linear[at], 3, plus=False),
        "smooth": signed(importance.smooth[at], 3, plus=False),
        "interval": f"{importance.low[at]:.2f}–{importance.high[at]:.2f}"
        if np.isfinite(importance.low[at])
        else "–",
        "without": signed(consistency.without[at], 2, plus=False),
        "loading": signed(components.loadings[at, 0], 2, plus=False),
        "shift": signed(view.shifts[at], 2, plus=False),
    }


def _availability(coherence: Coherence) -> dict[str, Any]:
    """Say who lacks most; nobody where all values are there."""
    found, cities = coherence.scored.units, coherence.subject.cities
    order = np.argsort(found.available, kind="stable")[:LACKING]
    lacking = [int(at) for at in order if found.available[at] < 1]
    cities.load(lacking)
    return {
        "missing": coherence.scored.missing,
        "share": percent(coherence.scored.missing_share, 2),
        "units": [
            {
                "city": cities[at],
                "count": int(found.count[at]),
                "available": percent(found.available[at]),
                "weight": percent(found.weight[at]),
            }
            for at in lacking
        ],
        "indicators": scarcest_indicators(coherence, LACKING),
    }
