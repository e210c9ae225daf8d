"""Every unit dropped once: who changes places among the others."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.charts.studies import Amount
from indexer.enums import StudyKind
from indexer.models import Register, Study
from indexer.numeric.studies.blocks import Tally, pack_arrays
from indexer.numeric.studies.plans import DroppedPlan
from indexer.selectors.data_sets import normalise_raw_data, raw_data_of, with_what_it_asks_for
from indexer.selectors.studies import StudyResult
from indexer.studies.base import Base
from indexer.studies.kind import Drawings, FixedKind, Planned, Result, StudyFigure
from indexer.studies.questions import Question
from indexer.studies.rank_figures import ROWS, amounts_figure
from indexer.studies.words import signed_places
from weighting.exceptions import Refused
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import global_weights

FEWEST = 3


class Dropped(FixedKind):
    """Who changes places when a unit leaves the sample?"""

    code = StudyKind.DROPPED.value
    is_ranked = False
    is_paired = False
    is_repeatable = False

    def label(self, register: Register) -> str:
        return _("Drop one %(unit)s") % {"unit": register.unit}

    def question(self, register: Register) -> str:
        return _("Who changes places when one %(unit)s leaves the sample?") % {"unit": register.unit}

    def cases_word(self, register: Register) -> str:
        return capfirst(register.units)

    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        return False

    def plan(self, base: Base, question: Question) -> Planned:
        units, method = len(base.city_ids), base.run.method
        if units < FEWEST:
            words = {"units": base.data_set.series.register.units}
            raise Refused(_("With fewer than three %(units)s no order is left to change.") % words)
        plan = DroppedPlan(
            units,
            global_weights(base.tree, base.index.local)[base.tree.leaves],
            _rows_normaliser(base),
            aggregation=method.aggregation,
            tree=base.tree if base.index.has_missing or base.run.method.is_table else None,
            steps=base.index.formed if base.run.method.is_table else None,
        )
        return Planned(base, question, plan, units)

    def result(self, planned: Planned, tally: Tally) -> Result:
        shifts, possible = tally["shifts_without"], tally["possible"]
        others = len(shifts) - 1
        movers = (shifts != 0).sum(axis=0)
        table = {
            "nominal": planned.base.index.nominal_ranks,
            "shifts_without": shifts,
            "possible": possible,
            "movers": movers,
            "r_s": np.abs(shifts).sum(axis=0) / others,
        }
        impossible = int((possible == 0).sum())
        summary = {"impossible": impossible, "others": others, "most_movers": int(movers.max())}
        return Result(None, pack_arrays(table), summary)

    def columns(self, register: Register) -> dict[str, str]:
        return {
            "nominal": _("Nominal rank"),
            "movers": _("%(units)s that move") % {"units": capfirst(register.units)},
            "r_s": _("Mean rank shift, places"),
        }

    def statistics(self, study: Study, register: Register) -> list[dict[str, str]]:
        leaving = _("%(units)s that leave, one at a time") % {"units": capfirst(register.units)}
        return [
            {"label": leaving, "value": str(study.draws)},
            {"label": _("Most that change places"), "value": str(study.summary["most_movers"])},
            {"label": _("Cannot leave"), "value": str(study.summary["impossible"])},
        ]

    def finding(self, result: StudyResult, nodes: list[Indicator]) -> str:
        movers, register = result.figures["movers"], result.cities.register
        most = int(movers.argmax())
        if not movers[most]:
            return _("No %(unit)s that leaves changes the order of the others") % {"unit": register.unit}
        return _("When %(city)s leaves, %(count)s of the other %(others)s %(units)s change places") % {
            "city": result.cities[most].name,
            "count": int(movers[most]),
            "others": result.study.summary["others"],
            "units": register.units,
        }

    def drawings(self, result: StudyResult, nodes: list[Indicator]) -> Drawings:
        return {"movers": lambda: _movers_figure(result, self.source_of(result.study))}

    def left_out(self, study: Study) -> list[str]:
        return []

    def cases(self, result: StudyResult, nodes: list[Indicator]) -> list[dict[str, Any]] | None:
        figures = result.figures
        return [
            {"case": city.own_name, "unit_code": city.code, "r_s": float(r_s), "movers": int(movers)}
            for city, r_s, movers in zip(result.cities, figures["r_s"], figures["movers"], strict=True)
        ]


def _rows_normaliser(base: Base) -> Callable[[IntArray], FloatArray]:
    """Return what normalises some of the units as if there were no others, without a query."""
    method = base.run.method
    raw = with_what_it_asks_for(raw_data_of(base.data_set, base.structure), base.data_set, method)
    # Names for messages that nobody reads: the whole data set has been normalised.
    named = replace(raw, units=[""] * len(raw.values))
    if base.rows is None:
        return lambda rows: normalise_raw_data(named.of_rows(rows), method).values
    # Whoever has no score stays in the sample that the others are normalised by.
    ranked, unranked = base.rows, np.setdiff1d(np.arange(len(raw.values)), base.rows)

    def of_ranked(rows: IntArray) -> FloatArray:
        sample = np.sort(np.concatenate([ranked[rows], unranked]))
        values = normalise_raw_data(named.of_rows(sample), method).values
        return values[np.searchsorted(sample, ranked[rows])]

    return of_ranked


def _movers_figure(result: StudyResult, source: str) -> StudyFigure:
    figures, register = result.figures, result.cities.register
    order = np.lexsort((figures["nominal"], -figures["movers"])).tolist()
    rows = [Amount(result.cities[p].name, float(figures["movers"][p])) for p in order[:ROWS]]
    said = {"unit": capfirst(register.unit), "units": capfirst(register.units)}
    heads = [
        _("%(unit)s that leaves") % said,
        _("Nominal rank"),
        _("%(units)s that move") % said,
        _("Mean rank shift, places"),
        _("Moves most"),
    ]
    table: list[list[object]] = [
        [
            result.cities[p].name,
            int(figures["nominal"][p]),
            int(figures["movers"][p]),
            f"{figures['r_s'][p]:.3f}",
            _mover(result, p),
        ]
        for p in order[:ROWS]
    ]
    words = {"count": int((figures["movers"] > 0).sum()), "units": register.units, "unit": register.unit}
    title = _("%(count)s %(units)s change the order of others by leaving") % words
    subtitle = _(
        "%(units)s that change places among those that remain when this one leaves; the %(count)s largest"
    ) % (words | {"count": len(rows)})
    unit = _("%(units)s that change places") % words
    return amounts_figure(rows, table, heads, words=(title, subtitle, source, unit), texts=(4,))


def _mover(result: StudyResult, dropped: int) -> str:
    """Name the unit that moves furthest when another leaves, and by how much."""
    moved = result.figures["shifts_without"][:, dropped]
    mover = int(np.abs(moved).argmax())
    return f"{result.cities[mover].name} {signed_places(int(moved[mover]))}" if moved[mover] else "–"
