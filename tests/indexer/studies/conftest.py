"""A finished run of a panel's weights, made once for all tests of a file."""

import pytest

from tests.indexer.study_runs import make_panel_run


@pytest.fixture(scope="module")
def run_of_the_file(request, undone_after_the_file):
    """What the file's own ``make_run`` makes, where it has one."""
    return getattr(request.module, "make_run", make_panel_run)()
