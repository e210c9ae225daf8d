"""The proxy of the compose file, in a real nginx: it follows the product wherever it is, and logs no key."""

import json
import os
import shutil
import socketserver
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.processes import free_port, kill_tree, spawn, wait_until
from tests.test_compose import ROOT, SECRETS, compose

NGINX = os.environ.get("NGINX") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = pytest.mark.skipif(
    not NGINX, reason="THE PROXY IS NOT TESTED: no nginx here (apt install nginx-light)"
)

MAIN = (
    "daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ {temporary} {server} }}"
)
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
FIRST, SECOND = "127.0.0.2", "127.0.0.3"
TOKEN = "a-key-that-nobody-may-log"


class Names(socketserver.ThreadingUDPServer):
    """A name server whose names all lead to the same addresses, but for those that have their own."""

    allow_reuse_address = True

    def __init__(self):
        self.addresses, self.own = [], {}
        super().__init__(("127.0.0.1", 0), None)

    def finish_request(self, request, client_address):
        question, socket = request
        labels, _end, kind = question[12:].partition(b"\0")
        name = labels[1 : 1 + labels[0]].decode()
        answers = self.own.get(name, self.addresses) if kind[:2] == b"\0\1" else []
        body = question[12 : question.index(b"\0", 12) + 5]
        head = question[:2] + b"\x85\x80\0\1" + len(answers).to_bytes(2, "big") + bytes(4)
        records = [b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + bytes(map(int, one.split("."))) for one in answers]
        socket.sendto(head + body + b"".join(records), client_address)


class Product(BaseHTTPRequestHandler):
    """Says who was asked for what; it lacks whatever bears its own address in its name."""

    def do_GET(self):
        address = self.server.server_address[0]
        told = {"by": address, "path": self.path, "headers": dict(self.headers)}
        self.send_response(404 if address in self.path else 200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *args):
        pass


@contextmanager
def serving(server):
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def product_at(address, port):
    return serving(ThreadingHTTPServer((address, port), Product))


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """The nginx of the compose file, with nobody behind it yet: address, names, the product's port, log."""
    folder, product_port, port = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    server = json.loads(compose(ROOT / "docker-compose.yml", SECRETS).stdout)["configs"]["proxy"]["content"]
    with serving(Names()) as names:
        # What the image's entrypoint does with the template, and the ports of this machine.
        server = server.replace("$$", "$").replace(
            "${NGINX_LOCAL_RESOLVERS}", f"127.0.0.1:{names.server_address[1]}"
        )
        server = server.replace("listen 80;", f"listen 127.0.0.1:{port};").replace(
            ":8000", f":{product_port}"
        )
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in TEMPORARY)
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, temporary=temporary, server=server))
        process = spawn([NGINX, "-p", folder, "-c", folder / "nginx.conf"], folder / "out", dict(os.environ))
        try:
            wait_until(lambda: get(f"http://127.0.0.1:{port}/")[0], what="nginx")
            yield f"http://127.0.0.1:{port}", names, product_port, folder / "error.log"
        finally:
            kill_tree(process)


def get(address, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, {}
    except OSError:
        return 0, {}


def test_it_starts_alone_and_follows_the_product_to_another_address(proxy):
    address, names, port, _log = proxy
    assert get(address) == (502, {})

    with product_at(FIRST, port):
        names.addresses = [FIRST]
        wait_until(lambda: get(address)[0] == 200, what="the product's first address")
    assert get(address)[0] == 502
    with product_at(SECOND, port):
        names.addresses = [SECOND]
        moved = time.monotonic()
        wait_until(lambda: get(address)[0] == 200, what="the product's second address")
        assert get(address)[1]["by"] == SECOND
        # Within the seconds of the settings; a busy machine takes its time.
        assert time.monotonic() - moved < 30


def test_of_several_it_asks_those_that_answer(proxy):
    address, names, port, _log = proxy
    names.addresses = [FIRST, SECOND]
    with product_at(FIRST, port), product_at(SECOND, port):
        wait_until(lambda: {get(address)[1].get("by") for _ in range(4)} == {FIRST, SECOND}, what="both")
    with product_at(SECOND, port):
        assert {get(address)[1].get("by") for _request in range(20)} == {SECOND}


def test_the_figures_of_each_web_server_have_an_address_of_their_own(proxy):
    address, names, port, _log = proxy
    names.addresses, names.own = [FIRST, SECOND], {"web": [FIRST], "twin": [SECOND]}
    with product_at(FIRST, port), product_at(SECOND, port):
        wait_until(lambda: get(f"{address}/metrics/twin")[0] == 200, what="the twin")
        for _time in range(4):
            told = [get(address + path)[1] for path in ("/metrics", "/metrics/twin")]
            assert [(each["by"], each["path"]) for each in told] == [
                (FIRST, "/metrics"),
                (SECOND, "/metrics"),
            ]


def test_a_style_that_one_release_alone_brings_is_found_while_both_serve(proxy):
    address, names, port, _log = proxy
    names.addresses = [FIRST, SECOND]
    with product_at(FIRST, port), product_at(SECOND, port):
        wait_until(lambda: {get(address)[1].get("by") for _ in range(4)} == {FIRST, SECOND}, what="both")
        for time_ in range(4):
            # Control: elsewhere what is missing is missing. One that was slow is passed by for a while.
            wait_until(lambda: get(f"{address}/{FIRST}")[0] == 404, what="what is missing to be missing")
            assert get(f"{address}/static/{FIRST}-{time_}.css")[1]["by"] == SECOND


def test_addresses_and_who_asks_are_handed_on_as_they_came(proxy):
    address, names, port, _log = proxy
    names.addresses = [FIRST]
    with product_at(FIRST, port):
        wait_until(lambda: get(address)[0] == 200, what="the product")
        path = "/a%2Fb/%E6%9D%83?x=1&y=%20"
        sent = {"Host": "weights.example.org", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
        told = get(address + path, **sent)[1]

    assert told["path"] == path
    assert {name: told["headers"][name] for name in sent} == sent | {
        "X-Forwarded-For": "192.0.2.1, 127.0.0.1"
    }


def test_no_key_is_logged_when_nobody_answers(proxy):
    address, names, _port, log = proxy
    names.addresses = [FIRST]

    wait_until(lambda: get(f"{address}/in/{TOKEN}/")[0] == 502, what="a refusal")
    get(f"{address}/elsewhere")
    assert TOKEN not in log.read_text()
    # Control: what is no key is logged when it is refused.
    assert "/elsewhere" in log.read_text()


def test_strangers_are_counted_by_the_address_that_the_site_heard(proxy):
    """Another address, a session and a ballot are let through; so are three hundred experts of one house."""
    address, names, port, _log = proxy
    names.addresses = [FIRST]

    def told(path, heard, times, **headers):
        return [
            get(address + path, **{"X-Forwarded-For": f"1.2.3.4, {heard}"}, **headers)[0]
            for _ in range(times)
        ]

    with product_at(FIRST, port):
        wait_until(lambda: get(address)[0] == 200, what="the product")
        flood = told("/runs/1/map.svg", "203.0.113.1", 60)
        assert (flood[0], flood[-1]) == (200, 429)
        assert 40 <= flood.count(200) <= 45
        assert told("/runs/1/map.svg", "203.0.113.2", 1) == [200]
        known = ("ballot_keys=x", "a=b; sessionid=y", "__Host-ballot_keys=x; a=b", "__Secure-pending_token=z")
        for cookie in known:
            assert set(told("/runs/1/map.svg", "203.0.113.1", 60, Cookie=cookie)) == {200}
        for path in ("/in/a-token/", "/in/", "/ballot/key.png", "/static/base.css"):
            assert set(told(path, "203.0.113.1", 300)) == {200}
