"""Real processes for the tests, each ended by its own number and never by name."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from django.conf import settings
from django.db import connection

from config.broker import socket_path, valkey_command, wait_for_broker
from config.lifeline import end_with_parent

ROOT = Path(__file__).resolve().parent.parent
PYTHON = [sys.executable, "-m"]
# What the suite itself sets must not reach a product that is started for real.
OWN_SETTINGS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "QUANHENG_PUBLIC_URL", "PORT")
OWN_SETTINGS += ("PYTEST_CURRENT_TEST",)

# How long a process may take on a machine that does much else; who finds what is expected does not wait.
PATIENCE_SECONDS = 90.0
# The ports that this process was given: names of the machine, which it holds until it ends.
_reserved: list[socket.socket] = []


def free_port():
    """A port on which nobody listens, and that neither the kernel nor another test process gives to anybody.

    One that the kernel chose would be its own to give again until it is listened on, and between two starts.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = secrets.choice(range(first // 2, first))
        note = socket.socket(socket.AF_UNIX)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            note.bind(f"\0quanheng-test-port-{port}")
            _reserved.append(note)
            return port
        note.close()


def clean_environment(**changes):
    """The environment of a person at a terminal, with `changes`."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN_SETTINGS}
    return kept | {"DJANGO_SETTINGS_MODULE": "config.settings"} | {k: str(v) for k, v in changes.items()}


def wait_until(condition, seconds=PATIENCE_SECONDS, what="the condition"):
    """Return the first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come about within {seconds} s")


def spawn(command, log, environment):
    """Start a program that ends, at the latest, with the test run."""
    test_run = os.getpid()
    with log.open("w") as out:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: end_with_parent(test_run, signal.SIGTERM),
        )


def kill_tree(process):
    """Kill a process and everything below it."""
    try:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


@contextmanager
def running_valkey(folder):
    """A real broker; yields its Celery URL."""
    process = spawn(valkey_command(folder), folder / "valkey.log", dict(os.environ))
    url = f"redis+socket://{socket_path(folder)}"
    try:
        assert wait_for_broker(url, seconds=PATIENCE_SECONDS)
        yield url
    finally:
        kill_tree(process)


def start_worker(log, **environment):
    """A real worker on the database and broker of the running test; returns once it answers."""
    from config.celery import app

    own = clean_environment(
        DATABASE_URL=database_url(), REDIS_URL=settings.CELERY_BROKER_URL, QUANHENG_VAR=settings.VAR_DIR
    )
    command = [*PYTHON, "celery", "--app", "config", "worker", "--without-mingle", "--without-gossip"]
    command += ["--concurrency", "1", "--loglevel", "INFO", "--hostname", f"{log.stem}@test"]
    command += ["--queues", "interactive,bulk"]
    process = spawn(command, log, own | environment)
    answered = partial(app.control.ping, [f"{log.stem}@test"], timeout=0.3)
    try:
        wait_until(lambda: process.poll() is not None or answered(), what="a worker's answer")
        assert process.poll() is None, log.read_text()
    except BaseException:
        kill_tree(process)
        raise
    return process


def database_url():
    """The DATABASE_URL that leads another process to the database of the running test."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    host = values["HOST"] or values["OPTIONS"].get("host", "")
    return f"postgresql://{values['USER']}@/{values['NAME']}?host={host}"


@dataclass
class Product:
    """The product as `make run` starts it, in a folder of its own."""

    var: Path
    port: int
    demo: bool = True
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self):
        return clean_environment(QUANHENG_VAR=self.var, PORT=self.port, QUANHENG_DEMO=int(self.demo))

    @property
    def output(self):
        return self._printed.read_text()

    @property
    def links(self):
        """The sign-in links that were printed, in their order: expert, manager, analyst."""
        return re.findall(rf"{re.escape(self.base_url)}/\S+", self.output.partition("logs ")[2])

    def start(self, command=(*PYTHON, "config.launch", "--with-parent"), seconds=180):
        self.process = spawn(command, self._printed, self.environment)
        wait_until(self._is_up_or_dead, seconds, "the product's start")
        assert self.process.poll() is None, self.output
        return self

    def stop(self):
        """Stop it as Ctrl-C does, and return the launcher's exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(PATIENCE_SECONDS)
        finally:
            self.end()

    def end(self):
        """Make sure that nothing of it runs."""
        if self.process is not None:
            kill_tree(self.process)

    def manage(self, *arguments):
        """Run a management command inside this installation; return what it prints."""
        command = [sys.executable, "manage.py", *map(str, arguments)]
        environment = self.environment | {"QUANHENG_PUBLIC_URL": self.base_url}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def health(self):
        """The status and body of /healthz; (0, '') when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.base_url}/healthz", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def family(self):
        """Every process below the launcher."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word):
        """The launcher's own child whose command holds `word`; None while there is none."""
        children = psutil.Process(self.process.pid).children()
        return next((child for child in children if word in _command_of(child)), None)

    @property
    def _printed(self):
        return self.var.parent / f"{self.var.name}.out"

    def _is_up_or_dead(self):
        return self.process.poll() is not None or "Ctrl-C stops it." in self.output


def _command_of(process):
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""
