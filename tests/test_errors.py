"""Errors are reported where a collector is named: which lines they came through, and never with what."""

import gzip
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.processes import ROOT, clean_environment

SECRET = "an-experts-answer-4711"
PROGRAM = f"""
import sys, types
import django
django.setup()
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from config.celery import app

def broken(request):
    answer = {SECRET!r}
    raise LookupError("the answer was " + answer)

@app.task(name="broken")
def broken_job(answer):
    raise KeyError(answer)

urls = types.ModuleType("urls_that_break")
urls.urlpatterns = [path("broken/", broken)]
urls.handler500 = lambda request: HttpResponse(status=500)
sys.modules["urls_that_break"] = urls
settings.ROOT_URLCONF = "urls_that_break"
settings.ALLOWED_HOSTS = ["testserver"]
settings.MIDDLEWARE = []
client = Client(raise_request_exception=False, headers={{"Cookie": "qh=" + {SECRET!r}}})
client.post("/broken/?answer=" + {SECRET!r}, {{"answer": {SECRET!r}}}, REMOTE_ADDR="192.0.2.77")
broken_job.apply((" " + {SECRET!r},))
import sentry_sdk
sentry_sdk.flush(10)
"""


@pytest.fixture
def collector():
    """A collector on the loopback interface, which keeps what it is sent."""
    taken = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://key@127.0.0.1:{server.server_port}/1", taken
    server.shutdown()
    server.server_close()


def reports_of(bodies):
    """The events in the envelopes: every line after a header of its own."""
    found = []
    for body in bodies:
        lines = body.decode().splitlines()
        found += [json.loads(line) for line in lines[1:] if "exception" in json.loads(line)]
    return found


def test_a_page_and_a_job_that_break_are_reported_without_what_they_held(collector, tmp_path):
    address, taken = collector
    environment = clean_environment(QUANHENG_VAR=tmp_path, QUANHENG_ERRORS_DSN=address)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90
    )
    reports = reports_of(taken)

    assert [one["exception"]["values"][-1]["type"] for one in reports] == ["LookupError", "KeyError"], (
        done.stderr
    )
    lines = reports[0]["exception"]["values"][-1]["stacktrace"]["frames"]
    assert [lines[-1]["function"], lines[-1]["lineno"] > 0] == ["broken", True]
    sent = b"".join(taken).decode()
    assert [held for held in (SECRET, "192.0.2.77", "testserver") if held in sent] == []
    assert reports[0]["release"]
    for one in reports:
        assert not {"request", "user", "extra", "contexts", "server_name", "breadcrumbs"} & set(one)
