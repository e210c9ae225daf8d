"""Fixtures of the whole suite: the browser, a real broker, and the product itself."""

import os

import pytest

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
