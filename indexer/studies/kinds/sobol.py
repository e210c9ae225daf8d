"""How much of the variance of an output each group of weights accounts for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.charts import studies as charts
from indexer.enums import StudyKind
from indexer.models import Register, Study
from indexer.numeric.studies.blocks import Tally, pack_arrays
from indexer.numeric.studies.plans import SobolPlan
from indexer.numeric.studies.sobol import sobol_indices
from indexer.selectors.cities import cities_of_run, city_named
from indexer.selectors.studies import StudyResult
from indexer.studies.base import Base
from indexer.studies.fields import Fields, draws_fields
from indexer.studies.kind import Drawings, Kind, Planned, Result, StudyFigure, Words
from indexer.studies.questions import Question, Reader
from indexer.studies.rank_figures import ROWS
from indexer.studies.weights import ANY, AROUND, WeightChoice, seeded
from indexer.studies.words import group_name, percent
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray

WEIGHTS = WeightChoice((*AROUND, ANY))
SHIFT, RANK, SCORE = "shift", "rank", "score"
OUTPUTS = (SHIFT, RANK, SCORE)
# Every sample is kept until the end, one number for each group of weights.
MOST_SAMPLES = 131_072
SAMPLES = 4000


@dataclass(frozen=True)
class FigureWords:
    """What a figure says of its inputs; the title takes their share and the output."""

    title: str
    subtitle: str
    head: str


class Sobol(Kind):
    """Which group of weights makes the ranking uncertain?"""

    code = StudyKind.SOBOL.value
    is_ranked = False
    is_paired = False
    is_repeatable = False
    draws_range = (2, MOST_SAMPLES)

    def question(self, register: Register) -> str:
        return _("Which group of weights makes the ranking uncertain?")

    def cases_word(self, register: Register) -> str:
        return _("Samples")

    def fields(self, register: Register) -> Fields:
        return (
            output_fields(register, OUTPUTS)
            | WEIGHTS.fields()
            | draws_fields(label=_("Samples"), initial=SAMPLES)
        )

    def read(self, base: Base, reader: Reader) -> dict[str, Any]:
        return WEIGHTS.read(reader) | read_output(base, reader, OUTPUTS)

    def is_drawn(self, parameters: Mapping[str, Any]) -> bool:
        return True

    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        return WEIGHTS.rests_on_ballots(parameters)

    def plan(self, base: Base, question: Question) -> Planned:
        asked = question.parameters
        draws = seeded(WEIGHTS.chosen(asked), base, asked, draws=question.draws, seed=question.seed)
        city = asked.get("city")
        place = None if city is None else base.city_ids.index(city)
        plan = SobolPlan(base.index, draws, city=place, of_score=asked["output"] == SCORE)
        return Planned(base, question, plan, question.draws, plan)

    def result(self, planned: Planned, tally: Tally) -> Result:
        groups = planned.base.tree.groups
        heads = np.array([group[0] for group in groups])
        sizes = np.array([len(group) for group in groups])
        return indices_result(planned, tally, heads=heads, sizes=sizes)

    def parameter_words(
        self, parameters: Mapping[str, Any], units: Mapping[int, str], register: Register
    ) -> Words:
        return [*WEIGHTS.words(parameters), *output_words(parameters, units, register)]

    def units_in(self, parameters: Mapping[str, Any]) -> list[int]:
        return [parameters["city"]] if parameters.get("city") is not None else []

    def columns(self, register: Register) -> dict[str, str]:
        return {}

    def statistics(self, study: Study, register: Register) -> list[dict[str, str]]:
        summary = study.summary
        return [
            {"label": _("Samples"), "value": f"{study.draws:,}"},
            {"label": _("Variance of the output"), "value": f"{summary['variance']:.4g}"},
            {"label": _("Interactions"), "value": f"{100 * summary['interactions']:.0f}", "unit": "%"},
            {
                "label": _("Converged"),
                "value": _("yes") if summary["converged"] else _("no"),
                "note": "" if summary["converged"] else _("Ask again with more samples."),
            },
        ]

    def input_name(self, study: Study, figures: Mapping[str, Any], nodes: list[Indicator], place: int) -> str:
        """Name an input."""
        return group_name(nodes, int(figures["heads"][place]))

    def finding_words(self) -> str:
        """Return the sentence of the finding, with its group, share and output to fill in."""
        return _("The weights of %(group)s account for %(share)s of the variance of %(output)s")

    def finding(self, result: StudyResult, nodes: list[Indicator]) -> str:
        figures = result.figures
        most = int(figures["total"].argmax())
        return self.finding_words() % {
            "group": self.input_name(result.study, figures, nodes, most),
            "share": percent(float(np.clip(figures["total"][most], 0, 1))),
            "output": _output_of(result),
        }

    def drawings(self, result: StudyResult, nodes: list[Indicator]) -> Drawings:
        names = [
            self.input_name(result.study, result.figures, nodes, position)
            for position in range(len(result.figures["heads"]))
        ]
        words = self.figure_words()
        return {"sobol": lambda: _sobol_figure(result, names, words, self.source_of(result.study))}

    def figure_words(self) -> FigureWords:
        """Return what the figure says of its inputs."""
        return FigureWords(
            title=_("Alone, the groups account for %(share)s of the variance of %(output)s"),
            subtitle=_("Sobol indices of the weights of each group of siblings, with intervals of 95 %"),
            head=_("Group of weights"),
        )

    def left_out(self, study: Study) -> list[str]:
        return []

    def cases(self, result: StudyResult, nodes: list[Indicator]) -> list[dict[str, Any]] | None:
        figures, rows = result.figures, []
        for position, head in enumerate(figures["heads"]):
            row: dict[str, Any] = {"case": self.case_code(result.study, nodes, int(head), position)}
            for name in ("first", "total"):
                low, high = figures[f"{name}_interval"][position].tolist()
                row |= {name: float(figures[name][position]), f"{name}_low": low, f"{name}_high": high}
            rows.append({**row, "converged": bool(figures["converged"][position])})
        return rows

    def case_code(self, study: Study, nodes: list[Indicator], head: int, place: int) -> str:
        """Name an input for the API: a group of weights by its parent's code."""
        parent = nodes[head].parent
        return parent.code if parent else ""


def output_fields(register: Register, outputs: Sequence[str]) -> Fields:
    """Return the fields of what is to be explained."""
    said = {"unit": register.unit, "units": register.units}
    offers = {
        SHIFT: _("The mean rank shift of all %(units)s") % said,
        RANK: _("The rank of one %(unit)s") % said,
        SCORE: _("The score of one %(unit)s") % said,
    }
    return {
        "output": forms.ChoiceField(
            label=_("What is to be explained"),
            choices=[(output, offers[output]) for output in outputs],
            initial=SHIFT,
            widget=forms.RadioSelect,
        ),
        "city": forms.CharField(
            label=capfirst(register.unit),
            help_text=_("In either language; for a rank or a score."),
            required=False,
        ),
    }


def read_output(base: Base, reader: Reader, outputs: Sequence[str]) -> dict[str, Any]:
    """Return what is to be explained as it was sent."""
    output = reader.choice("output", outputs)
    if output == SHIFT:
        return {"output": output}
    name = str(reader.sent.get("city") or "").strip()
    city = city_named(cities_of_run(base.run), name)
    if city is None:
        reader.complain("city", _unknown(name, reader.register))
    return {"output": output, "city": city.pk if city else None}


def output_words(parameters: Mapping[str, Any], units: Mapping[int, str], register: Register) -> Words:
    """Say what is explained."""
    named = [units[parameters["city"]]] if parameters.get("city") is not None else []
    return [(_("Output"), _(": ").join([_output_words(parameters["output"], register), *named]))]


def indices_result(planned: Planned, tally: Tally, *, heads: IntArray, sizes: IntArray) -> Result:
    """Return the indices of a design's inputs, with intervals and whether they converged.

    ``heads``, (groups,), are the first nodes of groups of weights, ``sizes`` how many siblings each has.
    """
    outputs = tally["outputs"]
    indices = sobol_indices(outputs[0], outputs[1], outputs[2:], rng=planned.detail.rng)
    together = outputs[:2]
    table: Tally = {
        "first": indices.first,
        "total": indices.total,
        "first_interval": indices.first_interval,
        "total_interval": indices.total_interval,
        "converged": indices.converged.astype(np.int64),
        "heads": heads,
        "sizes": sizes,
    }
    summary = {
        "mean": float(together.mean()),
        "variance": float(together.var()),
        "converged": bool(indices.converged.all()),
        "interactions": float(1 - indices.first.sum()),
    }
    return Result(None, pack_arrays(table), summary)


def _unknown(name: str, register: Register) -> str:
    if not name:
        return _("Name the %(unit)s whose rank or score is studied.") % {"unit": register.unit}
    return _("“%(value)s” is no %(unit)s of this data set.") % {"value": name, "unit": register.unit}


def _output_words(output: str, register: Register) -> str:
    said = {"unit": register.unit}
    return {
        SHIFT: _("the mean rank shift"),
        RANK: _("the rank of one %(unit)s") % said,
        SCORE: _("the score of one %(unit)s") % said,
    }[output]


def _output_of(result: StudyResult) -> str:
    """Name the output of a study in a sentence, its unit by name."""
    asked = result.study.parameters
    if asked.get("city") is None:
        return _output_words(asked["output"], result.cities.register)
    city = {"city": result.cities[result.cities.ids.index(asked["city"])].name}
    return _("the rank of %(city)s") % city if asked["output"] == RANK else _("the score of %(city)s") % city


def _sobol_figure(result: StudyResult, names: list[str], words: FigureWords, source: str) -> StudyFigure:
    figures = result.figures
    shown = [g for g in np.argsort(-figures["total"], kind="stable").tolist() if figures["sizes"][g] > 1]
    alone, together = _("first order (alone)"), _("total order (with interactions)")
    rows = []
    for g in shown[:ROWS]:
        name = names[g]
        for part, kind in ((alone, "first"), (together, "total")):
            low, high = figures[f"{kind}_interval"][g].tolist()
            rows.append(charts.Amount(name, float(figures[kind][g]), low, high, part))
    title = words.title % {
        "share": percent(float(np.clip(figures["first"].sum(), 0, 1))),
        "output": _output_of(result),
    }
    heads = [words.head, _("First order"), "95 %", _("Total order"), "95 %", _("Converged")]
    table = [
        [
            names[g],
            f"{figures['first'][g]:.3f}",
            _interval(figures["first_interval"][g]),
            f"{figures['total'][g]:.3f}",
            _interval(figures["total_interval"][g]),
            _("yes") if figures["converged"][g] else _("no: take more samples"),
        ]
        for g in shown
    ]
    spec = charts.sobol_chart(rows, title=title, subtitle=words.subtitle, source=source)
    return StudyFigure(title, words.subtitle, spec, table, heads, texts=(5,))


def _interval(limits: FloatArray) -> str:
    return f"{limits[0]:.3f} – {limits[1]:.3f}"
