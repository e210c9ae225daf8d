"""Programs that read what strangers made, each in a process that may take little time and memory.

Such a process inherits no secret, no file and no connection; what goes wrong in it ends it alone.
"""

import signal
import subprocess
import sys
from pathlib import Path

MEGABYTE = 1024 * 1024
# What the reader may compute and take; the file it is given comes on top. It sets these limits itself
# (`weighting.readers.sheet_program`), for setting them between fork and exec is unsafe among threads.
CPU_SECONDS = 5
MEMORY = 256 * MEGABYTE
# A busy machine computes slowly: the clock ends only what hangs.
CLOCK_SECONDS = 20.0


class TookTooLong(Exception):
    """The process did not end in its time."""


class Broke(Exception):
    """The process ended otherwise than well: mostly for want of memory, which each library tells its way."""


def run_confined(program: Path, data: bytes, argument: str) -> bytes:
    """Run a program of the product's own over ``data`` and return what it writes.

    Raises
    ------
    TookTooLong, Broke
        When it was ended, or ended otherwise than well.
    """
    # Isolated: neither the environment nor the folder that the product was started in is read.
    command = [sys.executable, "-I", str(program), argument, str(CPU_SECONDS), str(MEMORY + len(data))]
    try:
        done = subprocess.run(
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=CLOCK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TookTooLong from None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise TookTooLong
    if done.returncode:
        raise Broke
    return done.stdout
