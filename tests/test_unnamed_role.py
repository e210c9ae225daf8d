"""A role that nobody has named yet sees and does what a stranger may, and no more."""

import importlib
import inspect
import pkgutil
from dataclasses import replace

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from indexer.services.data_sets import publish_data_set
from tests.factories import make_account, sign_in_staff
from tests.routes import find_routes, without_tokens
from weighting.enums import Role
from weighting.models import Account
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(world):
    """An account of a role that a later version of the product might have."""
    account = make_account(Role.ANALYST)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        Account.objects.filter(pk=account.pk).update(role="reviewer")
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    account.refresh_from_db()
    return account


def selectors():
    """Every function that says what an account may see."""
    for app in ("weighting", "indexer"):
        package = importlib.import_module(f"{app}.selectors")
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{app}.selectors.{info.name}")
            for name, function in inspect.getmembers(module, inspect.isfunction):
                own = function.__module__ == module.__name__
                parameters = list(inspect.signature(function).parameters)
                if own and not name.startswith("_") and parameters == ["account"]:
                    yield pytest.param(function, id=f"{info.name}.{name}")


def seen(function, account):
    found = function(account)
    if isinstance(found, QuerySet):
        return sorted(str(row.pk) for row in found.order_by())
    return str(found)


@pytest.mark.parametrize("function", selectors())
def test_a_selector_shows_an_unnamed_role_what_it_shows_a_stranger(function, reviewer):
    stranger = Account(role="reviewer", pk=reviewer.pk + 1000)
    assert seen(function, reviewer) == seen(function, stranger)
    if "None" in str(inspect.signature(function).parameters["account"].annotation):
        assert seen(function, reviewer) == seen(function, None)


def test_some_selectors_show_a_named_role_more(world):
    """The control: there is something to be seen."""
    analyst = make_account(Role.ANALYST)
    more = [function.values[0] for function in selectors() if seen(function.values[0], analyst)]
    assert len(more) > 5


SIGN_IN_PAGES = {"weighting:sign-in", "account_login", "mfa_authenticate"}


def test_every_address_answers_an_unnamed_role_as_it_answers_a_stranger(world, reviewer):
    publish_data_set(world.data_set, actor=world.manager)
    publish_version(world.version, actor=world.manager)
    named = make_account(Role.ANALYST)
    visitors = {
        "reviewer": sign_in_staff(Client(raise_request_exception=False), reviewer),
        "named": sign_in_staff(Client(raise_request_exception=False), named),
    }
    world = replace(world, visitors=world.visitors | visitors)
    differing, told_apart = [], 0
    for route in find_routes():
        # Whoever is signed in at all is led on from the page that signs in.
        if route.name.startswith("admin:") or route.name in SIGN_IN_PAGES:
            continue
        address = world.address_of(route)
        for method in ("GET", "POST"):
            answers = [world.ask(visitor, method, address) for visitor in ("anonymous", "reviewer", "named")]
            stranger, own, known = [(a.status_code, without_tokens(a.getvalue())) for a in answers]
            if stranger != own:
                differing.append((method, address, stranger[0], own[0]))
            told_apart += known != own

    assert differing == []
    # The control: for a role that is named the same walk sees a difference.
    assert told_apart > 50
