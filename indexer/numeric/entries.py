"""Tables of the ways to do one step of the method, by their codes."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Coded(Protocol):
    """Whatever is found by its code."""

    @property
    def code(self) -> str: ...


Entry = TypeVar("Entry", bound=Coded)


class Entries(dict[str, Entry]):
    """The ways to do one step; asking for one that is not there is a `ValueError` that says so."""

    def __init__(self, step: str, entries: Iterable[Entry]) -> None:
        super().__init__({entry.code: entry for entry in entries})
        self.step = step

    def __missing__(self, code: str) -> Entry:
        raise ValueError(f"unknown {self.step} {code!r}; there are {', '.join(self)}")
