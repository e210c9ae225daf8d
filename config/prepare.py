"""What must be up to date before the programs start: ``python -m config.prepare``.

One process does it all, since loading Django takes longer than most steps. Titles go to standard
output, all else to standard error, which the launcher keeps in a log.
"""

import contextlib
import sys
from collections.abc import Iterator

import django
from django.core.management import CommandError, call_command

from config import settings
from config.catalogues import compile_catalogues

STEPS = {
    "Building the charts' scripts": ["build_vendor_js"],
    "Updating the database": ["upgrade"],
    "Checking the weight versions": ["verify_versions"],
    "Collecting the static files": ["collectstatic", "--noinput"],
}
DEMO = {"Loading the demonstration": ["load_demo"]}


def main() -> None:
    """Bring everything up to date; each step is quick when it already is."""
    # First of all: Django reads the catalogues once.
    with _announced("Compiling the messages"):
        compile_catalogues()
    django.setup()
    for title, command in (STEPS | (DEMO if settings.WITH_DEMO else {})).items():
        with _announced(title):
            call_command(*command)


@contextlib.contextmanager
def _announced(title: str) -> Iterator[None]:
    print(f"{title} ...", flush=True)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except CommandError as error:
        sys.exit(f"{title} failed: {error}")


if __name__ == "__main__":
    main()
