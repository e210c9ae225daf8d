"""The containers of docker-compose.yml, started for real by whatever engine there is."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from benchmarks.serving import ExpertAtWork
from tests.processes import clean_environment, free_port, wait_until
from tests.test_compose import COMPOSE, ROOT

IMAGES = {part: f"quanheng-test-{part}" for part in ("python", "nginx", "postgres", "valkey")}
# With what a first build takes on a slow line.
BUILD_SECONDS = 3000
STORED = """COPY (SELECT ballot_id, code, value, revision FROM weighting_score
    JOIN weighting_indicator ON weighting_indicator.id = indicator_id) TO STDOUT WITH CSV"""

PLUGGED = """#!/bin/sh
[ "$1" = compose ] && shift && exec {compose} "$@"
exec {docker} "$@"
"""


def why_not():
    """Say why no container can be started here; nothing when one can."""
    docker = shutil.which("docker")
    if not docker:
        return "no docker is installed"
    done = subprocess.run([docker, "info"], capture_output=True, text=True, check=False, timeout=60)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def named_images():
    """The settings that name the images: none where a registry is reached, else those of stand-ins."""
    asked = ["docker", "pull", "--quiet", "python:3.11-slim"]
    if subprocess.run(asked, capture_output=True, check=False, timeout=BUILD_SECONDS).returncode == 0:
        return {}
    subprocess.run(
        ["sh", ROOT / "tests" / "containers" / "images.sh"],
        check=True,
        timeout=BUILD_SECONDS,
        stdout=sys.stderr,
    )
    return {f"QUANHENG_{part.upper()}_IMAGE": image for part, image in IMAGES.items()}


@dataclass
class Containers:
    """A project of its own beside whatever else the engine runs: plain http on a port of this machine."""

    folder: Path
    images: dict[str, str]

    def __post_init__(self):
        self.port = free_port()
        self.name = f"quanheng-test-{os.getpid()}"
        self._environment = clean_environment(
            POSTGRES_PASSWORD="0a" * 16,
            QUANHENG_APP_PASSWORD="0b" * 16,
            DJANGO_SECRET_KEY="0c" * 32,
            QUANHENG_HOST="weights.example.org",
            QUANHENG_HTTPS="0",
            QUANHENG_PUBLIC_URL=f"http://127.0.0.1:{self.port}",
            QUANHENG_LISTEN=f"127.0.0.1:{self.port}",
            QUANHENG_PROXIES="1",
            **self.images,
        )

    def compose(self, *words, check=True, seconds=600):
        done = subprocess.run(
            [COMPOSE, "--project-name", self.name, *words],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def type(self, *commands, says="", settings=None):
        """Type lines into a shell, as somebody does who has a docker that knows Compose."""
        programs = self.folder / "programs"
        if not programs.exists():
            programs.mkdir()
        docker = programs / "docker"
        docker.write_text(PLUGGED.format(compose=COMPOSE, docker=shutil.which("docker")))
        docker.chmod(0o755)
        own = {"PATH": f"{programs}:{os.environ['PATH']}", "COMPOSE_PROJECT_NAME": self.name}
        done = subprocess.run(
            ["sh", "-ec", "\n".join(commands)],
            cwd=self.folder,
            env={
                **self._environment,
                **own,
                **(settings or {}),
                "COMPOSE_FILE": str(ROOT / "docker-compose.yml"),
            },
            input=says,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def manage(self, *words, service="web"):
        return self.compose("exec", "-T", service, "python", "manage.py", *words)

    @contextmanager
    def running(self, service, program):
        """Let a program of Python run in a container meanwhile; what it says at its end is then `said`."""
        words = [COMPOSE, "--project-name", self.name, "exec", "-T", service, "python", "-c", program]
        asked = subprocess.Popen(
            words, cwd=ROOT, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        result = SimpleNamespace(said="")
        try:
            asked.stdout.readline()
            yield result
            result.said = asked.communicate(timeout=60)[0]
        finally:
            asked.kill()

    def remove(self):
        self.compose("down", "--volumes", "--timeout", "5", check=False)

    def states(self):
        """Service -> what the engine says of the health of each of its containers."""
        rows = map(json.loads, self.compose("ps", "--format", "json").splitlines())
        states = {}
        for row in rows:
            states.setdefault(row["Service"], []).append(row["Health"])
        return states

    def wait_until_healthy(self, *services):
        def are_healthy():
            # To ask the engine takes a tenth of a second of a processor, which whoever saves meanwhile lacks.
            time.sleep(1)
            states = self.states()
            return all(set(states.get(service, ["away"])) == {"healthy"} for service in services)

        wait_until(are_healthy, 300, f"the health of {services}")

    def containers_of(self, service):
        return self.compose("ps", "--quiet", service).split()

    def addresses_of(self, service):
        """Where the containers of a service are found by this machine, which is at once their engine's."""
        asked = ["docker", "inspect", *self.containers_of(service)]
        shown = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        networks = [each["NetworkSettings"]["Networks"] for each in json.loads(shown)]
        return [network["IPAddress"] for by_name in networks for network in by_name.values()]

    def enrol(self, experts, items):
        """Open a round; return its experts, each with a ballot."""
        (address,) = self.addresses_of("database")
        password = self._environment["POSTGRES_PASSWORD"]
        url = f"postgresql://quanheng:{password}@{address}:5432/quanheng"
        done = subprocess.run(
            [sys.executable, "-m", "tests.containers.enrol", str(experts), str(items)],
            cwd=ROOT,
            env=clean_environment(DATABASE_URL=url, QUANHENG_VAR=self.folder, QUANHENG_HTTPS="0"),
            capture_output=True,
            text=True,
            check=True,
        )
        return [ExpertAtWork(**expert) for expert in json.loads(done.stdout)]

    def stored(self):
        """(ballot, code) -> (value, revision), as the database has it."""
        rows = self.compose(
            "exec",
            "-T",
            "database",
            "psql",
            "--username",
            "quanheng",
            "--dbname",
            "quanheng",
            "--command",
            STORED,
        )
        return {(ballot, code): (int(v), int(r)) for ballot, code, v, r in csv.reader(io.StringIO(rows))}
