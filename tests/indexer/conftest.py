"""Copies of what a file makes once for all of its tests: `run_of_the_file`, `runs_of_the_file`."""

from copy import deepcopy

import pytest


@pytest.fixture
def run(run_of_the_file):
    """A copy for each test; what a test changes is undone."""
    return deepcopy(run_of_the_file)


@pytest.fixture
def runs(runs_of_the_file):
    return deepcopy(runs_of_the_file)
