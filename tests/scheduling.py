"""Which test process gets which files: one gets all that use the real product, so that it starts once."""

import re
from pathlib import Path

from xdist.scheduler import LoadFileScheduling

TESTS = Path(__file__).resolve().parent
USES_PRODUCT = re.compile(r"^def \w+\(.*\bproduct\b.*\):", re.M)
WITH_PRODUCT = {
    f"tests/browser/{file.name}"
    for file in (TESTS / "browser").glob("test_*.py")
    if USES_PRODUCT.search(file.read_text())
}


def scope_of(nodeid):
    """Return what goes to one process: a file, or all files that use the ``product``."""
    file = nodeid.split("::", 1)[0]
    return "the product" if file in WITH_PRODUCT else file


class ByFile(LoadFileScheduling):
    """File by file, but some as one."""

    def _split_scope(self, nodeid):
        return scope_of(nodeid)
