"""Databases of their own, in which real commands run as somebody at a terminal runs them."""

import subprocess
import sys
import uuid
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
from django.db import connection

from tests.prepared import TEMPLATE, place_database
from tests.processes import ROOT, clean_environment, database_url
from upkeep.copies.archive import lines_of, open_archive, read_head
from upkeep.copies.prints import print_of

# What the code of that time made: two frozen versions, two runs, a draft, an open round with a ballot.
RELEASES = Path(__file__).with_name("releases")
# A walk through all migrations makes models at each step: a fifth of its time went to looking for garbage.
BEGIN = """
import gc
gc.disable()
import django
django.setup()
from django.core.management import call_command as call
"""
COPY = """
from pathlib import Path
from upkeep.copies.backup import write_copy_of_any_state, write_copy_to
write_copy_to(Path({path!r}), write_copy_of_any_state)
"""


class Store:
    """A new database of the kind of the running test, empty or migrated; its copies lie in ``var/copies``."""

    def __init__(self, folder, *, migrated=False):
        self.folder = folder
        self._url, self._drop = _new_database(folder, migrated)

    @property
    def copies(self):
        return self.folder / "var" / "copies"

    def run(self, program):
        """Run Python in the product; return what it prints, or why it stopped."""
        done = subprocess.run(**self._said(program), capture_output=True, check=False)
        return done.stdout + done.stderr

    def begin(self, program):
        """Begin a program, whose words are read as they come."""
        return subprocess.Popen(**self._said(program), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end(self):
        self._drop()

    def _said(self, program):
        own = {"QUANHENG_VAR": self.folder / "var", "DATABASE_URL": self._url, "DJANGO_LOG_LEVEL": "ERROR"}
        return {
            "args": [sys.executable, "-c", BEGIN + program],
            "env": clean_environment(**own),
            "cwd": ROOT,
            "text": True,
        }


def _new_database(folder, migrated):
    if connection.vendor == "sqlite":
        if migrated:
            place_database(folder / "own.sqlite3")
        return f"sqlite:///{folder}/own.sqlite3", lambda: None
    name, url = f"ways_{uuid.uuid4().hex}", database_url()
    _execute(url, f"CREATE DATABASE {name}" + (f" TEMPLATE {TEMPLATE}" if migrated else ""))
    new = url.replace(connection.settings_dict["NAME"], name)
    return new, partial(_execute, url, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(url, statement):
    with closing(psycopg.connect(url, autocommit=True)) as server:
        server.execute(statement)


def prints(path):
    """What tells the rows of a copy from others, whatever order they or their documents have."""
    with open_archive(str(path)) as archive:
        return {name: print_of(lines_of(archive, name)) for name in read_head(archive).tables}
