"""How often Python looks through what was made for garbage; its own numbers are for smaller programs."""

import gc

# A start makes less than this in thousands of modules, which are never garbage: by Python's own numbers,
# looking through them again and again took a fifth of it, and doing so twice in all still a twentieth.
LOADING = 200_000
# What a process that serves makes meanwhile: to look through more holds up a thread that saves a ballot.
SERVING = 100_000


def look_seldom() -> None:
    """Let a process load without a look at what it loads."""
    gc.set_threshold(LOADING, 20, 50)


def keep_what_is_loaded() -> None:
    """Let a process serve, and look for garbage in all but what is loaded."""
    gc.freeze()
    gc.set_threshold(SERVING, 20, 50)
