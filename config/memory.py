"""How much memory there is, of the machine or of the container, and how threads share that of a process."""

import ctypes
import os
from pathlib import Path

# Of control groups version 2 and 1; "max", or a number near 2^63, means that there is no limit.
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
# The number of the setting in malloc.h; one heap for those who wait while another is used.
M_ARENA_MAX, HEAPS = -8, 2


def memory_there_is(limits: tuple[Path, ...] = LIMITS) -> int:
    """Return the bytes of memory that this process shares with the others."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([whole, *(int(text) for text in map(_read, limits) if text.isdecimal())])


def share_memory_between_threads() -> None:
    """Let threads take memory from what others gave back, before any is started.

    The allocator of Linux gives each of a dozen threads a heap of its own. To stretch one ballot key takes
    16 MB: each heap kept as much, 500 MB in a process, and to get it from the system first took a quarter as
    long as the stretching.
    """
    # Other systems have other allocators.
    if hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(M_ARENA_MAX, HEAPS)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
