"""Tables of the ways to do one step of the method, by their codes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar


class Coded(Protocol):
    """Whatever is found by its code."""

    @property
    def code(self) -> str: ...


Entry = TypeVar("Entry", bound=Coded)


class Entries(dict[str, Entry]):
    """The ways to do one step; asking for one that is not there is a `ValueError` that says so.

    ``families`` make entries that carry a parameter behind a colon, such as ``power:2``: the word
    in front, and what turns the text behind it into an entry or raises `ValueError`.
    """

    def __init__(
        self,
        step: str,
        entries: Iterable[Entry],
        families: Mapping[str, Callable[[str], Entry]] | None = None,
    ) -> None:
        super().__init__({entry.code: entry for entry in entries})
        self.step = step
        self.families = dict(families or {})

    def __missing__(self, code: str) -> Entry:
        family, colon, parameter = code.partition(":")
        if colon and family in self.families:
            return self.families[family](parameter)
        known = [*self, *(f"{name}:…" for name in self.families)]
        raise ValueError(f"unknown {self.step} {code!r}; there are {', '.join(known)}")

    def has(self, code: str) -> bool:
        """Whether there is an entry of that code, with its parameter if it takes one."""
        try:
            self[code]
        except ValueError:
            return False
        return True
