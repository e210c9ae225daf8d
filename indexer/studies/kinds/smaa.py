"""Any weights within bounds and an order: who is k-th how often, and under which weights."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.charts import studies as charts
from indexer.enums import StudyKind
from indexer.models import Register
from indexer.numeric.scores.index import ranks_in_parts
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.plans import RankPlan
from indexer.numeric.studies.tallies import central_weights
from indexer.numeric.studies.uncertainty import SeededDraws
from indexer.selectors.studies import StudyResult
from indexer.studies.base import Base
from indexer.studies.fields import Fields, draws_fields
from indexer.studies.kind import Drawings, Planned, StudyFigure, Words
from indexer.studies.questions import MOST_DRAWS, Question, Reader
from indexer.studies.rank_figures import ROWS
from indexer.studies.ranked import RankedKind
from indexer.studies.words import percent
from weighting.models import Indicator
from weighting.numeric.constrained import ConstraintError, ConstraintFault, constrain_weights
from weighting.selectors.frameworks import sub_indices_of

# Bands of ranks in which acceptability is stacked: up to and with each.
BANDS = (1, 2, 3, 10, 50)


class Smaa(RankedKind):
    """How often is each unit k-th under any weights, and which weights favour it?"""

    code = StudyKind.SMAA.value
    is_paired = True
    is_repeatable = False
    draws_range = (1, MOST_DRAWS)

    def question(self, register: Register) -> str:
        said = {"unit": register.unit}
        return _("How often is each %(unit)s k-th under any weights, and which weights favour it?") % said

    def fields(self, register: Register) -> Fields:
        own: Fields = {
            "bounds": forms.CharField(
                label=_("Bounds"),
                help_text=_(
                    "One line for each weight that is bounded: its code, the least and the most local "
                    "weight, such as “code 0.2 0.4”. Empty: any weights."
                ),
                widget=forms.Textarea(attrs={"rows": 3}),
                required=False,
            ),
            "order": forms.CharField(
                label=_("Order"),
                help_text=_(
                    "One line for each group: codes of siblings, the heaviest first, with > between."
                ),
                widget=forms.Textarea(attrs={"rows": 2}),
                required=False,
            ),
        }
        return own | draws_fields()

    def read(self, base: Base, reader: Reader) -> dict[str, Any]:
        """Check bounds and order by making what they are for."""
        bounds, order = _sent_bounds(reader), _sent_order(reader)
        if not reader.problems:
            try:
                constrain_weights(base.tree, _pairs_of(bounds), order)
            except ConstraintError as error:
                for fault in error.faults:
                    reader.complain(*_constraint_words(fault))
        return {"bounds": dict(sorted(bounds.items())), "order": order}

    def is_drawn(self, parameters: Mapping[str, Any]) -> bool:
        return True

    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        return False

    def plan(self, base: Base, question: Question) -> Planned:
        asked = question.parameters
        if question.seed is None:
            raise ValueError("a study by draws has a seed")
        source = constrain_weights(base.tree, _pairs_of(asked["bounds"]), asked["order"])
        draws = SeededDraws(source, question.draws, question.seed)
        return Planned(base, question, RankPlan([base.index], draws, with_central=True), question.draws)

    def own_result(self, planned: Planned, tally: Tally) -> tuple[Tally, dict[str, Any]]:
        """Return the mean weights that put each unit first, and its rank under just these."""
        means, ever = central_weights(tally)
        ranks = np.zeros(len(ever), dtype=np.int64)
        firsts = np.flatnonzero(ever)
        if len(firsts):
            start = 0
            for under in ranks_in_parts(planned.base.index, means[firsts].T):
                part = firsts[start : start + len(under)]
                ranks[part] = under[np.arange(len(part)), part]
                start += len(part)
        return {"central": means, "central_rank": ranks}, {}

    def parameter_words(
        self, parameters: Mapping[str, Any], units: Mapping[int, str], register: Register
    ) -> Words:
        words = []
        if parameters["bounds"]:
            bounds = (f"{code} {low:g}–{high:g}" for code, (low, high) in parameters["bounds"].items())
            words.append((_("Bounds of the weights"), _(", ").join(bounds)))
        if parameters["order"]:
            orders = (" > ".join(codes) for codes in parameters["order"])
            words.append((_("Order of the weights"), _("; ").join(orders)))
        return words

    def finding(self, result: StudyResult, nodes: list[Indicator]) -> str:
        shares = result.figures["top1"]
        leader, sharing = int(shares.argmax()), int((shares == shares.max()).sum())
        city = result.cities[leader].name
        if sharing > 1:
            city = _("%(city)s and %(others)s more") % {"city": city, "others": sharing - 1}
        return _("First under %(share)s of the weights: %(city)s") % {
            "city": city,
            "share": percent(shares[leader]),
        }

    def own_drawings(
        self, result: StudyResult, nodes: list[Indicator], source: str
    ) -> tuple[Drawings, Drawings]:
        own: Drawings = {
            "acceptability": lambda: _acceptability_figure(result, source),
            "central": lambda: _central_table(result, nodes),
        }
        return {}, own


def read_bounds(text: str) -> dict[str, list[str]]:
    """Read lines of "code least most"; what is not a number is complained about later."""
    rows = [re.split(r"[\s,;:]+", line.strip()) for line in text.splitlines() if line.strip()]
    return {row[0]: row[1:] for row in rows}


def read_order(text: str) -> list[list[str]]:
    """Read lines of "code > code > code", the heaviest first."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [[code.strip() for code in re.split(r"[>,;]", line) if code.strip()] for line in lines]


def _sent_bounds(reader: Reader) -> dict[str, list[float]]:
    sent = reader.sent.get("bounds") or {}
    bounds: dict[str, list[float]] = {}
    said = read_bounds(sent) if isinstance(sent, str) else sent
    if not isinstance(said, Mapping):
        text = _("“%(value)s” names no bounds: give two numbers for each code.") % {"value": sent}
        reader.complain("bounds", text)
        return {}
    for code, limits in said.items():
        try:
            low, high = map(float, limits)
        except (TypeError, ValueError, OverflowError):
            text = _("“%(code)s” needs two numbers: the least and the most.") % {"code": code}
            reader.complain("bounds", text)
        else:
            bounds[str(code)] = [low, high]
    return bounds


def _sent_order(reader: Reader) -> list[list[str]]:
    sent = reader.sent.get("order")
    groups = read_order(sent) if isinstance(sent, str) else reader.entries("order")
    for group in groups:
        if not isinstance(group, list):
            reader.complain("order", _("“%(value)s” is not a list of codes.") % {"value": group})
    return [[str(code) for code in group] for group in groups if isinstance(group, list)]


def _pairs_of(bounds: Mapping[str, list[float]]) -> dict[str, tuple[float, float]]:
    return {code: (low, high) for code, (low, high) in bounds.items()}


def _constraint_words(fault: ConstraintFault) -> tuple[str, str]:
    """Return the parameter that a fault is about, and what to do."""
    words = {"codes": _(", ").join(fault.codes), "low": f"{fault.low:g}", "high": f"{fault.high:g}"}
    match fault.kind:
        case "unknown":
            return "bounds", _("The framework has no indicator %(codes)s. Correct the code.") % words
        case "interval":
            text = _("%(codes)s: %(low)s to %(high)s lies outside 0 to 1, or falls. Correct the bounds.")
            return "bounds", text % words
        case "sum":
            text = _(
                "%(codes)s: the bounds sum to %(low)s and %(high)s, so that no weights sum to 1. Widen them."
            )
            return "bounds", text % words
        case "repeated":
            return "order", _("%(codes)s: an indicator stands in an order twice. Name it once.") % words
        case "groups":
            text = _("%(codes)s: these are not siblings. An order compares members of one group.")
            return "order", text % words
    return "bounds", _("%(codes)s: the bounds leave too little to draw from. Widen them.") % words


def _acceptability_figure(result: StudyResult, source: str) -> StudyFigure:
    """Stack the bands of ranks of the units that are ever first, the most often first on top."""
    firsts = result.figures["top1"]
    register = result.cities.register
    order = np.lexsort((result.figures["nominal"], -firsts))[:ROWS]
    histogram = result.counted(order)
    edges = [0, *(band for band in BANDS if band < len(firsts)), len(firsts)]
    bands = [(low, high) for low, high in pairwise(edges) if low < high]
    names = [f"{low + 1}" if low + 1 == high else f"{low + 1}–{high}" for low, high in bands]
    counts = np.stack([histogram[:, low:high].sum(axis=1) for low, high in bands], axis=1)
    shares = counts / histogram.sum(axis=1, keepdims=True)
    rows = [
        charts.Amount(result.cities[p].name, float(100 * share), part=name)
        for p, line in zip(order.tolist(), shares, strict=True)
        for name, share in zip(names, line, strict=True)
    ]
    said = {"count": int((firsts > 0).sum()), "total": len(firsts), "units": register.units}
    title = _("%(count)s of %(total)s %(units)s are first under some weights") % said
    subtitle = _(
        "rank acceptability: %% of the weights under which each %(unit)s has a rank of each band"
    ) % {"unit": register.unit}
    heads = [capfirst(register.unit), *names]
    table = [
        [result.cities[p].name, *(f"{100 * share:.2f}" for share in line)]
        for p, line in zip(order.tolist(), shares, strict=True)
    ]
    spec = charts.acceptability_chart(
        rows, unit_word=register.unit, title=title, subtitle=subtitle, source=source
    )
    return StudyFigure(title, subtitle, spec, table, heads)


def _central_table(result: StudyResult, nodes: list[Indicator]) -> StudyFigure:
    """List the weights of the sub-indices that favour each unit which is ever first; no drawing."""
    central, firsts = result.figures["central"], result.figures["top1"]
    said = {"unit": result.cities.register.unit}
    tops = sub_indices_of(nodes)
    order = [p for p in np.argsort(-firsts, kind="stable").tolist() if firsts[p] > 0][:ROWS]
    heads = [
        capfirst(said["unit"]),
        _("First in % of the weights"),
        *(node.name for node in tops),
        _("Rank under these"),
    ]
    table: list[list[object]] = [
        [
            result.cities[p].name,
            f"{100 * firsts[p]:.2f}",
            *(f"{100 * central[p, node.position]:.1f}" for node in tops),
            int(result.figures["central_rank"][p]),
        ]
        for p in order
    ]
    return StudyFigure(
        _("The weights that favour each %(unit)s") % said,
        _("central weights: mean weights of the sub-indices, %%, under which the %(unit)s is first") % said,
        None,
        table,
        heads,
    )
