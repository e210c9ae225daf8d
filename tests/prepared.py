"""Databases that are migrated already, so that not every test process does it itself.

Each is made once for a build of the product, by `manage.py migrate`, and kept in build/prepared.
"""

import fcntl
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager

from config.build import build_fingerprint
from tests.processes import ROOT, clean_environment

FOLDER = ROOT / "build" / "prepared"
# On a server of PostgreSQL: the database that those of the tests are copied from.
TEMPLATE = "migrated"


def place_database(path):
    """Put a migrated SQLite database there."""
    with _prepared("sqlite3", lambda made: _migrate(f"sqlite:///{made}")) as file:
        shutil.copyfile(file, path)


def place_template(server):
    """Put the migrated template into a server of PostgreSQL, for `CREATE DATABASE`."""
    with _prepared("sql", lambda made: _dump_migrated(server, made)) as file:
        _run(server, "psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={file}")


@contextmanager
def _prepared(kind, make):
    """Yield this build's file, made where there is none; nobody makes or removes one meanwhile."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file, part = FOLDER / f"{build_fingerprint(ROOT)}.{kind}", FOLDER / f"part.{kind}"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            for old in FOLDER.glob(f"*.{kind}*"):
                old.unlink()
            make(part)
            part.rename(file)
        yield file


def _migrate(url):
    with tempfile.TemporaryDirectory(prefix="quanheng-migrate-") as var:
        environment = clean_environment(DATABASE_URL=url, QUANHENG_VAR=var)
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _dump_migrated(server, path):
    server.psql(f"CREATE DATABASE {TEMPLATE};")
    _migrate(server.get_uri(TEMPLATE))
    _run(server, "pg_dump", "--create", f"--file={path}", database=TEMPLATE)
    server.psql(f"DROP DATABASE {TEMPLATE};")


def _run(server, program, *options, database=None):
    subprocess.run([server.bin_path / program, *options, server.get_uri(database)], check=True)
