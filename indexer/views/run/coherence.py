"""Whether the index of a run holds together, group by group, as a page and as files."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.answers import answer_file, answer_page
from indexer.audit_files import TABLES, Audit
from indexer.forms.coherence import GroupChoice
from indexer.models import Run
from indexer.numeric.coherence.audit import Group
from indexer.numeric.coherence.correlations import FLAGS
from indexer.numeric.coherence.importance import HIGH, LOW
from indexer.selectors.coherence import Coherence, GroupView, coherence_of
from indexer.views.run.coherence_words import findings_of, headline, is_far, percent, whole_name, widest_gap
from indexer.views.shared.exports import run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import data_set_name, version_name
from weighting.drawing import Figure, Spec
from weighting.exports import columns_of
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.numbers import signed

PERCENT = 100
# What one picture and one table hold at a time; the files hold all.
DRAWN, SHADED = 30, 30
SHADES = 5
LACKING = 10


@audience(ANYONE)
@require_safe
def run_coherence(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the group below the composite, or below the node asked for, and all groups beside it."""
    return answer_about_run(request, pk, lambda request, run: answer_page(request, run, _page))


@audience(ANYONE)
@require_safe
def coherence_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with one of the tables of the audit, by ``?table=``, as a file."""
    run, format = finished_run(request, pk), asked_format(request)
    name = request.GET.get("table", "groups")
    if name not in TABLES:
        raise Http404
    return answer_file(request, run, lambda: _file(coherence_of(run).audit, run, name, format))


def importance_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the weights and the importance of the group asked for, for a picture."""
    view = _asked(request, coherence_of(run))[1]
    return _figure(view).spec


def _file(audit: Audit, run: Run, name: str, format: str) -> HttpResponse:
    table = TABLES[name]
    rows = ([_empty_of_nothing(cell) for cell in row] for row in table.rows(audit))
    return table_answer(format, f"{name}-{run.pk}", columns_of(*table.columns), rows, run_facts(run))


def _empty_of_nothing(cell: object) -> object:
    return "" if isinstance(cell, float) and np.isnan(cell) else cell


def _asked(request: HttpRequest, coherence: Coherence) -> tuple[GroupChoice, GroupView]:
    form = GroupChoice(request.GET, parents=coherence.parents)
    return form, coherence.group_view(form.chosen)


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    coherence = coherence_of(run)
    form, view = _asked(request, coherence)
    export = reverse("indexer:run-coherence-export", args=[run.pk])
    context = {
        **run_context(run, "run-coherence"),
        "title": headline(view),
        "form": form,
        "whole": whole_name(view),
        "register": coherence.subject.cities.register,
        "stats": _stats(view),
        "figure": _figure(view),
        "findings": findings_of(view),
        "heat": _heat(view),
        "left_out": max(0, len(view.members) - SHADED),
        "members": [_member(view, at) for at in range(len(view.members))],
        "is_untried": view.is_untried,
        "components": _components(view),
        "groups": [_group(coherence, group) for group in coherence.scored.groups],
        "availability": _availability(coherence),
        "saves": [
            (label, save_links(f"{export}?{urlencode({'table': name})}")) for name, label in _tables().items()
        ],
    }
    return render(request, "indexer/run/coherence.html", context)


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


def _figure(view: GroupView) -> Figure:
    run, rows = view.coherence.run, _weight_rows(view)
    drawn = sorted(range(len(rows)), key=lambda at: -abs(rows[at].importance - rows[at].weight))[:DRAWN]
    title = widest_gap(view)
    subtitle = _(
        "weight beside importance over its sum, in percent; the band holds %(part)s of %(draws)s"
    ) % {
        "part": percent(HIGH - LOW, 0),
        "draws": _("bootstrap replications"),
    }
    source = f"{data_set_name(run.data_set)} · {version_name(run)}"
    query = f"?{urlencode({'group': view.parent.code})}" if view.parent else ""
    return Figure(
        title=title,
        subtitle=subtitle,
        spec=charts.dumbbell_chart(
            [rows[at] for at in sorted(drawn)], title=title, subtitle=subtitle, source=source
        ),
        rows=[],
        image_url=reverse("indexer:run-picture", args=[run.pk, "importance", "svg"]) + query,
    )


def _weight_rows(view: GroupView) -> list[charts.WeightAndImportance]:
    scale = PERCENT / view.importance_sum if view.importance_sum > 0 else float("nan")
    return [
        charts.WeightAndImportance(
            name=node.name,
            weight=float(view.weights[at]) * PERCENT,
            importance=float(view.shares[at]) * PERCENT,
            low=float(view.importance.low[at]) * scale,
            high=float(view.importance.high[at]) * scale,
        )
        for at, node in enumerate(view.members)
    ]


def _member(view: GroupView, at: int) -> dict[str, Any]:
    importance, consistency, components = view.importance, view.group.consistency, view.group.components
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


def _heat(view: GroupView) -> list[dict[str, Any]]:
    """Shade the correlations of the first members, and of what stands above, last."""
    shown = [*range(min(len(view.members), SHADED)), len(view.members)]
    names = [*(node.name for node in view.members), whole_name(view)]
    codes = [*(node.code for node in view.members), view.parent.code if view.parent else ""]
    members = view.group.members
    flags = np.zeros(view.pearson.shape, dtype=np.int64)
    flags[:-1, :-1] = view.coherence.scored.flags[np.ix_(members, members)]
    return [
        {
            "number": number if a < len(members) else "Σ",
            "name": names[a],
            "cells": [
                _heat_cell(view.pearson[a, b], FLAGS[flags[a, b]], is_own=a == b)
                | {"pair": urlencode({"a": codes[a], "b": codes[b]}) if codes[a] else ""}
                for b in shown
            ],
        }
        for number, a in enumerate(shown, start=1)
    ]


def _heat_cell(r: float, flag: str, *, is_own: bool) -> dict[str, Any]:
    shade = 0 if np.isnan(r) else min(SHADES, int(abs(r) * SHADES + 0.5))
    return {
        "text": "–" if is_own else signed(r, 2, plus=False),
        "shade": "" if is_own or not shade else f"heat-{'down-' if r < 0 else ''}{shade}",
        "flag": flag,
    }


def _components(view: GroupView) -> list[dict[str, str]]:
    """Name each component down to the last that is kept, and one more."""
    found = view.group.components
    rows = []
    for at, value in enumerate(found.eigenvalues[: found.kept + 1]):
        running = found.eigenvalues[: at + 1].sum() / len(found.eigenvalues)
        rows.append(
            {
                "number": str(at + 1),
                "eigenvalue": signed(value, 3, plus=False),
                "share": percent(value / len(found.eigenvalues)),
                "running": percent(running),
            }
        )
    return rows


def _group(coherence: Coherence, group: Group) -> dict[str, Any]:
    node = coherence.nodes[group.parent] if group.parent >= 0 else None
    flags = coherence.scored.flags[np.ix_(group.members, group.members)]
    return {
        "node": node,
        "name": node.name if node else _("Composite score"),
        "depth": node.depth + 1 if node else 1,
        "members": len(group.members),
        "alpha": signed(group.consistency.alpha, 2, plus=False),
        "standardised": signed(group.consistency.standardised, 2, plus=False),
        "first_share": percent(group.components.first_share, 0),
        "kept": group.components.kept,
        "mean": signed(group.mean, 2, plus=False),
        "lowest": signed(group.lowest, 2, plus=False),
        "counts": [int(np.triu(flags == FLAGS.index(flag), 1).sum()) for flag in FLAGS[1:4]],
    }


def _availability(coherence: Coherence) -> dict[str, Any]:
    """Say who lacks most; nobody where all values are there."""
    found, cities = coherence.scored.units, coherence.subject.cities
    order = np.argsort(found.available, kind="stable")[:LACKING]
    lacking = [int(at) for at in order if found.available[at] < 1]
    cities.load(lacking)
    return {
        "missing": int((~np.isfinite(coherence.scored.raw)).sum()),
        "share": percent(float(np.isnan(coherence.scored.raw).mean()), 2),
        "units": [
            {
                "city": cities[at],
                "count": int(found.count[at]),
                "available": percent(found.available[at]),
                "weight": percent(found.weight[at]),
            }
            for at in lacking
        ],
        "indicators": [
            {"node": coherence.nodes[int(coherence.tree.leaves[at])], "available": percent(available)}
            for at, available in _scarcest(coherence)
        ],
    }


def _scarcest(coherence: Coherence) -> Iterator[tuple[int, float]]:
    available = coherence.scored.indicators.available
    for at in np.argsort(available, kind="stable")[:LACKING].tolist():
        if available[at] < 1:
            yield at, float(available[at])
