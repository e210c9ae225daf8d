"""The launcher behind ``make run``: the whole product out of one folder, under one process.

It prepares the database and the static files, starts the broker, the worker, the clock and the
web server, waits until /healthz is content, and stops them all when it ends.
"""

import argparse
import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.broker import BrokerError, valkey_command, wait_for_broker
from config.children import Child, LaunchError, stop_all, tail
from config.installation import Installation
from config.lifeline import end_with_parent

try:
    from config import settings
except ImproperlyConfigured as error:
    sys.exit(f"\nQuanheng cannot run.\n{error}")

LOOPBACK = "127.0.0.1"
START_SECONDS = 90.0
# How long a second launcher waits for a first one that is about to run.
SETTLE_SECONDS = 5.0
# What gunicorn writes once the port is its own.
LISTENING = b"Listening at"
LOGS = settings.VAR_DIR.resolve() / "logs"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run until told to stop; return the exit code."""
    options = _options()
    if options.with_parent:
        end_with_parent(os.getppid(), signal.SIGTERM)
    for number in STOP_SIGNALS:
        signal.signal(number, _interrupt)
    try:
        return launch(options.port)
    except (LaunchError, BrokerError) as error:
        print(f"\nQuanheng cannot run.\n{error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("Quanheng has stopped.", flush=True)
        return 0


def launch(port: int) -> int:
    """Start everything and watch over it; return only when another launcher already does."""
    address = f"http://{LOOPBACK}:{port}"
    environment = _environment(address)
    installation = Installation(settings.VAR_DIR)
    if not installation.take():
        return _point_to_running(installation.read(), address, environment)
    _check_port(port)
    installation.end_leftovers()
    broker, programs = _broker(environment), _programs(port, environment)
    try:
        installation.note(pid=os.getpid(), address=address, children=[])
        _start(broker, programs, environment, address)
        pids = [child.process.pid for child in broker + programs if child.process]
        installation.note(pid=os.getpid(), address=address, children=pids)
        _print_addresses(address, environment)
        _watch(broker + programs)
    finally:
        # A second Ctrl-C must not leave half of the children behind.
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        stop_all(programs)
        stop_all(broker)


def _start(broker: list[Child], programs: list[Child], environment: Mapping[str, str], address: str) -> None:
    for child in broker:
        child.start()
    if not wait_for_broker(settings.CELERY_BROKER_URL, seconds=15 if broker else 5):
        raise LaunchError(
            f"The embedded broker does not answer.\n{tail(broker[0].log)}"
            if broker
            else "The broker that REDIS_URL names does not answer. Start it, or correct REDIS_URL."
        )
    _prepare(environment)
    for child in programs:
        child.start()
    _wait_until_healthy(address, broker + programs)


def _prepare(environment: Mapping[str, str]) -> None:
    log, launcher = _fresh_log("prepare"), os.getpid()
    with log.open("wb") as errors:
        code = subprocess.run(
            [sys.executable, "-m", "config.prepare"],
            env=dict(environment),
            stderr=errors,
            preexec_fn=lambda: end_with_parent(launcher),
            check=False,
        ).returncode
    if code:
        raise LaunchError(f"The last step above failed (exit code {code}).\n{tail(log)}")


def _watch(children: list[Child]) -> NoReturn:
    while True:
        for child in children:
            child.check()
        time.sleep(0.5)


def _broker(environment: Mapping[str, str]) -> list[Child]:
    if os.environ.get("REDIS_URL"):
        return []
    return [Child("broker", valkey_command(settings.VAR_DIR), _fresh_log("broker"), environment)]


def _programs(port: int, environment: Mapping[str, str]) -> list[Child]:
    python = [sys.executable, "-m"]
    gunicorn = [*python, "gunicorn", "config.wsgi", "--config", "python:config.gunicorn"]
    celery = [*python, "celery", "--app", "config"]
    schedule = str(settings.VAR_DIR.resolve() / "celerybeat-schedule")
    worker = [*celery, "worker", "--without-mingle", "--without-gossip"]
    commands = {
        "worker": [*worker, "--queues", "interactive,bulk"],
        "clock": [*celery, "beat", "--schedule", schedule, "--pidfile="],
        "web": [*gunicorn, "--bind", f"{LOOPBACK}:{port}"],
    }
    return [Child(name, command, _fresh_log(name), environment) for name, command in commands.items()]


def _environment(address: str) -> dict[str, str]:
    """Return what every child sees: absolute folders, and one thread per numeric process."""
    return {
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        **os.environ,
        "QUANHENG_PUBLIC_URL": os.environ.get("QUANHENG_PUBLIC_URL") or address,
        "QUANHENG_VAR": str(settings.VAR_DIR.resolve()),
        "PYTHONUNBUFFERED": "1",
    }


def _fresh_log(name: str) -> Path:
    """Return the path of a new log; the one of the last start is kept beside it."""
    LOGS.mkdir(mode=0o700, exist_ok=True)
    log = LOGS / f"{name}.log"
    if log.exists():
        log.replace(LOGS / f"{name}.log.1")
    return log


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise LaunchError(_why_not(port, error)) from None


def _why_not(port: int, error: OSError) -> str:
    if error.errno != errno.EADDRINUSE:
        return f"Port {port} cannot be used: {error.strerror}. Choose another one: make run PORT=8000"
    address = f"http://{LOOPBACK}:{port}"
    owner = "another installation of Quanheng" if _health(address, timeout=2.0) else "another program"
    return f"Port {port} is taken by {owner}. Choose another one: make run PORT={_next_to(port)}"


def _next_to(port: int) -> int:
    return port % 65535 + 1


def _point_to_running(note: dict[str, Any], address: str, environment: Mapping[str, str]) -> int:
    deadline = time.monotonic() + SETTLE_SECONDS
    while note.get("address") == address and time.monotonic() < deadline:
        if _health(address).get("healthy"):
            print("Quanheng already runs from this folder; nothing was started.", flush=True)
            _print_addresses(address, environment)
            return 0
        time.sleep(0.2)
    raise LaunchError(
        f"It already runs, or is just starting, from this folder: {note.get('address', 'no address yet')} "
        f"(process {note.get('pid', 'unknown')}). Use it there, or stop it first (Ctrl-C, or kill it)."
    )


def _wait_until_healthy(address: str, children: list[Child]) -> None:
    print("Waiting until every part answers ...", flush=True)
    deadline = time.monotonic() + START_SECONDS
    web = next(child for child in children if child.name == "web")
    while not ((answer := _health(address)).get("healthy") and LISTENING in web.log.read_bytes()):
        for child in children:
            child.check_at_start()
        if answer and web.deaths:
            # The links that are printed would open nothing there, and what is entered go to it.
            raise LaunchError(
                f"Another installation of Quanheng took {address} while this one was started. "
                f"Choose another port: make run PORT={_next_to(urlsplit(address).port or 0)}"
            )
        if time.monotonic() > deadline:
            logs = "\n".join(tail(child.log) for child in children)
            raise LaunchError(f"Not every part answers after {START_SECONDS:.0f} s: {answer}\n{logs}")
        time.sleep(0.2)


def _health(address: str, timeout: float = 5.0) -> dict[str, Any]:
    """Return what /healthz says at an address of this machine; empty when no Quanheng answers."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=timeout)
    host = urlsplit(os.environ.get("QUANHENG_PUBLIC_URL") or address).netloc
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        answer = json.loads(connection.getresponse().read(10_000))
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return answer if isinstance(answer, dict) and "healthy" in answer else {}


def _print_addresses(address: str, environment: Mapping[str, str]) -> None:
    print(f"\nQuanheng 权衡 runs at {environment['QUANHENG_PUBLIC_URL']}")
    print(f"  health  {address}/healthz\n  logs    {LOGS}\n", flush=True)
    # Straight to the terminal: a link that signs in belongs in no log.
    links = ["demo_links"] if settings.WITH_DEMO else ["setup_link", "--verbosity", "0"]
    manage = str(settings.BASE_DIR / "manage.py")
    subprocess.run([sys.executable, manage, *links], env=dict(environment), check=False)
    print("\nCtrl-C stops it.", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.launch", description=__doc__)
    parser.add_argument("--with-parent", action="store_true", help="stop when the calling process ends")
    options = parser.parse_args()
    given = os.environ.get("PORT") or "8000"
    if not given.isdecimal() or not 0 < int(given) < 65536:
        parser.error(f"PORT is {given!r}; it must be a number from 1 to 65535.")
    options.port = int(given)
    return options


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
