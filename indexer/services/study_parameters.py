"""What a study is asked: checked all at once, and brought into one form that names it."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from indexer.enums import Aggregation, Missing, Normalisation, StudyKind
from indexer.models import City
from indexer.selectors.cities import city_named
from indexer.selectors.data_sets import cities_of
from indexer.selectors.studies import rests_on_ballots
from indexer.selectors.study_plans import EVERY_WEIGHT, WEIGHTS_AS_THEY_ARE, Base
from weighting.exceptions import Refused
from weighting.numeric.constrained import ConstraintError, ConstraintFault, constrain_weights
from weighting.numeric.draws import KAPPA_RANGE

MOST_DRAWS = 1_000_000
# Every sample of a Sobol study is kept until its end, one number for each group of weights.
MOST_SAMPLES = 131_072
LARGEST_SEED = 2**63 - 1
# One draw of experts under a known seed is one weighted sum of ballots, and so is the difference
# between a study of 100 draws and one of 101: only whole hundreds of draws are told.
EXPERT_DRAWS = 100
DEFAULTS = {"draws": 10_000, "seed": 0, "nu": 0.1, "kappa": 100.0, "nodes": "leaves", "output": "shift"}
NODES = ("leaves", "branches")
OUTPUTS = ("shift", "rank", "score")
WEIGHTS = (StudyKind.BOOTSTRAP, StudyKind.NOISE, StudyKind.DIRICHLET)
WEIGHTS_OF = {
    StudyKind.VARIANTS: (*WEIGHTS, WEIGHTS_AS_THEY_ARE),
    StudyKind.SOBOL: (*WEIGHTS, EVERY_WEIGHT),
}
DRAWN = {
    StudyKind.BOOTSTRAP,
    StudyKind.NOISE,
    StudyKind.DIRICHLET,
    StudyKind.VARIANTS,
    StudyKind.SOBOL,
    StudyKind.SMAA,
}


class BadParameters(Refused):
    """Parameters that make no study; ``fields`` lists the complaints about each."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = fields
        super().__init__(*(f"{name}: {text}" for name, texts in fields.items() for text in texts))


@dataclass(frozen=True)
class Question:
    """A kind of study with its canonical parameters; ``seed`` is None where nothing is drawn."""

    kind: StudyKind
    parameters: dict[str, Any]
    draws: int
    seed: int | None

    def key(self, run_id: int) -> str:
        """Hash all that the answer depends on."""
        text = json.dumps(
            [run_id, self.kind, self.parameters, self.draws, self.seed], sort_keys=True, ensure_ascii=False
        )
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class _Reader:
    """Reads parameters as they were sent, and gathers what is wrong with them."""

    sent: Mapping[str, Any]
    problems: dict[str, list[str]] = field(default_factory=dict)

    def complain(self, name: str, text: str) -> None:
        self.problems.setdefault(name, []).append(text)

    def number(self, name: str, low: float, high: float, kind: Callable[[str], float]) -> Any:
        """Return a number within limits; the default where nothing was sent."""
        sent = self.sent.get(name)
        text = str(DEFAULTS[name] if sent is None or sent == "" else sent).strip()
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if low <= value <= high:
            return value
        words = {"value": text, "low": f"{low:g}", "high": f"{high:g}" if kind is float else str(high)}
        if kind is int:
            self.complain(name, _("“%(value)s” is no whole number from %(low)s to %(high)s.") % words)
        else:
            self.complain(name, _("“%(value)s” is no number from %(low)s to %(high)s.") % words)
        return None

    def choice(self, name: str, choices: Sequence[str]) -> str:
        sent = str(self.sent.get(name) or DEFAULTS.get(name, choices[0]))
        if sent not in choices:
            words = {"value": sent, "choices": ", ".join(choices)}
            self.complain(name, _("“%(value)s” is none of %(choices)s.") % words)
        return sent

    def choices(self, name: str, choices: Sequence[str]) -> list[str]:
        """Return what was chosen in the order of the choices, so that one set has one form."""
        sent = [str(value) for value in self.sent.get(name) or []]
        for value in sent:
            if value not in choices:
                words = {"value": value, "choices": ", ".join(choices)}
                self.complain(name, _("“%(value)s” is none of %(choices)s.") % words)
        if not sent:
            self.complain(name, _("Choose at least one."))
        return [value for value in choices if value in sent]


def read_question(base: Base, kind: str, sent: Mapping[str, Any]) -> Question:
    """Check everything that was sent; raises `BadParameters` with every complaint."""
    reader = _Reader(sent)
    if kind not in StudyKind.values:
        raise BadParameters({"kind": [_("“%(value)s” is no kind of study.") % {"value": kind}]})
    asked = StudyKind(kind)
    parameters = _parameters(base, asked, reader)
    drawn = asked in DRAWN and parameters.get("weights") != WEIGHTS_AS_THEY_ARE
    most = MOST_SAMPLES if asked == StudyKind.SOBOL else MOST_DRAWS
    least = 2 if asked == StudyKind.SOBOL else 1
    draws = reader.number("draws", least, most, int) if drawn else 1
    seed = reader.number("seed", 0, LARGEST_SEED, int) if drawn else None
    if drawn and draws is not None and rests_on_ballots(asked, parameters) and draws % EXPERT_DRAWS:
        text = _("“%(value)s” draws of experts: ask for whole hundreds, which give no single draw away.")
        reader.complain("draws", text % {"value": draws})
    if reader.problems:
        raise BadParameters(reader.problems)
    return Question(asked, parameters, draws, seed)


def read_bounds(text: str) -> dict[str, list[str]]:
    """Read lines of "code least most"; what is no number is complained about later."""
    rows = [re.split(r"[\s,;:]+", line.strip()) for line in text.splitlines() if line.strip()]
    return {row[0]: row[1:] for row in rows}


def read_order(text: str) -> list[list[str]]:
    """Read lines of "code > code > code", the heaviest first."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [[code.strip() for code in re.split(r"[>,;]", line) if code.strip()] for line in lines]


def _parameters(base: Base, kind: StudyKind, reader: _Reader) -> dict[str, Any]:
    match kind:
        case StudyKind.NOISE:
            return {"nu": reader.number("nu", 0, 1, float)}
        case StudyKind.DIRICHLET:
            return {"kappa": reader.number("kappa", *KAPPA_RANGE, float)}
        case StudyKind.LEFT_OUT:
            return {"nodes": reader.choice("nodes", NODES)}
        case StudyKind.VARIANTS:
            return _weights(kind, reader) | {
                "normalisations": reader.choices("normalisations", Normalisation.values),
                "missing": reader.choices("missing", Missing.values),
                "aggregations": reader.choices("aggregations", Aggregation.values),
            }
        case StudyKind.SOBOL:
            return _weights(kind, reader) | _output(base, reader)
        case StudyKind.SMAA:
            return _constraints(base, reader)
    return {}


def _weights(kind: StudyKind, reader: _Reader) -> dict[str, Any]:
    weights = reader.choice("weights", WEIGHTS_OF[kind])
    parameters: dict[str, Any] = {"weights": weights}
    if weights == StudyKind.NOISE:
        parameters["nu"] = reader.number("nu", 0, 1, float)
    if weights == StudyKind.DIRICHLET:
        parameters["kappa"] = reader.number("kappa", *KAPPA_RANGE, float)
    return parameters


def _output(base: Base, reader: _Reader) -> dict[str, Any]:
    output = reader.choice("output", OUTPUTS)
    if output == "shift":
        return {"output": output}
    name = str(reader.sent.get("city") or "").strip()
    city = _find_city(base, name)
    if city is None:
        message = _("Name the city whose rank or score is studied.") if not name else ""
        message = message or _("“%(value)s” is no city of this data set.") % {"value": name}
        reader.complain("city", message)
    return {"output": output, "city": city.pk if city else None}


def _find_city(base: Base, name: str) -> City | None:
    return city_named(cities_of(base.data_set), name)


def _constraints(base: Base, reader: _Reader) -> dict[str, Any]:
    """Check bounds and order by making what they are for."""
    sent_bounds, sent_order = reader.sent.get("bounds") or {}, reader.sent.get("order") or []
    if isinstance(sent_bounds, str):
        sent_bounds = read_bounds(sent_bounds)
    if isinstance(sent_order, str):
        sent_order = read_order(sent_order)
    bounds: dict[str, list[float]] = {}
    for code, limits in sent_bounds.items():
        try:
            low, high = map(float, limits)
        except (TypeError, ValueError):
            reader.complain(
                "bounds", _("“%(code)s” needs two numbers: the least and the most.") % {"code": code}
            )
        else:
            bounds[str(code)] = [low, high]
    order = [[str(code) for code in codes] for codes in sent_order]
    if not reader.problems:
        try:
            pairs = {code: (low, high) for code, (low, high) in bounds.items()}
            constrain_weights(base.tree, pairs, order)
        except ConstraintError as error:
            for fault in error.faults:
                reader.complain(*_constraint_words(fault))
    return {"bounds": dict(sorted(bounds.items())), "order": order}


def _constraint_words(fault: ConstraintFault) -> tuple[str, str]:
    """Return the parameter that a fault is about, and what to do."""
    words = {"codes": ", ".join(fault.codes), "low": f"{fault.low:g}", "high": f"{fault.high:g}"}
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
            text = _("%(codes)s: these are no siblings. An order compares members of one group.")
            return "order", text % words
    return "bounds", _("%(codes)s: the bounds leave too little to draw from. Widen them.") % words
