"""What must be up to date before the programs start; each step is quick when it already is."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from config import settings
from config.children import LaunchError, tail
from config.lifeline import end_with_parent

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
COMPILE = [sys.executable, "-m", "babel.messages.frontend", "compile", "-d", "locale", "-D", "django"]


def with_demo() -> bool:
    """Return whether this installation shows the demonstration."""
    return settings.env.bool("QUANHENG_DEMO", default=True)


def prepare(environment: Mapping[str, str], log: Path) -> None:
    """Bring the messages, scripts, database, static files and demonstration up to date."""
    steps = [
        ("Compiling the messages", COMPILE),
        ("Building the charts' scripts", [*MANAGE, "build_vendor_js"]),
        ("Updating the database", [*MANAGE, "migrate", "--noinput"]),
        ("Collecting the static files", [*MANAGE, "collectstatic", "--noinput"]),
    ]
    if with_demo():
        steps.append(("Loading the demonstration", [*MANAGE, "load_demo"]))
    for title, command in filter(_exists, steps):
        _step(title, command, environment, log)


def print_demo_links(environment: Mapping[str, str]) -> None:
    """Print the sign-in links straight to the terminal: they belong in no log."""
    if with_demo():
        subprocess.run([*MANAGE, "demo_links"], env=dict(environment), check=False)


def _exists(step: tuple[str, list[str]]) -> bool:
    command = step[1]
    if command is COMPILE:
        return any(settings.BASE_DIR.glob("locale/*/LC_MESSAGES/*.po"))
    own = command[2] in ("build_vendor_js", "load_demo")
    return not own or any(settings.BASE_DIR.glob(f"*/management/commands/{command[2]}.py"))


def _step(title: str, command: list[str], environment: Mapping[str, str], log: Path) -> None:
    print(f"{title} ...", flush=True)
    launcher = os.getpid()
    with log.open("ab") as output:
        code = subprocess.run(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: end_with_parent(launcher),
            check=False,
        ).returncode
    if code:
        raise LaunchError(f"{title} failed (exit code {code}).\n{tail(log)}")
