"""Places or units of one register that a file names in either language."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from indexer.names import normalise_unit_name
from indexer.services.known_units import KnownUnit
from weighting.models.named import BilingualName

Thing = TypeVar("Thing", bound=BilingualName | KnownUnit)
# Chinese and English; one may be empty.
Names = tuple[str, str]


class Named(Generic[Thing]):
    """What is found by its names; ``completed`` are those that took over a name that they lacked.

    A thing is meant by its own name, the Chinese one where it has one. Else it is meant by the name in
    the other language, unless both give a name in the first and these differ: two that share an English
    name stay two where their Chinese names are not the same.
    """

    def __init__(self, things: Iterable[Thing] = ()) -> None:
        self._own: dict[str, Thing] = {}
        # Nearly every name is that of one thing alone.
        self._any: dict[str, Thing | list[Thing]] = {}
        self.completed: list[Thing] = []
        for thing in things:
            self.add(thing)

    def add(self, thing: Thing) -> Thing:
        """Let a thing be found by its names."""
        self._own[_seen(thing.own_name)] = thing
        for name in filter(None, map(_seen, _names(thing))):
            there = self._any.setdefault(name, thing)
            if isinstance(there, list):
                there.append(thing)
            elif there is not thing:
                self._any[name] = [there, thing]
        return thing

    def find(self, names: Names) -> Thing | None:
        """Return the thing of these names, which takes over the one that it lacked; None where none is."""
        thing = self.one_of(names)
        if thing is None:
            return None
        before = _names(thing)
        thing.name_zh, thing.name_en = thing.name_zh or names[0], thing.name_en or names[1]
        if _names(thing) != before:
            self.completed.append(thing)
            self.add(thing)
        return thing

    def one_of(self, names: Names) -> Thing | None:
        """Return the only thing that these names can mean; None where none can, or several."""
        if own := self._own.get(_seen(names[0] or names[1])):
            return own
        alike = {id(one): one for name in names for one in self._called(name) if _agree(names, _names(one))}
        return next(iter(alike.values())) if len(alike) == 1 else None

    def _called(self, name: str) -> list[Thing]:
        found = self._any.get(_seen(name), [])
        return found if isinstance(found, list) else [found]


def _names(thing: BilingualName | KnownUnit) -> Names:
    return thing.name_zh, thing.name_en


def _agree(one: Names, other: Names) -> bool:
    """Whether a name that both give in a language is the same, and there is one."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a and b]
    return bool(pairs) and all(_seen(a) == _seen(b) for a, b in pairs)


def _seen(name: str) -> str:
    """Return a name as it looks: what differs in invisible characters, width or spaces alone is the same."""
    seen = normalise_unit_name(name)
    # Of a million names one string each is kept.
    return name if seen == name else seen
