"""What benchmarks of pages start from: an installation of their own, with static files and the demo."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_installation(variable: str) -> Iterator[None]:
    """Set Django up on SQLite in a temporary folder, or in the one that the environment's variable names."""
    with tempfile.TemporaryDirectory(prefix="quanheng-bench-") as temporary:
        folder = os.environ.get(variable, "") or temporary
        os.environ |= {
            "QUANHENG_VAR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
            "DJANGO_LOG_LEVEL": "ERROR",
            "DJANGO_ALLOWED_HOSTS": "testserver",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            # As the servers have it.
            "OPENBLAS_NUM_THREADS": "1",
        }
        import django

        django.setup()
        prepare()
        yield


def prepare(*, demo: bool = False) -> None:
    """Make the tables and the static files, and load the demonstration, computed, where it is wanted."""
    from django.core.management import call_command

    steps = [["build_vendor_js"], ["migrate"], ["collectstatic", "--noinput"]]
    for step in [*steps, ["load_demo", "--compute"]] if demo else steps:
        call_command(*step, verbosity=0)
