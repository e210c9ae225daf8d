"""The whole audit of an index: how important every node is, how sure that is, and the order without it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indexer import charts
from indexer.enums import StudyKind
from indexer.models import Register, Study
from indexer.numeric.coherence.audit_plan import AuditPlan
from indexer.numeric.coherence.importance import shares_of
from indexer.numeric.studies.blocks import Tally, pack_arrays
from indexer.selectors.coherence import coherence_of
from indexer.selectors.studies import StudyResult
from indexer.studies.base import Base
from indexer.studies.kind import Drawings, FixedKind, Planned, Result, StudyFigure
from indexer.studies.questions import Question
from indexer.studies.words import percent
from weighting.models import Indicator
from weighting.numeric.arrays import IntArray
from weighting.numeric.tree import NO_PARENT
from weighting.selectors.frameworks import distinct_names

DRAWN = 20
LINEAR, SMOOTH, LOW, HIGH, MOVED = range(5)


class WholeAudit(FixedKind):
    """How important is every indicator, and what becomes of the order without it?"""

    code = StudyKind.COHERENCE.value
    is_ranked = False
    is_paired = False
    is_repeatable = False

    def question(self, register: Register) -> str:
        return _("How important is every indicator, and what becomes of the order without it?")

    def cases_word(self, register: Register) -> str:
        return _("Cases")

    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        return False

    def plan(self, base: Base, question: Question) -> Planned:
        coherence = coherence_of(base.run)
        plan = AuditPlan(coherence.scored, coherence.index)
        return Planned(base, question, plan, len(plan.rows), plan)

    def result(self, planned: Planned, tally: Tally) -> Result:
        plan: AuditPlan = planned.detail
        weights = np.concatenate([each.weights for each in plan.scored.weighed])
        table = {"audited": tally["audited"], "rows": plan.rows, "weights": weights}
        summary = {
            "nodes": len(plan.scored.tree),
            "without_interval": int(np.isnan(tally["audited"][LOW]).sum()),
            "most_moved": float(np.nanmax(tally["audited"][MOVED], initial=0.0)),
        }
        return Result(None, pack_arrays(table), summary)

    def columns(self, register: Register) -> dict[str, str]:
        return {}

    def statistics(self, study: Study, register: Register) -> list[dict[str, str]]:
        summary = study.summary
        return [
            {"label": _("Indicators"), "value": str(summary["nodes"])},
            {
                "label": _("Most places moved"),
                "value": _number(summary["most_moved"], 2),
                "note": _("on average, without one indicator"),
            },
            {"label": _("Without an interval"), "value": str(summary["without_interval"])},
        ]

    def finding(self, result: StudyResult, nodes: list[Indicator]) -> str:
        moved, rows = result.figures["audited"][MOVED], result.figures["rows"]
        if np.isnan(moved).all():
            return _("No indicator can be left out of this index")
        most = int(np.nanargmax(moved))
        if not moved[most]:
            return _("No %(unit)s changes its rank") % {"unit": result.cities.register.unit}
        return _("Leaving out “%(name)s” moves the %(units)s most, by %(shift)s places on average") % {
            "name": nodes[rows[most, 0]].name,
            "units": result.cities.register.units,
            "shift": f"{moved[most]:.2f}",
        }

    def drawings(self, result: StudyResult, nodes: list[Indicator]) -> Drawings:
        return {"importance": lambda: _figure(result, nodes, self.source_of(result.study))}

    def left_out(self, study: Study) -> list[str]:
        return []

    def cases(self, result: StudyResult, nodes: list[Indicator]) -> list[dict[str, Any]] | None:
        names = ("linear", "smooth", "low", "high", "moved")
        return [
            {
                "case": nodes[node].code,
                "of": nodes[whole].code if whole != NO_PARENT else "",
                "weight": float(weight),
                **{name: _known(cell) for name, cell in zip(names, column, strict=True)},
            }
            for (node, whole), weight, column in zip(
                result.figures["rows"].tolist(),
                result.figures["weights"],
                result.figures["audited"].T.tolist(),
                strict=True,
            )
        ]


def _known(cell: float) -> float | None:
    return None if np.isnan(cell) else cell


def _against_the_total(result: StudyResult) -> IntArray:
    """Return the rows of what stands against the total: the leaves, wherever they stand."""
    rows = result.figures["rows"]
    inner = np.unique(rows[:, 1])
    found: IntArray = np.flatnonzero((rows[:, 1] == NO_PARENT) & ~np.isin(rows[:, 0], inner))
    return found


def _figure(result: StudyResult, nodes: list[Indicator], source: str) -> StudyFigure:
    """Draw the indicators whose weight and importance for the total lie furthest apart."""
    chosen = _against_the_total(result)
    audited, weights = result.figures["audited"][:, chosen], result.figures["weights"][chosen]
    best = audited[LINEAR] if np.isnan(audited[SMOOTH]).all() else audited[SMOOTH]
    shares, names = shares_of(best), distinct_names(nodes)
    order = np.argsort(-np.abs(np.nan_to_num(shares) - weights), kind="stable")[:DRAWN].tolist()
    own = [nodes[node] for node in result.figures["rows"][chosen, 0].tolist()]
    scale = 100 / np.nansum(best) if np.nansum(best) > 0 else np.nan
    drawn = [
        charts.WeightAndImportance(
            names[own[at].code],
            100 * weights[at],
            100 * shares[at],
            audited[LOW, at] * scale,
            audited[HIGH, at] * scale,
        )
        for at in order
    ]
    title = _("%(name)s has %(weight)s of the weight and %(importance)s of the importance") % {
        "name": drawn[0].name,
        "weight": percent(float(weights[order[0]])),
        "importance": percent(float(np.nan_to_num(shares[order[0]]))),
    }
    subtitle = _(
        "weight beside importance for the whole, over its sum, in percent; the %(count)s furthest apart"
    ) % {"count": len(order)}
    moved = _moved(result)
    table: list[list[object]] = [
        [
            names[own[at].code],
            _number(100 * weights[at], 2),
            _number(100 * shares[at], 2),
            _number(audited[SMOOTH, at], 3),
            f"{audited[LOW, at]:.2f}–{audited[HIGH, at]:.2f}" if np.isfinite(audited[LOW, at]) else "–",
            _number(moved[own[at].position], 2),
        ]
        for at in order
    ]
    heads = [
        _("Indicator"),
        _("Weight, %"),
        _("Importance, %"),
        _("S, smooth line"),
        "90 %",
        _("Places moved without it"),
    ]
    spec = charts.dumbbell_chart(drawn, title=title, subtitle=subtitle, source=source)
    return StudyFigure(title, subtitle, spec, table, heads)


def _moved(result: StudyResult) -> dict[int, float]:
    """Return the places moved without each node, which stand beside what is right above it."""
    rows, moved = result.figures["rows"][:, 0].tolist(), result.figures["audited"][MOVED].tolist()
    found: dict[int, float] = {}
    for node, places in zip(rows, moved, strict=True):
        found[node] = found.get(node, places) if np.isnan(places) else places
    return found


def _number(value: float, digits: int) -> str:
    return "–" if np.isnan(value) else f"{value:.{digits}f}"
