"""Every indicator, or every branch, left out once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.charts.studies import Amount
from indexer.enums import StudyKind
from indexer.models import Register
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.plans import LeftOutPlan
from indexer.selectors.studies import StudyResult
from indexer.studies.base import Base
from indexer.studies.fields import Fields
from indexer.studies.kind import Drawings, Planned, StudyFigure, Words
from indexer.studies.questions import Question, Reader
from indexer.studies.rank_figures import ROWS, amounts_figure
from indexer.studies.ranked import RankedKind
from indexer.studies.words import signed_places
from weighting.exceptions import Refused
from weighting.models import Indicator
from weighting.numeric.arrays import IntArray
from weighting.numeric.tree import NO_PARENT, Tree
from weighting.selectors.frameworks import distinct_names

LEAVES, BRANCHES = "leaves", "branches"


class LeftOut(RankedKind):
    """What does each indicator, or each branch, do to the order?"""

    code = StudyKind.LEFT_OUT.value
    is_paired = False
    is_repeatable = False
    draws_range = (1, 1)

    def question(self, register: Register) -> str:
        return _("What does each indicator, or each branch, do to the order?")

    def cases_word(self, register: Register) -> str:
        return _("Cases")

    def fields(self, register: Register) -> Fields:
        return {
            "nodes": forms.ChoiceField(
                label=_("What is left out"),
                choices=[
                    (LEAVES, _("Each indicator in turn")),
                    (BRANCHES, _("Each branch in turn, with all below it")),
                ],
                initial=LEAVES,
                widget=forms.RadioSelect,
            )
        }

    def read(self, base: Base, reader: Reader) -> dict[str, Any]:
        return {"nodes": reader.choice("nodes", (LEAVES, BRANCHES))}

    def is_drawn(self, parameters: Mapping[str, Any]) -> bool:
        return False

    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        return False

    def plan(self, base: Base, question: Question) -> Planned:
        nodes = nodes_to_leave_out(base.tree, question.parameters["nodes"])
        if not len(nodes):
            raise Refused(_("Nothing would remain of the index: there is nothing to leave out."))
        return Planned(base, question, LeftOutPlan(base.index, nodes), len(nodes), nodes)

    def own_result(self, planned: Planned, tally: Tally) -> tuple[Tally, dict[str, Any]]:
        return {"cases": tally["ranks"], "case_nodes": planned.detail}, {}

    def parameter_words(
        self, parameters: Mapping[str, Any], units: Mapping[int, str], register: Register
    ) -> Words:
        said = _("each leaf") if parameters["nodes"] == LEAVES else _("each branch")
        return [(_("Left out"), said)]

    def finding(self, result: StudyResult, nodes: list[Indicator]) -> str:
        shifts = np.abs(_moves(result)).mean(axis=0)
        most = int(shifts.argmax())
        if not shifts[most]:
            return _nobody_moves(result)
        return _("Leaving out “%(name)s” moves the %(units)s most, by %(shift)s places on average") % {
            "name": nodes[result.figures["case_nodes"][most]].name,
            "units": result.cities.register.units,
            "shift": f"{shifts[most]:.2f}",
        }

    def own_drawings(
        self, result: StudyResult, nodes: list[Indicator], source: str
    ) -> tuple[Drawings, Drawings]:
        return {"left-out": lambda: _left_out_figure(result, nodes, source)}, {}

    def cases(self, result: StudyResult, nodes: list[Indicator]) -> list[dict[str, Any]] | None:
        shifts = np.abs(_moves(result))
        return [
            {"case": nodes[node].code, "r_s": float(column.mean()), "movers": int((column > 0).sum())}
            for node, column in zip(result.figures["case_nodes"], shifts.T, strict=True)
        ]


def nodes_to_leave_out(tree: Tree, which: str) -> IntArray:
    """Return the leaves, or the branches, without which something would remain, as positions, rising."""
    inner = np.setdiff1d(np.arange(len(tree)), tree.leaves)
    chosen = tree.leaves if which == LEAVES else inner
    alone = {int(group[0]) for group in tree.groups if len(group) == 1}
    return np.array([node for node in chosen if not _is_all(tree, int(node), alone)], dtype=np.int64)


def _is_all(tree: Tree, node: int, alone: set[int]) -> bool:
    """Tell whether a node is the whole index: an only child all the way up."""
    while node in alone:
        parent = int(tree.parents[node])
        if parent == NO_PARENT:
            return True
        node = parent
    return False


def _moves(result: StudyResult) -> IntArray:
    """Return the places that each unit loses in each case, (units, cases)."""
    moves: IntArray = result.figures["cases"] - result.figures["nominal"][:, np.newaxis]
    return moves


def _nobody_moves(result: StudyResult) -> str:
    return _("No %(unit)s changes its rank") % {"unit": result.cities.register.unit}


def _left_out_figure(result: StudyResult, nodes: list[Indicator], source: str) -> StudyFigure:
    moves, units = _moves(result), result.cities.register.units
    shifts = np.abs(moves)
    means = shifts.mean(axis=0)
    order = np.argsort(-means, kind="stable").tolist()
    left = [nodes[node] for node in result.figures["case_nodes"]]
    names = distinct_names(nodes)
    rows = [Amount(names[left[case].code], float(means[case])) for case in order[:ROWS]]
    heads = [
        _("Left out"),
        _("Part of"),
        _("Mean rank shift, places"),
        _("%(units)s that move") % {"units": capfirst(units)},
        _("Moves most"),
        _("Places"),
    ]
    table: list[list[object]] = []
    for case in order:
        mover, parent = int(shifts[:, case].argmax()), left[case].parent
        table.append(
            [
                left[case].name,
                parent.name if parent else "–",
                f"{means[case]:.3f}",
                int((shifts[:, case] > 0).sum()),
                result.cities[mover].name if moves[mover, case] else "–",
                signed_places(-int(moves[mover, case])),
            ]
        )
    subtitle = _("mean rank shift when the indicator is left out, in places; the %(count)s largest")
    words = (
        _("“%(name)s” carries most of the order") % {"name": rows[0].name}
        if means.any()
        else _nobody_moves(result),
        subtitle % {"count": len(rows)},
        source,
        _("mean rank shift, places"),
    )
    return amounts_figure(rows, table, heads, words=words, left=2, texts=(4,))
