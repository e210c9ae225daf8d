"""How often a fault is injected: as often as promised by `make faults`, fewer times by `make test`."""

import os


def in_full(promised, *, otherwise):
    """Return the promised number when all of them are asked for."""
    return promised if os.environ.get("QUANHENG_FAULTS") == "full" else otherwise
