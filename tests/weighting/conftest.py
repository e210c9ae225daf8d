"""A round that an expert is invited to, made once for all tests of a file."""

from copy import deepcopy

import pytest

from tests import factories


@pytest.fixture(scope="module")
def round_of_the_file(undone_after_the_file):
    return factories.make_round()


@pytest.fixture
def round_(round_of_the_file):
    """A copy for each test; what a test changes is undone."""
    return deepcopy(round_of_the_file)


@pytest.fixture
def round_manager(round_):
    return round_.managers.get()


@pytest.fixture
def invitation(round_):
    return factories.make_invitation(round_)


@pytest.fixture
def expert(client, invitation):
    """The browser of an expert who came in by the link."""
    return factories.sign_in_expert(client, invitation)
