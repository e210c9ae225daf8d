"""Waiting for what a thread does for others."""


def settled(errand):
    """Return once whatever was asked of an errand is done, and nothing is left to be done again."""
    while True:
        # In this order: it runs before it stops waiting.
        for lock in (errand._waiting, errand._running):
            with lock:
                pass
        again = errand._again
        if again is None:
            return
        again.join()
