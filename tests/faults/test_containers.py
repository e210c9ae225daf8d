"""The containers of docker-compose.yml: made anew, added to, restarted and left alone while experts save."""

import json
import os
import shlex
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import contextmanager
from itertools import pairwise

import pytest

from tests.containers.setup import Containers, named_images, why_not
from tests.faults.autosave import ITEMS, Typist, total
from tests.numbers import in_full
from tests.processes import wait_until

MISSING = why_not()
pytestmark = [
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(bool(MISSING), reason=f"THE CONTAINERS ARE NOT TESTED: {MISSING}"),
]

EXPERTS = in_full(300, otherwise=12)
TIMES = in_full(20, otherwise=2)
# An expert thinks for so long between two answers.
PAUSE = in_full(2.0, otherwise=0.2)
# A page waits for two seconds before it tries again; three hundred that did not wait would be a flood.
AGAIN = in_full(0.5, otherwise=0.05)
WEBS = ("web", "twin")
WAYS = {"restarted": ["restart"], "made anew": ["up", "--detach", "--no-deps", "--force-recreate"]}
SCALED = ["--scale", "web=3", "--scale", "worker=4"]
# A document, a picture with Chinese in it, and a country by its Chinese name.
MADE = """
import json
from weighting.typesetting_program import typeset
from weighting.picture_program import drawn
from weighting.drawing import VEGA_LITE
from indexer.intake.countries import countries
axis = {"field": "a", "title": "城市"}
picture = {"mark": "point", "data": {"values": [{"a": 1}]}, "encoding": {"x": axis}}
source = json.dumps({"picture": picture, "vega_lite": VEGA_LITE, "lang": "zh"}).encode()
words = ["title", "eyebrow", "subtitle", "source", "origin_title", "contents_title"]
document = dict.fromkeys(words, "权衡") | {"lang": "zh", "origin": [], "parts": []}
print(typeset(json.dumps(document).encode())[:4].decode(), drawn(source, "svg")[:4].decode())
print(next(name for unit in countries() if unit.key == "FRA" for name in unit.names if name > "一"))
"""
# Asks the database itself until it is told to stop; says since when it was away each time, and how long.
ASKS = """
import os, select, socket, sys, time, urllib.parse
import psycopg
url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
away, seen = [], time.monotonic()
print("asking", flush=True)
while not select.select([sys.stdin], [], [], 0.1)[0]:
    try:
        socket.create_connection((url.hostname, url.port), 0.2).close()
        with psycopg.connect(url.geturl(), tcp_user_timeout=200) as link:
            link.execute("SELECT 1")
    except (OSError, psycopg.Error):
        continue
    away, seen = [*away, (seen, time.monotonic() - seen)], time.monotonic()
for since, seconds in away:
    if seconds > 0.3:
        print(since, seconds)
"""


@pytest.fixture(scope="module")
def containers(tmp_path_factory):
    containers = Containers(tmp_path_factory.mktemp("containers"), named_images())
    try:
        containers.compose("up", "--detach", "--build", seconds=3000)
        containers.wait_until_healthy(*WEBS, "worker", "proxy", "database", "broker")
        yield containers
    finally:
        containers.remove()


@pytest.fixture(scope="module")
def experts(containers):
    return containers.enrol(EXPERTS, ITEMS)


@contextmanager
def saving(containers, experts):
    """Let experts save through the proxy meanwhile; afterwards nothing that was acknowledged is missing."""
    stop, saved = threading.Event(), Counter()
    for (ballot, _code), (_value, revision) in containers.stored().items():
        saved[ballot] += revision
    typists = [Typist(containers, expert, stop, saved[expert.ballot], PAUSE, AGAIN) for expert in experts]
    for typist in typists:
        typist.start()
    try:
        _wait_for_a_save_each(typists, "saves before")
        yield typists
        _wait_for_a_save_each(typists, "saves afterwards")
    finally:
        stop.set()
        for typist in typists:
            typist.join()
    stored = containers.stored()
    assert [each for typist in typists for each in typist.wrong] == []
    lost = [
        (typist.expert.ballot, code)
        for typist in typists
        for code, answer in typist.acknowledged.items()
        if stored.get((typist.expert.ballot, code)) != answer
    ]
    assert lost == []


def _wait_for_a_save_each(typists, what):
    before = total(typists, "saves")
    wait_until(lambda: total(typists, "saves") >= before + len(typists), what=what)


def spread(seconds):
    """Words for the middle, the 95th of a hundred and the longest."""
    ordered = sorted(seconds)
    middle, late = (ordered[int((len(ordered) - 1) * part)] for part in (0.5, 0.95))
    return f"{middle:.2f} s in the middle, {late:.2f} s at p95, {ordered[-1]:.2f} s at the longest"


def say(what, typists):
    times = sorted(at for typist in typists for at in typist.times)
    silence = max(later - at for at, later in pairwise(times))
    print(
        f"{what}: {total(typists, 'saves')} saves acknowledged, 0 lost, {total(typists, 'broken')} broken,"
        f" {total(typists, 'refused')} refused; nobody's was acknowledged for {silence:.2f} s at the longest;"
        f" an expert's longest wait: {spread(typist.longest() for typist in typists)}"
        f" (load {os.getloadavg()[0]:.0f})"
    )


def get(containers, path):
    return ask(f"http://127.0.0.1:{containers.port}{path}")


def ask(address):
    """The status and the words of one answer; (0, '') when nobody answers."""
    asked = urllib.request.Request(address, headers={"Host": "127.0.0.1"})
    try:
        with urllib.request.urlopen(asked, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def wait_until_serving(containers, service):
    """Wait until each container of a service answers; its health is looked at every 15 s alone."""
    for address in containers.addresses_of(service):
        wait_until(
            lambda at=address: ask(f"http://{at}:8000/readyz")[0] == 200, what=f"{service} at {address}"
        )


def test_it_starts_whole_and_is_found_in_order(containers):
    assert '"healthy": true' in get(containers, "/healthz")[1]
    assert "/in/" in containers.compose("logs", "migrate")
    assert "Everything holds" in containers.manage("verify_versions")


def test_nothing_in_it_may_be_written_to_and_nobody_in_it_is_root(containers):
    for service in (*WEBS, "worker", "beat"):
        told = containers.compose(
            "exec", "-T", service, "sh", "-c", "id -u; touch /srv/quanheng/x 2>&1; true"
        )
        assert told.splitlines()[0] != "0"
        assert "Read-only file system" in told


def test_the_image_is_small_and_draws_and_sets_type_by_what_it_brings(containers):
    """Below 600 MB, base and all: what was taken out of the packages is missed by nothing."""
    size = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{.Size}}", "quanheng"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    made = containers.compose("exec", "-T", "web", "python", "-c", MADE)
    print(f"the image: {int(size) / 1e6:.0f} MB")

    assert int(size) < 600e6
    assert made.split() == ["%PDF", "<svg", "法国"]


def test_what_runs_once_is_tried_again_until_it_comes_through(containers):
    def told(what):
        (migrate,) = containers.compose("ps", "--all", "--quiet", "migrate").split()
        asked = ["docker", "inspect", "--format", what, migrate]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()

    containers.compose("stop", "database")
    try:
        containers.compose(*WAYS["made anew"], "migrate")
        wait_until(lambda: told("{{.RestartCount}}") != "0", what="another try")
    finally:
        containers.compose("start", "database")
    wait_until(lambda: told("{{.State.Status}} {{.State.ExitCode}}") == "exited 0", what="the migration")


def test_the_proxy_is_well_where_somebody_is_behind_it(containers):
    def is_well():
        told = json.loads(containers.compose("config", "--format", "json"))
        _direct, *asked = told["services"]["proxy"]["healthcheck"]["test"]
        return "well" in containers.compose(
            "exec", "-T", "proxy", "sh", "-c", f"{shlex.join(asked)} && echo well", check=False
        )

    assert is_well()
    containers.compose("stop", *WEBS)
    try:
        assert not is_well()
    finally:
        containers.compose("start", *WEBS)
    wait_until(is_well, what="health")


@pytest.mark.parametrize("absent", [("worker",), ("broker",), ("worker", "beat", "broker")])
def test_ballots_need_the_database_alone(containers, experts, absent):
    containers.compose("stop", *absent)
    try:
        with saving(containers, experts) as typists:
            # Each part starts without those it does not need.
            containers.compose(*WAYS["made anew"], "proxy", *WEBS)
            wait_until(lambda: get(containers, "/readyz")[0] == 200, what="readiness without a worker")
        say(f"without {', '.join(absent)}", typists)
    finally:
        containers.compose("start", *absent)
    containers.wait_until_healthy(*set(absent) - {"beat"})


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("service", WEBS)
def test_while_one_web_server_is_away_the_other_serves(containers, experts, service, how):
    """The proxy finds somebody for every save."""
    with saving(containers, experts) as typists:
        for _time in range(TIMES):
            containers.compose(*WAYS[how], service)
            wait_until_serving(containers, service)
    say(f"{service} {how} {TIMES} times", typists)
    assert total(typists, "unserved") == 0


def test_where_there_is_no_other_experts_are_refused_meanwhile(containers, experts):
    """Control; and the one is found where it comes back."""
    containers.compose("stop", "twin")
    try:
        with saving(containers, experts) as typists:
            containers.compose(*WAYS["made anew"], "web")
            wait_until(lambda: get(containers, "/readyz")[0] == 200, what="the new web")
        say("the only web made anew once", typists)
        assert total(typists, "unserved") > 0
    finally:
        containers.compose("start", "twin")
        containers.wait_until_healthy("twin", "web", "proxy")


@pytest.fixture
def scaled(containers):
    """Of this test alone: those that come later are about as many as the handbook begins with."""
    containers.compose("up", "--detach", "--no-recreate", *SCALED)
    containers.wait_until_healthy("web", "worker")
    assert [len(containers.containers_of(service)) for service in ("web", "worker")] == [3, 4]
    yield
    containers.compose("up", "--detach", "--no-recreate")


def test_of_several_webs_each_may_go_while_the_others_serve(containers, experts, scaled):
    with saving(containers, experts) as typists:
        for _time in range(TIMES):
            for web in containers.containers_of("web"):
                subprocess.run(["docker", "restart", web], check=True, capture_output=True)
                wait_until_serving(containers, "web")
    say(f"each of three webs restarted {TIMES} times", typists)
    assert total(typists, "unserved") == 0


def test_all_that_were_added_are_made_anew_while_the_twin_serves(containers, experts, scaled):
    with saving(containers, experts) as typists:
        for _time in range(TIMES):
            containers.compose(*WAYS["made anew"], *SCALED, "web", "worker")
            wait_until_serving(containers, "web")
    say(f"three webs and four workers made anew {TIMES} times", typists)
    assert total(typists, "unserved") == 0


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("service", ["proxy", "broker", "worker", "beat"])
def test_whatever_else_is_away_no_save_is_lost(containers, experts, service, how):
    with saving(containers, experts) as typists:
        for _time in range(TIMES):
            containers.compose(*WAYS[how], service)
            wait_until(lambda: get(containers, "/readyz")[0] == 200, what=f"service after {service} went")
            time.sleep(1)
    containers.wait_until_healthy(service, *WEBS, "proxy")
    say(f"{service} {how} {TIMES} times", typists)


@pytest.mark.parametrize("how", WAYS)
def test_experts_save_again_once_the_database_is_back(containers, experts, how):
    lose_the_database(containers, experts, how)


@pytest.mark.parametrize("how", WAYS)
def test_they_do_so_where_three_webs_and_four_workers_come_back_to_it(containers, experts, scaled, how):
    print("beside three webs and four workers")
    lose_the_database(containers, experts, how)


def lose_the_database(containers, experts, how):
    turns = []
    with saving(containers, experts) as typists, containers.running("web", ASKS) as asking:
        for _time in range(TIMES):
            # As the handbook has it, before what is planned.
            containers.type("docker compose exec -T database psql --username quanheng --command CHECKPOINT")
            began = time.monotonic()
            containers.compose(*WAYS[how], "database")
            wait_until(lambda: get(containers, "/readyz")[0] == 200, what="service after the database went")
            # Whoever waits is served before the next turn.
            _wait_for_a_save_each(typists, "saves after the database went")
            turns.append((began, time.monotonic()))
    containers.wait_until_healthy("database", *WEBS, "proxy")
    # A machine has one clock for all containers.
    spells = [tuple(map(float, line.split())) for line in asking.said.splitlines()]
    away = [
        max(long for since, long in spells if since < end and since + long > began) for began, end in turns
    ]
    waits = [sorted(typist.longest(*turn) for typist in typists) for turn in turns]
    say(f"database {how} {TIMES} times", typists)
    print(f"it was itself away for {spread(away)}")
    print(f"each time an expert's longest wait: {spread(long for turn in waits for long in turn)}")
    print(f"the longest of all each time: {spread(turn[-1] for turn in waits)}")
    # Nobody waits for much more than the database: what a busy machine adds, it adds to both.
    beyond = sorted(turn[-1] / long for turn, long in zip(waits, away, strict=True))
    print(f"that is {beyond[(len(beyond) - 1) // 2]:.1f} times as long as it was away, in the middle")
    assert beyond[(len(beyond) - 1) // 2] < 2.5


def test_after_all_of_it_everything_holds_and_no_key_was_logged(containers):
    assert "Everything holds" in containers.manage("verify_versions")
    logs = containers.compose("logs", *WEBS, "worker", "beat", "proxy", "database", "broker")
    assert "/in/" not in logs
