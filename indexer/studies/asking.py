"""From what was sent to a question, and from a question to what is counted."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from indexer.models import Register, Study
from indexer.studies.base import Base, base_of
from indexer.studies.kind import Kind, MemoryNeed, Planned
from indexer.studies.questions import EXPERT_DRAWS, LARGEST_SEED, BadParameters, Question, Reader
from indexer.studies.registry import KINDS


def read_question(base: Base, kind: str, sent: Mapping[str, Any]) -> Question:
    """Check everything that was sent; raises `BadParameters` with every complaint."""
    asked = KINDS.get(kind)
    if asked is None:
        raise BadParameters({"kind": [_("“%(value)s” is not a kind of study.") % {"value": kind}]})
    register = base.data_set.series.register
    reader = Reader({**usual_answers(asked, register), **_given(sent)}, register)
    parameters = asked.read(base, reader)
    drawn = asked.is_drawn(parameters)
    draws = reader.whole("draws", *asked.draws_range) if drawn else 1
    seed = reader.whole("seed", 0, LARGEST_SEED) if drawn else None
    if drawn and draws is not None and draws % EXPERT_DRAWS and asked.rests_on_ballots(parameters):
        text = _("“%(value)s” draws of experts: ask for whole hundreds, which give no single draw away.")
        reader.complain("draws", text % {"value": draws})
    if reader.problems:
        raise BadParameters(reader.problems)
    return Question(kind, parameters, draws, seed)


def usual_answers(kind: Kind, register: Register) -> dict[str, Any]:
    """Return what is meant where nothing is sent: what the page shows before anybody chooses.

    Lists have no such answer: what is to be varied is always said.
    """
    return {
        name: field.initial
        for name, field in kind.fields(register).items()
        if field.initial is not None and not isinstance(field, forms.MultipleChoiceField)
    }


def _given(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if value is not None and value != ""}


def plan_question(base: Base, question: Question) -> Planned:
    """Make ready what is counted; raises `ValueError` or `Refused` where it cannot be."""
    return KINDS[question.kind].plan(base, question)


def memory_asked(base: Base, question: Question) -> MemoryNeed | None:
    """Return what a question needs as far as that is known before it is planned."""
    return KINDS[question.kind].memory_asked(base, question)


def planned_of(study: Study) -> Planned:
    """Make ready what a stored study counts: the same for whoever asks."""
    question = Question(study.kind, study.parameters, study.draws, study.seed)
    return plan_question(base_of(study.run), question)
