"""The numeric packages stand alone: a process that imports all of them loads no framework."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOREIGN = ("django", "rest_framework", "celery", "pandas")
PROGRAM = """
import importlib, pkgutil, sys
for name in ("weighting.numeric", "indexer.numeric"):
    package = importlib.import_module(name)
    for info in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(info.name)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def modules_loaded_with(*further):
    command = [sys.executable, "-c", PROGRAM, *further]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def loaded():
    return modules_loaded_with()


@pytest.mark.parametrize("foreign", FOREIGN)
def test_numeric_loads_nothing_foreign(loaded, foreign):
    assert foreign not in loaded
    assert {"weighting", "indexer", "numpy"} <= loaded


@pytest.mark.parametrize("foreign", FOREIGN)
def test_control_an_import_would_be_seen(foreign):
    assert foreign in modules_loaded_with(foreign)
