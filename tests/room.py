"""Room for deep calls: one block of memory for the frames of all that a function calls.

CPython keeps the frames of calls in blocks of 16 KiB and gives a block back with the last frame in it. Where
the calls of a page happened to lie at the edge of one, each of them asked the system for memory and
returned it: a quarter of the processor time of tests that ask for thousands of pages. The product's own
server is less deep in calls, without pytest and Django's client, and its pages were found at no such edge.
"""

from collections.abc import Callable
from types import FunctionType
from typing import TypeVar, cast

F = TypeVar("F", bound=Callable[..., object])

# Blocks double until a frame finds room: one of a little more than half a MiB is given a whole one, and
# some two thousand calls find theirs in what is left. What nobody writes to takes no memory.
SLOTS = (1 << 16) + 1


def with_room(function: F) -> F:
    """Let a function's frame ask for a block in which the frames of all that it calls have room, too."""
    own = cast(FunctionType, function)
    own.__code__ = own.__code__.replace(co_stacksize=SLOTS)
    return function
