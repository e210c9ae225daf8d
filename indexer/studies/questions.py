"""What a study is asked: checked all at once, and brought into one form that names it."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from indexer.models import Register
from weighting.exceptions import Refused

MOST_DRAWS = 1_000_000
LARGEST_SEED = 2**63 - 1
# One draw of experts under a known seed is one weighted sum of ballots, and so is the difference
# between a study of 100 draws and one of 101: only whole hundreds of draws are told.
EXPERT_DRAWS = 100
DEFAULTS: Mapping[str, Any] = {"draws": 10_000, "seed": 0, "nu": 0.1, "kappa": 100.0}


class BadParameters(Refused):
    """Parameters that make no study; ``fields`` lists the complaints about each."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = fields
        super().__init__(*(f"{name}: {text}" for name, texts in fields.items() for text in texts))


@dataclass(frozen=True)
class Question:
    """A kind of study with its canonical parameters; ``seed`` is None where nothing is drawn."""

    kind: str
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
class Reader:
    """Reads parameters as they were sent, and gathers what is wrong with them."""

    sent: Mapping[str, Any]
    register: Register
    problems: dict[str, list[str]] = field(default_factory=dict)

    def complain(self, name: str, text: str) -> None:
        self.problems.setdefault(name, []).append(text)

    def whole(self, name: str, low: int, high: int) -> Any:
        """Return a whole number within limits; the default where nothing was sent."""
        text, value = self._number(name, low, high, int)
        if value is None:
            words = {"value": text, "low": str(low), "high": str(high)}
            self.complain(name, _("“%(value)s” is not a whole number from %(low)s to %(high)s.") % words)
        return value

    def number(self, name: str, low: float, high: float) -> Any:
        """Return a number within limits; the default where nothing was sent."""
        text, value = self._number(name, low, high, float)
        if value is None:
            words = {"value": text, "low": f"{low:g}", "high": f"{high:g}"}
            self.complain(name, _("“%(value)s” is not a number from %(low)s to %(high)s.") % words)
        return value

    def entries(self, name: str) -> list[Any]:
        """Return what was sent as a list; nothing, and a complaint, where it is another shape."""
        sent = self.sent.get(name) or []
        if isinstance(sent, list | tuple):
            return list(sent)
        self.complain(name, _("“%(value)s” is not a list.") % {"value": sent})
        return []

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Return what was chosen; the first of the choices where nothing was sent."""
        sent = str(self.sent.get(name) or choices[0])
        if sent not in choices:
            self._complain_of_choice(name, sent, choices)
        return sent

    def choices(self, name: str, choices: Sequence[str]) -> list[str]:
        """Return what was chosen in the order of the choices, so that one set has one form."""
        sent = [str(value) for value in self.entries(name)]
        for value in sent:
            if value not in choices:
                self._complain_of_choice(name, value, choices)
        if not sent:
            self.complain(name, _("Choose at least one."))
        return [value for value in choices if value in sent]

    def _number(
        self, name: str, low: float, high: float, kind: Callable[[str], float]
    ) -> tuple[str, float | None]:
        """Return what was sent as text, and its number; None for what is none within the limits."""
        sent = self.sent.get(name)
        text = str(DEFAULTS[name] if sent is None or sent == "" else sent).strip()
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        return text, value if low <= value <= high else None

    def _complain_of_choice(self, name: str, sent: str, choices: Sequence[str]) -> None:
        words = {"value": sent, "choices": _(", ").join(choices)}
        self.complain(name, _("“%(value)s” is not one of %(choices)s.") % words)
