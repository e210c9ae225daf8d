"""Pictures and large files: made one at a time, once, and kept.

Making one takes up to a second of computing, and anybody may ask. The threads that wait here are few of those
that a process has (`config.gunicorn`): the others go on saving ballots.
"""

import contextlib
import hashlib
import pickle
import zlib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import caches

from weighting.turnstiles import Turnstile

# A report shows five pictures at once, and a browser asks for six things at a time.
desk = Turnstile(waiting=7)
# What is larger fills the disk; making it again is the smaller harm.
LARGEST_KEPT = 4 * 1024 * 1024
SHELF = "made"


def found_on(shelf: str, key: str) -> Any:
    """Return what a shelf keeps under a key; None where it cannot be read, or a power cut left it in part."""
    with contextlib.suppress(OSError, EOFError, zlib.error, pickle.UnpicklingError):
        return caches[shelf].get(key)
    return None


def keep_on(shelf: str, key: str, made: Any) -> None:
    """Keep something on a shelf; a full or read-only disk keeps nothing, and everything is still made."""
    with contextlib.suppress(OSError):
        caches[shelf].set(key, made)


def made_once(parts: bytes, make: Callable[[], bytes], *named: str) -> bytes:
    """Return what is kept under the hash of all that it depends on; make and keep it where nothing is.

    Raises
    ------
    NoRoom
        When too many wait for something to be made.
    """
    key = hashlib.sha256("\0".join([settings.BUILD, *named, ""]).encode() + parts).hexdigest()
    if (found := found_on(SHELF, key)) is not None:
        return bytes(found)
    with desk.turn():
        # Whoever waited behind somebody who asked for the same finds it made.
        if (found := found_on(SHELF, key)) is not None:
            return bytes(found)
        made = make()
        if len(made) <= LARGEST_KEPT:
            keep_on(SHELF, key, made)
        return made
