"""Whether the worker was told to stop: its pool hears nothing of the signal, but shares this byte."""

import mmap

# Anonymous memory stays shared across a fork; a lock, in a signal handler, could wait for itself.
_told = mmap.mmap(-1, 1)


def tell_pool() -> None:
    """Let every process of this worker know that it is to stop."""
    _told[0] = 1


def is_stopping() -> bool:
    """Whether this worker was told to stop."""
    return _told[0] == 1
