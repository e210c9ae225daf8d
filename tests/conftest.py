"""Fixtures of the whole suite: the browser, the database and a real broker."""

import gc
import logging
import os
import shutil
import time

import hypothesis
import kombu.pools
import pytest
from _pytest import runner
from django.conf import settings
from django.db import connection, transaction
from django.template import Template
from django.test import TransactionTestCase
from django.test.utils import instrumented_test_render
from django.utils import translation

from config import celery_app
from config.catalogues import compile_catalogues
from tests import chromium
from tests.prepared import place_database
from tests.processes import kill_tree, running_valkey, start_worker
from tests.room import with_room
from weighting.confined import Broke

# Playwright's synchronous API runs inside an event loop, where Django would refuse the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# Whoever runs the suite meets the same examples, and how quick the machine is says nothing.
hypothesis.settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")


def pytest_configure():
    """Compile the catalogues, which git does not keep, where they are missing or old."""
    if settings.SETTINGS_MODULE != "tests.settings":
        raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: the tests have settings of their own.")
    compile_catalogues()


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for no garbage while files are loaded, nearly all of which stays: a fourteenth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish():
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
@with_room
def pytest_runtest_protocol(item, nextitem):
    """Run a test as pytest does, with room for all that it calls."""
    return runner.pytest_runtest_protocol(item, nextitem)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hand files out in a way of our own where they are handed out by file."""
    from tests.scheduling import ByFile

    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def django_db_keepdb():
    """Let Django take the database that it finds, or on PostgreSQL a copy of the template."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Put a migrated database where Django looks for it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "config.sqlite":
        place_database(database["TEST"]["NAME"])


@pytest.fixture(scope="module")
def undone_after_the_file(django_db_setup, django_db_blocker):
    """Let fixtures of a whole file fill the database; what a test changes of it is undone after the test."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(undone_after_the_file):
    """The world of all routes, once for a file."""
    # Nothing of the product is imported before Django is set up.
    from tests.routes import make_world

    logging.disable(logging.ERROR)
    yield make_world()
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="session")
def chromium_path():
    """The browser; a machine without one fails, it does not skip."""
    return chromium.find_chromium() or pytest.fail(chromium.MISSING)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, chromium_path):
    return {**browser_type_launch_args, "executable_path": chromium_path, "args": chromium.ARGUMENTS}


@pytest.fixture(scope="session", autouse=True)
def _emptied_between_tests():
    """Let transactional tests empty what they filled, in place of all tables and of what migrations wrote."""
    from tests.emptying import empty
    from tests.weighting.errands import settled
    from weighting.services.residue import EMPTYING, FORGETTING
    from weighting.turnstiles import Errand

    run_again_later = Errand._run_again_later

    def run_again_outside_of_a_test(self):
        # What acts in a test's own transaction is in its own way, and a second later another test runs.
        if not connection.in_atomic_block:
            run_again_later(self)

    def empty_all(self):
        # Their threads would find the tables in the way.
        for errand in (FORGETTING, EMPTYING):
            settled(errand)
        for alias in self._databases_names(include_mirrors=False):
            empty(alias)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_all)
        patch.setattr(Errand, "_run_again_later", run_again_outside_of_a_test)
        yield


@pytest.fixture(autouse=True)
def _new_files_to_read(request):
    """Give a test that reads PostgreSQL's files such in which nothing of the tests before it stands."""
    if request.node.get_closest_marker("alone") and connection.vendor == "postgresql":
        from tests.emptying import make_files_anew

        request.getfixturevalue("transactional_db")
        make_files_anew(connection.alias)


@pytest.fixture(autouse=True)
def _language_of_the_settings():
    """A request leaves its visitor's language active, and the next test must not meet it."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _guesses_in_one_quarter(monkeypatch):
    """Let the quarter of an hour in which guesses are counted begin with the test, lest it end in one."""
    from weighting.services import attempts

    passed = time.time() % attempts.WINDOW_SECONDS
    monkeypatch.setattr(
        attempts,
        "current_window",
        lambda: int(attempts.timezone.now().timestamp() - passed) // attempts.WINDOW_SECONDS,
    )


@pytest.fixture(autouse=True)
def _drawn_here(request, monkeypatch):
    """Draw pictures by the product's own program, but in this process.

    To start one takes five times what drawing takes, and hundreds are drawn. Tests marked ``confined`` start
    one as the product does, and so does every product that the suite starts.
    """
    if not request.node.get_closest_marker("confined"):
        monkeypatch.setattr("weighting.drawing.run_confined", _draw_here)


def _draw_here(_program, data, format, *, limits):
    # Loading the library takes a while, and few test files draw.
    from weighting.picture_program import drawn

    try:
        return drawn(data, format)
    except Exception as error:
        raise Broke from error


@pytest.fixture(scope="session", autouse=True)
def _parts_untold(django_test_environment):
    """Let Django tell the test client of the template that a view renders, and of none that is a part of it.

    For each of the dozens of parts of a page it copies the context, a tenth of what an answer takes.
    """

    def render(template, context):
        if context.template is template:
            return instrumented_test_render(template, context)
        return template.nodelist.render(context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture
def manager():
    """The account of a manager."""
    from tests.factories import make_account

    return make_account()


@pytest.fixture
def manager_signed_in(client, manager):
    """Let the test's client be the manager's browser: files of a manager's pages say so in their marks."""
    from tests.factories import sign_in_staff

    sign_in_staff(client, manager)


@pytest.fixture
def analyst(client):
    """The browser of an analyst who is signed in."""
    from tests.factories import make_account, sign_in_staff
    from weighting.enums import Role

    return sign_in_staff(client, make_account(Role.ANALYST))


@pytest.fixture
def parts_told(monkeypatch):
    """Let Django tell the test client of every part of a page."""
    monkeypatch.setattr(Template, "_render", instrumented_test_render)


@pytest.fixture
def valkey(settings):
    """A real, empty broker where the settings look for one."""
    folder = settings.VAR_DIR / "broker"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with running_valkey(folder) as url:
        assert url == settings.CELERY_BROKER_URL
        yield url
    # Links to a server that is gone would greet the next test.
    kombu.pools.reset()
    celery_app._after_fork()


@pytest.fixture
def celery_worker_process(valkey, transactional_db, tmp_path):
    """Start real workers on the test's database and broker: ``celery_worker_process(**environment)``."""
    started = []

    def start(**environment):
        started.append(start_worker(tmp_path / f"worker{len(started)}.log", **environment))
        return started[-1]

    yield start
    for process in started:
        kill_tree(process)
