"""How much of the variance of an output each choice of method accounts for, beside the weights."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
from django import forms
from django.utils.translation import gettext as _

from indexer.enums import Aggregation, Missing, Normalisation, Outliers, StudyKind
from indexer.job_words import failure_words, reason_names
from indexer.method_cells import CellFault, fault_words, parse_cell
from indexer.models import IndexMethod, Register, Study
from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.method.plan import plan_faults
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.index import Index
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.choices import ChoicePlan, FixedWeights, choice_need
from indexer.numeric.studies.uncertainty import SeededDraws
from indexer.selectors.plans import plan_of
from indexer.studies.base import Base
from indexer.studies.fields import Fields, draws_fields
from indexer.studies.kind import MemoryNeed, Planned, Result, Words
from indexer.studies.kinds.sobol import (
    RANK,
    SAMPLES,
    SHIFT,
    FigureWords,
    Sobol,
    indices_result,
    output_fields,
    output_words,
    read_output,
)
from indexer.studies.other_methods import changed_method, composite_fault, index_by
from indexer.studies.questions import Question, Reader
from indexer.studies.weights import ANY, AROUND, AS_THEY_ARE, WeightChoice, seeded
from indexer.studies.words import group_name, labels_of
from weighting.exceptions import Refused
from weighting.models import Indicator
from weighting.readers import CellError

WEIGHTS = WeightChoice((*AROUND, ANY, AS_THEY_ARE))
OUTPUTS = (SHIFT, RANK)
# The columns of the index that the form lists, with their values.
OF_INDEX: Mapping[str, Any] = {
    "normalisation": Normalisation,
    "imputation": Missing,
    "outliers": Outliers,
    "aggregation": Aggregation,
}
# Each combination is an index of its own, computed before anything is counted.
MOST_COMBINATIONS = 256
MOST_PROBLEMS = 10
# Commas as they are typed in Chinese.
COMMAS = str.maketrans({"，": ",", "、": ","})


@dataclass(frozen=True)
class Choice:
    """One input: a column of the index (no code), of an indicator or of a node, and its values."""

    code: str
    column: str
    values: tuple[Any, ...]

    def change(self, changes: dict[str, Any], value: Any, leaf_codes: set[str]) -> None:
        """Write a value of the choice into the changes of a method."""
        if not self.code:
            changes["missing" if self.column == "imputation" else self.column] = value
            return
        rows = changes["leaves" if self.code in leaf_codes else "nodes"]
        rows[self.code] = {**rows.get(self.code, {}), self.column: value}


class Choices(Sobol):
    """Which choice of method makes the ranking uncertain, and is it more than the weights?"""

    code = StudyKind.CHOICES.value

    def question(self, register: Register) -> str:
        return _("Which choice of method makes the ranking uncertain, and is it more than the weights?")

    def fields(self, register: Register) -> Fields:
        initial = {"normalisation": ["minmax", "zscore", "rank"]}
        several: Fields = {
            column: forms.MultipleChoiceField(
                label=label,
                choices=OF_INDEX[column].choices,
                initial=initial.get(column, []),
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
            for column, label in _column_words().items()
        }
        own = forms.CharField(
            label=_("Choices for single indicators"),
            help_text=_(
                "One a line: code, column of the method and two or more values, such as “gdp transform none, "
                "ln”."
            ),
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
        )
        return (
            several
            | {"own": own}
            | output_fields(register, OUTPUTS)
            | WEIGHTS.fields()
            | draws_fields(label=_("Samples"), initial=SAMPLES)
        )

    def read(self, base: Base, reader: Reader) -> dict[str, Any]:
        choices = [*_of_index(reader), *_of_rows(base, reader)]
        named = {(choice.code, choice.column) for choice in choices}
        if len(named) < len(choices):
            reader.complain("own", _("A cell is named twice: write all its values in one line."))
        if not choices and not reader.problems:
            reader.complain("normalisation", _("Choose two or more values of at least one choice."))
        count = prod(len(choice.values) for choice in choices)
        if count > MOST_COMBINATIONS:
            text = _("These choices make %(count)s combinations, and %(most)s can be studied: choose fewer.")
            reader.complain("own", text % {"count": f"{count:,}", "most": MOST_COMBINATIONS})
        asked = {"choices": [[choice.code, choice.column, list(choice.values)] for choice in choices]}
        return WEIGHTS.read(reader) | asked | read_output(base, reader, OUTPUTS)

    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        return WEIGHTS.rests_on_ballots(parameters)

    def varies_imputation(self, parameters: Mapping[str, Any]) -> bool:
        return any(choice.column == "imputation" for choice in _choices_in(parameters))

    def memory_asked(self, base: Base, question: Question) -> MemoryNeed:
        choices = _choices_in(question.parameters)
        inputs = len(choices) + len(base.tree.groups)
        return choice_need(
            leaves=len(base.tree.leaves),
            methods=prod(len(choice.values) for choice in choices),
            outputs=(2 + inputs) * question.draws,
        )

    def plan(self, base: Base, question: Question) -> Planned:
        choices = _choices_in(question.parameters)
        asked, source = question.parameters, WEIGHTS.chosen(question.parameters)
        if source is AS_THEY_ARE:
            draws = SeededDraws(FixedWeights(base.index.local), question.draws, question.seed or 0)
        else:
            draws = seeded(source, base, asked, draws=question.draws, seed=question.seed)
        city = asked.get("city")
        plan = ChoicePlan(
            _indices(base, choices),
            [len(choice.values) for choice in choices],
            draws,
            city=None if city is None else base.city_ids.index(city),
        )
        return Planned(base, question, plan, question.draws, plan)

    def result(self, planned: Planned, tally: Tally) -> Result:
        plan: ChoicePlan = planned.detail
        heads = [-1] * len(plan.sizes) + [int(group[0]) for group in plan.groups]
        sizes = [*plan.sizes, *(len(group) for group in plan.groups)]
        return indices_result(planned, tally, heads=np.array(heads), sizes=np.array(sizes))

    def parameter_words(
        self, parameters: Mapping[str, Any], units: Mapping[int, str], register: Register
    ) -> Words:
        said = [(_choice_name(choice, {}), _values_words(choice)) for choice in _choices_in(parameters)]
        return [*WEIGHTS.words(parameters), *said, *output_words(parameters, units, register)]

    def input_name(self, study: Study, figures: Mapping[str, Any], nodes: list[Indicator], place: int) -> str:
        head = int(figures["heads"][place])
        if head < 0:
            names = {node.code: node.name for node in nodes}
            return _choice_name(_choices_in(study.parameters)[place], names)
        return _("weights of %(group)s") % {"group": group_name(nodes, head)}

    def finding_words(self) -> str:
        return _("%(group)s: %(share)s of the variance of %(output)s, more than any other choice")

    def figure_words(self) -> FigureWords:
        return FigureWords(
            title=_("Alone, choices and weights account for %(share)s of the variance of %(output)s"),
            subtitle=_("Sobol indices of choices of method and of groups of weights, with intervals of 95 %"),
            head=_("Choice"),
        )

    def case_code(self, study: Study, nodes: list[Indicator], head: int, place: int) -> str:
        if head >= 0:
            return f"weights {super().case_code(study, nodes, head, place)}".rstrip()
        choice = _choices_in(study.parameters)[place]
        return f"{choice.code} {choice.column}".lstrip()


def _of_index(reader: Reader) -> Iterator[Choice]:
    """Yield the columns of the index of which several values are chosen."""
    for column, words in OF_INDEX.items():
        if not reader.entries(column):
            continue
        values = reader.choices(column, words.values)
        if len(values) == 1:
            reader.complain(column, _("One value is no choice: choose two or more, or none."))
        yield Choice("", column, tuple(values))


def _of_rows(base: Base, reader: Reader) -> Iterator[Choice]:
    """Yield the choices for single indicators and nodes, a line each; complain of each line that is none."""
    for line in str(reader.sent.get("own") or "").splitlines():
        if not line.strip():
            continue
        try:
            yield _row_choice(base, line)
        except CellError as error:
            reader.complain("own", _("“%(value)s”: %(problem)s") % {"value": line.strip(), "problem": error})


def _row_choice(base: Base, line: str) -> Choice:
    code, column, values = (*line.split(maxsplit=2), "", "")[:3]
    place = base.tree.index.get(code)
    if place is None:
        raise CellError(_("“%(code)s” is not a code of this framework.") % {"code": code})
    if column == "coverage":
        raise CellError(_("A coverage decides who has a rank, not which: it cannot be studied here."))
    is_leaf = bool(base.tree.is_leaf[place])
    parsed = [
        parse_cell(column, value.strip(), is_leaf=is_leaf)
        for value in values.translate(COMMAS).split(",")
        if value.strip()
    ]
    if len(dict.fromkeys(parsed)) < 2:
        raise CellError(_("Write two or more values that differ, with commas between them."))
    return Choice(code, column, tuple(dict.fromkeys(parsed)))


def _choices_in(parameters: Mapping[str, Any]) -> list[Choice]:
    return [Choice(code, column, tuple(values)) for code, column, values in parameters["choices"]]


def _indices(base: Base, choices: list[Choice]) -> list[Index]:
    """Return the index of each combination; raises `Refused` with what keeps any from being computed."""
    indices, problems = list[Index](), dict[str, None]()
    studied = {(choice.code, choice.column) for choice in choices}
    for values in product(*(choice.values for choice in choices)):
        method = _method_of(base, choices, values)
        faults = [
            fault
            for fault in plan_faults(plan_of(method), base.tree, base.structure.directions)
            # Bounds that the method states are of no use to some of the normalisations that are tried.
            if fault.kind != "unused_cell" or (fault.code, fault.column) in studied
        ]
        if faults:
            # The first tells enough: an index of many nodes says the same of each.
            first = faults[0]
            cell = CellFault(first.code, first.column, first.value, fault_words(first))
            problems |= _said(choices, values, [cell.placed(first.code)])
            continue
        try:
            indices.append(index_by(base, method))
        except NormalisationError as error:
            problems |= _problems(base, choices, values, list(map(asdict, error.faults)))
        except CompositeError as error:
            problems |= _problems(base, choices, values, [composite_fault(error, base)])
    if problems:
        raise Refused(*list(problems)[:MOST_PROBLEMS])
    return indices


def _method_of(base: Base, choices: list[Choice], values: tuple[Any, ...]) -> IndexMethod:
    own = base.run.method
    changes: dict[str, Any] = {"leaves": dict(own.leaves), "nodes": dict(own.nodes)}
    leaf_codes = set(base.tree.leaf_codes)
    for choice, value in zip(choices, values, strict=True):
        choice.change(changes, value, leaf_codes)
    return changed_method(own, **changes)


def _problems(
    base: Base, choices: list[Choice], values: tuple[Any, ...], faults: list[dict[str, Any]]
) -> dict[str, None]:
    """Say what a combination complains of; every combination has to be computable for shares of variance."""
    names = reason_names(faults, [base.data_set.framework_id])
    return _said(choices, values, failure_words(faults, names))


def _said(choices: list[Choice], values: tuple[Any, ...], texts: list[str]) -> dict[str, None]:
    words = _("; ").join(
        _values_words(Choice(choice.code, choice.column, (value,)))
        for choice, value in zip(choices, values, strict=True)
    )
    said = _("%(variant)s: %(reason)s")
    return dict.fromkeys(said % {"variant": words, "reason": text} for text in texts)


def _column_words() -> dict[str, str]:
    return {
        "normalisation": _("Normalisation"),
        "imputation": _("Missing values"),
        "outliers": _("Outliers"),
        "aggregation": _("Aggregation"),
    }


def _choice_name(choice: Choice, names: Mapping[str, str]) -> str:
    column = _column_words().get(choice.column, choice.column)
    return f"{names.get(choice.code, choice.code)} · {column}" if choice.code else column


def _values_words(choice: Choice) -> str:
    words = OF_INDEX.get(choice.column)
    known = [str(value) for value in choice.values]
    if words and set(known) <= set(words.values):
        return labels_of(words, known)
    return _(", ").join(known)
