"""Programs that work on what strangers made, each in a process that may take little time and memory.

Such a process inherits no secret, no file and no connection; what goes wrong in it ends it alone.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

MEGABYTE = 1024 * 1024
# Linux alone has files in memory.
MEMORY = getattr(os, "memfd_create", None)


@dataclass(frozen=True)
class Limits:
    """What a program may take; ``data`` bytes of memory beside the file that it is given.

    It sets the first two itself as it starts: setting them between fork and exec is unsafe among threads.
    A busy machine computes slowly: the clock ends only what hangs.
    """

    cpu_seconds: int
    data: int
    clock_seconds: float


class TookTooLong(Exception):
    """The process did not end in its time."""


class Broke(Exception):
    """The process ended otherwise than well: mostly for want of memory, which each library tells its way."""


def run_confined(
    program: Path, data: bytes, *arguments: str, limits: Limits, environment: Mapping[str, str] | None = None
) -> bytes:
    """Run a program of the product's own over ``data`` and return what it writes.

    ``environment`` is all that it is told of any.

    Raises
    ------
    TookTooLong, Broke
        When it was ended, or ended otherwise than well.
    """
    own = json.dumps(asdict(limits) | {"data": limits.data + len(data)})
    # Isolated: neither the environment nor the folder that the product was started in is read.
    command = [sys.executable, "-I", str(program), own, *arguments]
    try:
        with _file_of(data) as given:
            done = subprocess.run(
                command,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment or {},
                timeout=limits.clock_seconds,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise TookTooLong from None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise TookTooLong
    if done.returncode:
        raise Broke
    return done.stdout


def _file_of(data: bytes) -> IO[bytes]:
    """Return a file of the data without a name, in memory where the system has such.

    Into a pipe they would be written four kilobytes at a time.
    """
    file: IO[bytes] = TemporaryFile() if MEMORY is None else os.fdopen(MEMORY("data"), "w+b")  # noqa: SIM115
    file.write(data)
    file.seek(0)
    return file
