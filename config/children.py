"""The processes of one installation: started, watched, started again, and stopped together."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.lifeline import end_with_parent

STEADY_SECONDS = 60.0
DEATHS_IN_A_ROW = 5
LONGEST_PAUSE = 60.0
STOP_SECONDS = 10.0


class LaunchError(Exception):
    """The product cannot start or go on; the message is meant for the person at the terminal."""


@dataclass
class Child:
    """One program that should always run."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    deaths: int = 0
    started_at: float = 0.0
    start_again_at: float = 0.0

    def start(self) -> None:
        """Start the program in a group of its own, which a Ctrl-C at the terminal does not reach."""
        launcher = os.getpid()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # preexec_fn is unsafe among threads; the launcher has none.
                preexec_fn=lambda: end_with_parent(launcher),
            )
        self.started_at = time.monotonic()

    def check(self) -> None:
        """Start the program again, later each time, when it has ended."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_again_at:
                self.start()
        elif self.process.poll() is not None:
            self._note_death(self.process.returncode, now)

    def check_at_start(self) -> None:
        """As `check`, but give up on a program that ends again and again: it never ran."""
        self.check()
        if self.process is None and self.deaths >= DEATHS_IN_A_ROW:
            raise LaunchError(f"The {self.name} ended {self.deaths} times in a row.\n{tail(self.log)}")

    def terminate(self) -> None:
        """Ask the program to end."""
        if self.process is not None:
            self.process.terminate()

    def finish(self, deadline: float) -> None:
        """Wait until the program has ended, and make it end at the deadline."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        end_group(self.process.pid)
        self.process.wait()

    def _note_death(self, code: int, now: float) -> None:
        self.deaths = 1 if now - self.started_at > STEADY_SECONDS else self.deaths + 1
        if self.process is not None:
            end_group(self.process.pid)
        self.process = None
        pause = min(2.0 ** (self.deaths - 1), LONGEST_PAUSE)
        self.start_again_at = now + pause
        print(f"The {self.name} ended ({_words(code)}); it starts again in {pause:.0f} s.", flush=True)
        if self.deaths >= DEATHS_IN_A_ROW:
            print(f"It has ended {self.deaths} times in a row; the rest goes on. See {self.log}.", flush=True)


def stop_all(children: Sequence[Child]) -> None:
    """Stop all at once, within one limit of time."""
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.terminate()
    for child in children:
        child.finish(deadline)


def end_group(group: int) -> None:
    """Kill whatever is left of a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def tail(log: Path, lines: int = 15) -> str:
    """Return the end of a log, and where the rest is."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join([f"The end of {log}:", *(f"  {line}" for line in text.splitlines()[-lines:])])


def _words(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
