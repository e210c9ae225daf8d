"""Fixtures of the whole suite: the browser, a real broker, and the product itself."""

import os

import pytest
from django.test import TransactionTestCase

from tests import chromium

# Playwright's synchronous API runs inside an event loop, where Django would refuse the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def chromium_path():
    """The browser; a machine without one fails, it does not skip."""
    return chromium.find_chromium() or pytest.fail(chromium.MISSING)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, chromium_path):
    return {**browser_type_launch_args, "executable_path": chromium_path, "args": chromium.ARGUMENTS}


@pytest.fixture(scope="session", autouse=True)
def _emptied_between_tests():
    """Let transactional tests empty the tables: the triggers go first, and come back after."""
    from weighting.immutability import drop_triggers

    flush = TransactionTestCase._fixture_teardown

    def drop_and_flush(self):
        for alias in self._databases_names(include_mirrors=False):
            drop_triggers(alias)
        flush(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", drop_and_flush)
        yield
