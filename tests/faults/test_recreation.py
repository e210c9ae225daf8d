"""Web, broker and database are made anew at other addresses while experts save: all follow, nothing is lost.

As containers that are recreated: the proxy is that of the compose file, and what finds a part is a name.
"""

import itertools
import json
import socket
import tempfile
import threading
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.db import connection, connections

from benchmarks.serving import PRODUCT, enrol
from config.broker import socket_path
from config.gunicorn import COUNTS
from tests.faults.autosave import EXPERTS, ITEMS, PATIENCE, Typist, find_losses, total
from tests.numbers import in_full
from tests.nursery import begin
from tests.processes import clean_environment, database_url, kill_tree, running_valkey, wait_until
from tests.test_proxy import FIRST, NGINX, SECOND, proxy

__all__ = ["proxy"]
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not NGINX, reason="THE PROXY IS NOT TESTED: no nginx here (apt install nginx-light)"),
]

TIMES = in_full(20, otherwise=2)
SOCKET = ".s.PGSQL.5432"
# Seconds between two saves: experts without a pause would take the processors from the servers that begin.
PAUSE = 0.05


class Relay(threading.Thread):
    """An address of the database: hands on what is said to a socket of its own, until it is taken away."""

    def __init__(self, folder, server):
        super().__init__(daemon=True)
        self._server, self._open = server, []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen(64)
        self.start()

    def run(self):
        with suppress(OSError):
            while True:
                near, far = self._listener.accept()[0], socket.socket(socket.AF_UNIX)
                far.connect(self._server)
                self._open += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._hand_on, args=pair, daemon=True).start()

    def close(self):
        for each in [self._listener, *self._open]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    @staticmethod
    def _hand_on(source, target):
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Installation:
    """Parts that are found by names, as containers are: a name server's, and links to where sockets lie."""

    _places = itertools.count()

    def __init__(self, folder, names, port, parts):
        self.folder, self._names, self._port, self._parts = folder, names, port, parts
        self._addresses = itertools.cycle([FIRST, SECOND])
        self.web = self._broker = self._relay = None

    def recreate_broker(self):
        """End the broker, begin another elsewhere, and let the name lead there."""
        if self._broker:
            self._broker.close()
        place = self._place()
        self._broker = self._parts.enter_context(ExitStack())
        self._broker.enter_context(running_valkey(place))
        self._lead("broker", socket_path(place))

    def recreate_database(self):
        """Take the database's address away with every connection to it, and give it another."""
        if connection.vendor == "sqlite":
            return
        if self._relay:
            self._relay.close()
        place = self._place()
        url = database_url()
        self._relay = Relay(place, f"{url.partition('host=')[2]}/{SOCKET}")
        self._lead("database", place)

    def recreate_web(self):
        """Begin another web server at another address, end the one before, and tell the name server last."""
        address, before = next(self._addresses), self.web
        url = database_url()
        if connection.vendor == "postgresql":
            url = url.partition("host=")[0] + f"host={self.folder / 'database'}"
        own = {
            "DATABASE_URL": url,
            "REDIS_URL": f"redis+socket://{self.folder / 'broker'}",
            "QUANHENG_VAR": settings.VAR_DIR,
            "DJANGO_ALLOWED_HOSTS": f"127.0.0.1,{FIRST},{SECOND}",
            COUNTS: self.folder,
        }
        command = ["gunicorn", PRODUCT, "--config", "python:config.gunicorn"]
        command += ["--bind", f"{address}:{self._port}"]
        log = self.folder / f"web-{next(self._places)}.log"
        self.web = begin(clean_environment(**own), *command, log=log)
        self._parts.callback(kill_tree, self.web)
        wait_until(lambda: ask(f"http://{address}:{self._port}/livez")[0] == 200, PATIENCE, "a web server")
        if before:
            kill_tree(before)
        self._names.addresses = [address]

    def workers(self):
        return {child.pid for child in psutil.Process(self.web.pid).children()}

    def _place(self):
        place = self.folder / str(next(self._places))
        place.mkdir()
        return place

    def _lead(self, name, place):
        """Let a name lead elsewhere at one moment."""
        new = self.folder / f"{name}.new"
        new.symlink_to(place)
        new.replace(self.folder / name)


def ask(address):
    """The status and the words of one answer; (0, '') when nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError:
        return 0, ""


@pytest.fixture(scope="module")
def folder():
    # Sockets have short names.
    with tempfile.TemporaryDirectory(prefix="qh-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def installation(proxy, folder):
    _address, names, port, _log = proxy
    with ExitStack() as parts:
        made = Installation(folder, names, port, parts)
        made.recreate_broker()
        made.recreate_database()
        made.recreate_web()
        yield made


@contextmanager
def experts_at_work(address):
    experts, stop = enrol(EXPERTS, ITEMS), threading.Event()
    connections.close_all()

    class Door:
        port = int(address.rpartition(":")[2])

    typists = [Typist(Door, expert, stop, pause=PAUSE) for expert in experts]
    for typist in typists:
        typist.start()
    try:
        yield typists
    finally:
        stop.set()
        for typist in typists:
            typist.join()


def wait_for_saves(typists):
    """Wait until every expert has saved once more, or one of them met something wrong."""
    before = [typist.saves for typist in typists]
    wait_until(
        lambda: (
            any(typist.wrong for typist in typists)
            or all(typist.saves > count for typist, count in zip(typists, before, strict=True))
        ),
        PATIENCE,
        "saves of all",
    )


def broker_of(address):
    words = ask(f"{address}/healthz")[1]
    return json.loads(words)["broker"] if words.startswith("{") else ""


def test_parts_that_are_made_anew_elsewhere_are_followed_and_no_save_is_lost(installation, proxy):
    address = proxy[0]
    with experts_at_work(address) as typists:
        wait_for_saves(typists)
        for _time in range(TIMES):
            installation.recreate_web()
            wait_for_saves(typists)
            workers = installation.workers()
            installation.recreate_database()
            wait_for_saves(typists)
            installation.recreate_broker()
            wait_for_saves(typists)
            wait_until(lambda: broker_of(address) == "ok", PATIENCE, "the broker's new address")
            # Nobody was ended for what befell another.
            assert installation.workers() == workers
            assert ask(f"{address}/readyz")[0] == 200
    losses = find_losses(typists)

    counts = {what: total(typists, what) for what in ("saves", "refused", "broken")}
    print(f"made anew on {connection.vendor}: {TIMES} times each, {counts}, lost {len(losses)}")
    assert losses == []


def test_a_server_whose_new_address_nobody_tells_is_not_found(installation, proxy):
    """Control."""
    address, names, _port, _log = proxy
    wait_until(lambda: ask(f"{address}/readyz")[0] == 200, PATIENCE, "the product")
    old = names.addresses
    installation.recreate_web()
    names.addresses = old

    wait_until(lambda: ask(f"{address}/readyz")[0] == 502, PATIENCE, "a refusal")
