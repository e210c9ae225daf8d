"""gunicorn by the product's own settings (`config.gunicorn`)."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from config import web_worker
from tests.processes import PYTHON, ROOT, clean_environment, free_port, kill_tree, spawn, wait_until

BUSY = """
import pathlib, time
def application(environ, start_response):
    pathlib.Path({asked!r}).touch()
    while not pathlib.Path({told!r}).exists():
        time.sleep(0.05)
    start_response("200 OK", [])
    return [b"done"]
"""
SLOW = """
import pathlib, time
time.sleep(1)
pathlib.Path({loaded!r}).touch()
def application(environ, start_response):
    start_response("200 OK", [])
    return [b""]
"""


QUICK = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]
"""

STORING = """
import atexit, pathlib, sqlite3, threading
atexit.register(pathlib.Path({apart!r}).touch)
own = threading.local()
def application(environ, start_response):
    own.link = sqlite3.connect({database!r}, isolation_level=None)
    own.link.execute("PRAGMA journal_mode = WAL")
    own.link.execute("CREATE TABLE answers (value)")
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]
"""

STRETCHING = """
import hashlib, pathlib, threading
together, turn = threading.Barrier(20), threading.Lock()
def resident():
    return int(pathlib.Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) // 1024
def application(environ, start_response):
    # Each in a thread of its own, and one after the other.
    together.wait(60)
    before = resident()
    with turn:
        hashlib.scrypt(b"key", salt=b"salt", n=2**14, r=8, p=1, maxmem=2**25)
    together.wait(60)
    start_response("200 OK", [])
    return [str(resident() - before).encode()]
"""

LEAVING = """
import pathlib, threading, time
def run():
    time.sleep(1.5)
    pathlib.Path({done!r}).touch()
def application(environ, start_response):
    threading.Thread(target=run).start()
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]
"""

FIRST_REQUEST = """
import sys
from config.wsgi import application
from django.test import Client
loaded = set(sys.modules)
print(Client().get("/livez").status_code)
own = ("config", "weighting", "indexer", "upkeep")
print(*(name for name in set(sys.modules) - loaded if name.startswith(own)))
print(*({"openpyxl", "sentry_sdk", "typst", "pyarrow"} & loaded))
"""


def can_connect(port):
    with socket.socket() as link:
        return link.connect_ex(("127.0.0.1", port)) == 0


def test_nobody_can_connect_before_the_product_is_loaded(tmp_path):
    """A proxy goes on to another server only where it is refused."""
    loaded, port = tmp_path / "loaded", free_port()
    (tmp_path / "slow_product.py").write_text(SLOW.format(loaded=str(loaded)))
    command = [*PYTHON, "gunicorn", "slow_product", "--config", "python:config.gunicorn"]
    own = clean_environment(PYTHONPATH=tmp_path, QUANHENG_VAR=tmp_path)
    server = spawn([*command, "--bind", f"127.0.0.1:{port}"], tmp_path / "log", own)
    try:
        wait_until(lambda: can_connect(port), what="the server")
        assert loaded.exists()
    finally:
        kill_tree(server)


def test_the_numbers_of_processes_and_threads_are_settings(tmp_path):
    own = clean_environment(QUANHENG_VAR=tmp_path, QUANHENG_WEB_WORKERS=3, QUANHENG_WEB_THREADS=7)
    command = [*PYTHON, "gunicorn", "config.wsgi", "--config", "python:config.gunicorn", "--print-config"]
    told = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=True).stdout
    settings = {line.partition("=")[0].strip(): line.partition("=")[2].strip() for line in told.splitlines()}

    assert (settings["workers"], settings["threads"]) == ("3", "7")


@pytest.mark.parametrize("format", ["line", "json"])
def test_what_is_no_request_is_logged_without_what_stands_in_it(format, tmp_path):
    """A scanner that asks for a personal link without saying how, a proxy that breaks a cookie off."""
    port, log, key = free_port(), tmp_path / "log", "k" * 43
    (tmp_path / "quick_product.py").write_text(QUICK)
    command = [*PYTHON, "gunicorn", "quick_product", "--config", "python:config.gunicorn"]
    own = clean_environment(PYTHONPATH=tmp_path, QUANHENG_VAR=tmp_path, QUANHENG_LOG_FORMAT=format)
    server = spawn([*command, "--bind", f"127.0.0.1:{port}"], log, own)
    try:
        wait_until(lambda: can_connect(port), what="the server")
        for asked in (
            f"GET /in/{key}/",
            f"GET / HTTP/1.1\r\nballot_keys={key}",
            f"GET /in/{key} x/ HTTP/1.1",
        ):
            with socket.create_connection(("127.0.0.1", port)) as link:
                link.sendall(f"{asked}\r\n\r\n".encode())
                assert b"400" in link.recv(1000)
        wait_until(lambda: log.read_text().count("Invalid request") >= 3, what="the lines")
    finally:
        kill_tree(server)
    told = [line for line in log.read_text().splitlines() if "Invalid request" in line]

    assert len(told) == 3
    assert not [line for line in told if key in line or "127.0.0.1" in line]


def test_a_server_that_ends_finishes_what_it_began_and_lets_nobody_in(tmp_path):
    asked, told, port, answers = tmp_path / "asked", tmp_path / "told", free_port(), []
    (tmp_path / "busy_product.py").write_text(BUSY.format(asked=str(asked), told=str(told)))
    command = [*PYTHON, "gunicorn", "busy_product", "--config", "python:config.gunicorn"]
    own = clean_environment(PYTHONPATH=tmp_path, QUANHENG_VAR=tmp_path)
    server = spawn([*command, "--bind", f"127.0.0.1:{port}"], tmp_path / "log", own)
    address = f"http://127.0.0.1:{port}/"
    reader = threading.Thread(target=lambda: answers.append(urllib.request.urlopen(address).read()))
    try:
        wait_until(lambda: can_connect(port), what="the server")
        reader.start()
        wait_until(asked.exists, what="a request")
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: not can_connect(port), 5, "the refusal")
        assert not answers
        told.touch()
        reader.join()
        assert answers == [b"done"]
    finally:
        told.touch()
        kill_tree(server)


def test_threads_take_memory_from_what_others_gave_back(tmp_path):
    """Twenty stretch a key one after the other: each would keep 16 MB of its own, a dozen at the least."""
    port, grown = free_port(), []
    (tmp_path / "stretching_product.py").write_text(STRETCHING)
    command = [*PYTHON, "gunicorn", "stretching_product", "--config", "python:config.gunicorn"]
    own = clean_environment(PYTHONPATH=tmp_path, QUANHENG_VAR=tmp_path)
    server = spawn([*command, "--workers", "1", "--bind", f"127.0.0.1:{port}"], tmp_path / "log", own)

    def read():
        grown.append(int(urllib.request.urlopen(f"http://127.0.0.1:{port}/").read()))

    try:
        wait_until(lambda: can_connect(port), what="the server")
        readers = [threading.Thread(target=read) for _place in range(20)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    finally:
        kill_tree(server)

    assert len(grown) == 20
    assert max(grown) < 110


def test_a_server_that_ends_drops_connections_that_ask_for_nothing(tmp_path):
    """Browsers open some in advance; gunicorn by itself waits for them, or ends with an error."""
    port, log = free_port(), tmp_path / "log"
    (tmp_path / "quick_product.py").write_text(QUICK)
    command = [*PYTHON, "gunicorn", "quick_product", "--config", "python:config.gunicorn"]
    own = clean_environment(PYTHONPATH=tmp_path, QUANHENG_VAR=tmp_path)
    server = spawn([*command, "--bind", f"127.0.0.1:{port}"], log, own)
    try:
        wait_until(lambda: can_connect(port), what="the server")
        silent = socket.create_connection(("127.0.0.1", port))
        kept = http.client.HTTPConnection("127.0.0.1", port)
        kept.request("GET", "/")
        assert kept.getresponse().read() == b"done"
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        assert silent.recv(1) == kept.sock.recv(1) == b""
        assert "ERROR" not in log.read_text()
    finally:
        kill_tree(server)


HURRIED = """
from config import web_worker
web_worker.COMING_SECONDS = 1.0
def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]
"""
BEGUN = {
    "half a head": b"GET / HTTP/1.1\r\nHost: a\r\n",
    "a head alone": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nx",
}


@pytest.mark.parametrize("drips", [False, True], ids=["silent", "dripping"])
@pytest.mark.parametrize("begun", BEGUN.values(), ids=BEGUN)
def test_requests_that_never_come_whole_leave_the_threads_to_others(begun, drips, tmp_path):
    """More of them than there are threads: as phones that left their network, and none is closed."""
    port, log = free_port(), tmp_path / "log"
    (tmp_path / "hurried_product.py").write_text(HURRIED)
    command = [*PYTHON, "gunicorn", "hurried_product", "--config", "python:config.gunicorn"]
    own = clean_environment(
        PYTHONPATH=tmp_path, QUANHENG_VAR=tmp_path, QUANHENG_WEB_WORKERS="1", QUANHENG_WEB_THREADS="4"
    )
    server = spawn([*command, "--bind", f"127.0.0.1:{port}"], log, own)
    try:
        wait_until(lambda: can_connect(port), what="the server")
        links = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
        for link in links:
            link.sendall(begun)
        closed = threading.Event()

        def drip():
            while not closed.wait(0.2):
                for link in links:
                    with contextlib.suppress(OSError):
                        link.send(b"x")

        dripping = threading.Thread(target=drip)
        if drips:
            dripping.start()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
                assert answer.read() == b"done"
        finally:
            closed.set()
            if drips:
                dripping.join()
        assert "Socket error" not in log.read_text()
    finally:
        kill_tree(server)


def test_what_comes_steadily_may_take_its_time(monkeypatch):
    monkeypatch.setattr(web_worker, "COMING_SECONDS", 0.5)
    ours, theirs = socket.socketpair()
    coming = web_worker.Coming(ours)

    def send():
        for _piece in range(10):
            theirs.sendall(b"x" * 8192)
            time.sleep(0.1)

    sender = threading.Thread(target=send)
    sender.start()
    came = 0
    # Whoever is asked works in between, which does not count.
    while came < 10 * 8192:
        came += len(coming.recv(4096))
        time.sleep(0.06)
    sender.join()
    with pytest.raises(ConnectionResetError):
        coming.recv(1)


def test_a_server_that_ends_closes_its_database_and_takes_nothing_else_apart(tmp_path):
    """SQLite's log is written back by whoever closes the file last: the file is whole then."""
    apart, database, port = tmp_path / "apart", tmp_path / "database", free_port()
    (tmp_path / "storing_product.py").write_text(STORING.format(apart=str(apart), database=str(database)))
    command = [*PYTHON, "gunicorn", "storing_product", "--config", "python:config.gunicorn"]
    own = clean_environment(PYTHONPATH=tmp_path, QUANHENG_VAR=tmp_path)
    server = spawn([*command, "--bind", f"127.0.0.1:{port}"], tmp_path / "log", own)
    log = database.with_name("database-wal")
    try:
        wait_until(lambda: can_connect(port), what="the server")
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/").read() == b"done"
        assert log.exists()
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        assert not log.exists()
        assert not apart.exists()
    finally:
        kill_tree(server)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_server_that_ends_waits_for_what_a_request_left_to_a_thread(threads, tmp_path):
    """As for the disk that is emptied of the order in which many came (`weighting.turnstiles.Errand`)."""
    done, port = tmp_path / "done", free_port()
    (tmp_path / "leaving_product.py").write_text(LEAVING.format(done=str(done)))
    command = [*PYTHON, "gunicorn", "leaving_product", "--config", "python:config.gunicorn"]
    own = clean_environment(PYTHONPATH=tmp_path, QUANHENG_VAR=tmp_path, QUANHENG_WEB_THREADS=str(threads))
    server = spawn([*command, "--bind", f"127.0.0.1:{port}"], tmp_path / "log", own)
    try:
        wait_until(lambda: can_connect(port), what="the server")
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/").read() == b"done"
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        assert done.exists()
    finally:
        kill_tree(server)


def test_the_product_is_loaded_whole_before_anybody_is_let_in_and_little_else(tmp_path):
    """What the first request of each process still imports, whoever comes first waits for.

    Every start waits for what few need, such as those who take a workbook along.
    """
    done = subprocess.run(
        [sys.executable, "-c", FIRST_REQUEST],
        cwd=ROOT,
        env=clean_environment(QUANHENG_VAR=tmp_path, DJANGO_ALLOWED_HOSTS="testserver"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["200"]
