"""How much memory there is: of the machine, or of the container that this process runs in."""

import os
from pathlib import Path

# Of control groups version 2 and 1; "max", or a number near 2^63, means that there is no limit.
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_there_is(limits: tuple[Path, ...] = LIMITS) -> int:
    """Return the bytes of memory that this process shares with the others."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([whole, *(int(text) for text in map(_read, limits) if text.isdecimal())])


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
