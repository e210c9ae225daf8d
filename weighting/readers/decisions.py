"""What a reader made of a table that can be read in more than one way, and what it could not tell."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

# "seen": the file says it; "likely": taken, to be looked at; "open": nobody but a person can tell.
How = Literal["seen", "likely", "open", "chosen"]
SAMPLES = 5
LONGEST_SAMPLE = 60


@dataclass(frozen=True)
class Decision:
    """One way of reading, of a column or code (``subject``) or of the whole file.

    ``value`` is '' as long as it is open; ``options`` are the values that may be chosen instead,
    none where any text may be.
    """

    kind: str
    value: str
    how: How
    subject: str = ""
    options: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What a choice is kept under."""
        return f"{self.kind}:{self.subject}" if self.subject else self.kind

    @property
    def is_open(self) -> bool:
        return self.how == "open"


class LookFirst(Exception):
    """The file was read in a way that somebody has to look at before anything of it is stored."""


class Decisions:
    """The ledger of one reading: what is asked of it is settled by choice, or as it was found.

    A choice under the bare kind holds for every subject that has none of its own. A ledger that ``asks``
    belongs to somebody who can still look and choose; what is likely of a kind ``taken`` is not asked.
    """

    def __init__(
        self,
        choices: Mapping[str, str] | None = None,
        *,
        asks: bool = False,
        taken: Collection[str] = (),
    ) -> None:
        self.choices = dict(choices or {})
        self.asks = asks
        self.taken = frozenset(taken)
        self._made: dict[str, Decision] = {}
        self._heeded: set[str] = set()

    def settle(
        self,
        kind: str,
        found: str,
        *,
        how: How,
        subject: str = "",
        options: Iterable[str] = (),
        samples: Iterable[str] = (),
    ) -> str:
        """Note how something is read, and return it: what was chosen, else what was found."""
        offered = tuple(options)
        shown = tuple(text[:LONGEST_SAMPLE] for text in islice(dict.fromkeys(samples), SAMPLES))
        for key in (f"{kind}:{subject}", kind):
            chosen = self.choices.get(key)
            if chosen is not None and (not offered or chosen in offered):
                self._heeded.add(key)
                found, how = chosen, "chosen"
                break
        made = Decision(kind, "" if how == "open" else found, how, subject, offered, shown)
        self._made[made.key] = made
        return made.value

    def close(self) -> None:
        """End a reading; raises `LookFirst` where it asks and something is merely likely."""
        if self.asks and self.unsettled:
            raise LookFirst

    def forget(self, kind: str) -> None:
        """Take back what was settled of a kind."""
        self._made = {key: made for key, made in self._made.items() if made.kind != kind}

    @property
    def made(self) -> list[Decision]:
        """Everything that was settled or left open, in the order in which it came up."""
        return list(self._made.values())

    @property
    def open(self) -> list[Decision]:
        return [made for made in self._made.values() if made.is_open]

    @property
    def unsettled(self) -> list[Decision]:
        """What somebody looks at first: what is open or likely, and may be chosen otherwise."""
        return [
            made
            for made in self.made
            if made.options and (made.is_open or (made.how == "likely" and made.kind not in self.taken))
        ]

    @property
    def unheeded(self) -> list[str]:
        """The choices that nothing asked for, or that were not on offer."""
        return [key for key in self.choices if key not in self._heeded]
