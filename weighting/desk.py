"""Pictures and large files: made one at a time, once, and kept.

Making one takes up to a second of computing, and anybody may ask. The threads that wait here are few of those
that a process has (`config.gunicorn`): the others go on saving ballots.
"""

import contextlib
import hashlib
from collections.abc import Callable

from django.conf import settings
from django.core.cache import caches

from weighting.turnstiles import Turnstile

# A report shows five pictures at once, and a browser asks for six things at a time.
desk = Turnstile(waiting=7)
# What is larger fills the disk; making it again is the smaller harm.
LARGEST_KEPT = 4 * 1024 * 1024


def made_once(parts: bytes, make: Callable[[], bytes], *named: str) -> bytes:
    """Return what is kept under the hash of all that it depends on; make and keep it where nothing is.

    Raises
    ------
    NoRoom
        When too many wait for something to be made.
    """
    key = hashlib.sha256("\0".join([settings.BUILD, *named, ""]).encode() + parts).hexdigest()
    kept = caches["made"]
    if (found := kept.get(key)) is not None:
        return bytes(found)
    with desk.turn():
        # Whoever waited behind somebody who asked for the same finds it made.
        if (found := kept.get(key)) is not None:
            return bytes(found)
        made = make()
        if len(made) <= LARGEST_KEPT:
            # A full or read-only disk keeps nothing, and everything is still made.
            with contextlib.suppress(OSError):
                kept.set(key, made)
        return made
