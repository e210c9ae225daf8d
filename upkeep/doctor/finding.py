"""What an examination finds of one part of the installation."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a part does; the values are marks of templates/components/_status.html."""

    FINE = "done"
    LOOK = "open"
    WRONG = "failed"


@dataclass(frozen=True)
class Finding:
    """What was found, and what to do about it where it is not fine."""

    level: Level
    text: str
    remedy: str = ""


def fine(text: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(Level.FINE, text)


def look(text: str, remedy: str) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(Level.LOOK, text, remedy)


def wrong(text: str, remedy: str) -> Finding:
    """Return a finding that must be put right."""
    return Finding(Level.WRONG, text, remedy)
