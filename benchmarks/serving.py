"""A round, its experts' browsers, and the servers they save to: what autosave is measured with."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tests.factories import make_round
from weighting.enums import Role
from weighting.models import Account, Indicator, Invitation, Round
from weighting.selectors.claims import SECRET_BYTES, Claim, new_key
from weighting.selectors.rounds import invitations_of
from weighting.services.claims import claim_ballot
from weighting.services.frameworks import import_framework
from weighting.services.panels import import_panel

ROOT = Path(__file__).resolve().parent.parent
PRODUCT, BARE = "config.wsgi", "benchmarks.bare:application"
WORKERS = 2
CLIENT = "benchmark"


@dataclass
class Answer:
    """What the server acknowledged, and the seconds it took."""

    status: int
    body: dict[str, object]
    seconds: float


@dataclass
class ExpertAtWork:
    """One expert's browser: a ballot key, a CSRF cookie, and the revision of each item that it saw."""

    keys: str
    ballot: str
    items: dict[str, int]
    csrf: str

    def save(self, port: int, code: str, value: int, seen: int) -> Answer:
        """Save one answer to the product, as the page's script does."""
        fields = {"value": value, "seen": seen, "client": CLIENT}
        headers = {
            "Cookie": f"{settings.BALLOT_COOKIE_NAME}={self.keys}; csrftoken={self.csrf}",
            "X-CSRFToken": self.csrf,
            "Accept": "application/json",
        }
        return _post(port, f"/ballot/items/{code}/", fields, headers)

    def upsert(self, port: int, code: str, value: int) -> Answer:
        """Upsert the same row through the bare view."""
        return _post(port, "/", {"ballot": self.ballot, "indicator": self.items[code], "value": value}, {})


def _post(port: int, path: str, fields: dict[str, object], headers: dict[str, str]) -> Answer:
    started = time.perf_counter()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        link.request("POST", path, urllib.parse.urlencode(fields), headers | form)
        response = link.getresponse()
        body = response.read()
    finally:
        link.close()
    seconds = time.perf_counter() - started
    is_json = "json" in response.getheader("Content-Type", "")
    return Answer(response.status, json.loads(body) if is_json else {}, seconds)


def enrol(experts: int, items: int) -> list[ExpertAtWork]:
    """Open a round that asks ``experts`` about ``items`` indicators; return them, signed in."""
    round_ = open_large_round(experts, items)
    codes = dict(Indicator.objects.filter(framework=round_.framework_id).values_list("code", "pk"))
    return [_claim(invitation, codes) for invitation in invitations_of(round_).select_related("round")]


def open_large_round(experts: int, items: int) -> Round:
    """Open a round that asks ``experts`` about ``items`` indicators, of a manager of its own."""
    token = secrets.token_hex(4)
    manager = Account.objects.create_user(username=f"manager-{token}", role=Role.MANAGER)
    rows = "".join(f"i{n},,指标{n},Indicator {token} {n},1,,\n" for n in range(items))
    framework = import_framework(
        source=f"code,parent,name_zh,name_en,direction,unit,note\n{rows}".encode(),
        filename="framework.csv",
        name_zh="压力测试",
        name_en="Load",
        actor=manager,
    )
    people = "".join(
        f"E{n:03},Expert {n},{token}-{n}@panel.example,,academic,zh-hans\n" for n in range(experts)
    )
    panel = import_panel(
        source=f"code,name,email,organisation,sector,language\n{people}".encode(),
        filename="panel.csv",
        name=f"Panel {token}",
        actor=manager,
    )
    return make_round(manager=manager, framework=framework, panel=panel, parents=[None], quorum=2)


def _claim(invitation: Invitation, items: dict[str, int]) -> ExpertAtWork:
    """Claim an invitation, and keep the cookie that following the personal link would have set."""
    key, secret = new_key(), secrets.token_hex(SECRET_BYTES)
    ballot = claim_ballot(Claim(invitation, secret, key))
    return ExpertAtWork(key + secret, str(ballot.pk), items, secrets.token_hex(16))


@contextmanager
def serving(application: str, log: Path) -> Iterator[int]:
    """Serve as the product is served, by gunicorn with its settings; yield the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", application, "--config", "python:config.gunicorn"]
    with log.open("w") as out:
        server = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)],
            cwd=ROOT,
            env=dict(os.environ),
            stdout=out,
            stderr=out,
        )
    try:
        _wait_for(port, log)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(port: int, log: Path) -> None:
    for _attempt in range(600):
        try:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            link.request("GET", "/")
            link.getresponse().read()
            link.close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"no server:\n{log.read_text()}")
