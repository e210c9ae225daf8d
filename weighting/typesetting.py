"""Documents as PDF: set by Typst in a process of its own, from the same parts that a page shows."""

import json
from pathlib import Path
from typing import Any

from weighting.confined import MEGABYTE, Limits, run_confined

PROGRAM = Path(__file__).with_name("typesetting_program.py")
LIMITS = Limits(cpu_seconds=20, data=512 * MEGABYTE, clock_seconds=40.0)


def document_source(document: dict[str, Any]) -> bytes:
    """Return all that a document depends on; words stay data there, and are never read as markup."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()


def typeset(source: bytes) -> bytes:
    """Set a `document_source` as PDF, in a process of its own.

    Raises
    ------
    TookTooLong, Broke
        When it was not set within the limits.
    """
    return run_confined(PROGRAM, source, limits=LIMITS)
