"""An installation after years of use: ``python -m benchmarks.after_years [--database postgres] [page ...]``.

A thousand frozen versions, ten thousand runs, five hundred rounds, a panel of five thousand experts and two
hundred thousand rows of the log grow, through the product's own services, around the world whose every route
the tests ask, and around a second one: of a round that all of a panel answered, its run, a study and an
index. Each page and list is asked for by each who may see it, before and after, and some with further
questions: printed are those that take longer than 300 ms of processor time, the database's included, more
queries than before, or fail. What else runs on a machine's host slows its processor by up to three times, so
that times are stated as they would be at its quick pace. A folder that is named keeps the worlds, and pages
are asked for again there without making them anew.
"""

import argparse
import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks.processes import postgres
from benchmarks.years import GROWTH, QUERIES, begin, finish, named_in
from config.garbage import keep_what_is_loaded

MOST_SECONDS = 0.3
# What a fixed piece of work takes of a processor that nothing slows, on the machine figures are stated for.
QUICK_PACE = 0.012
# Made once by a process apart, and kept; what the request itself takes is the same for all who ask.
DRAWN, DRAWN_FOR = re.compile("pictures?$|-pdf$"), ("manager",)
# Who sees different things; others of their kind see the same.
ASKED_BY = ("anonymous", "expert", "manager", "analyst", "administrator")


def main() -> None:
    """Walk through a world of the tests, let it grow, and walk through it again."""
    asked = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="quanheng-bench-") as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        with _database(asked.database, folder) as url:
            _set_up(url, folder)
            kept = folder / "world"
            if not kept.exists():
                _make(kept)
            worlds, before = _read_worlds(kept)
            # As web processes do: by Python's own numbers a long page would look through all that is loaded.
            keep_what_is_loaded()
            _print(before, _walk(worlds, asked.pages), is_all=asked.all)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", nargs="*", help="those alone, by the names of their routes")
    parser.add_argument("--all", action="store_true", help="print every answer")
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="sqlite")
    parser.add_argument("--folder", type=Path, help="kept afterwards, and asked again where it was made")
    return parser


def _database(kind: str, folder: Path) -> AbstractContextManager[str]:
    return (
        postgres(folder / "data") if kind == "postgres" else nullcontext(f"sqlite:///{folder}/bench.sqlite3")
    )


def _set_up(url: str, folder: Path) -> None:
    """Set Django up on the database, with the settings of the tests."""
    os.environ |= {
        "QUANHENG_VAR": str(folder),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DJANGO_LOG_LEVEL": "CRITICAL",
        "DJANGO_ALLOWED_HOSTS": "testserver",
        "QUANHENG_MOST_TABLES_A_DAY": "1000000",
        "OPENBLAS_NUM_THREADS": "1",
    }
    import django

    django.setup()
    # What is not found is told by its status here.
    logging.disable(logging.CRITICAL)


def _make(kept: Path) -> None:
    """Make the world, walk through it while it is small, let it grow, and keep both in a file."""
    from django.db import connection, transaction

    from benchmarks.installations import prepare
    from tests.routes import make_world

    prepare()
    with transaction.atomic():
        world = _timed("a small world", make_world)
    answered = _timed("its beginnings", lambda: begin(world))
    before = _walk([world, answered], [])
    for words, grow in GROWTH.items():
        # SQLite waits for the disk with each commit; PostgreSQL goes through all earlier states of rows that
        # one transaction writes anew, as a panel's invitations with each expert who comes.
        with transaction.atomic() if connection.vendor == "sqlite" else nullcontext():
            _timed(words, partial(grow, world))
    answered = _timed("runs and what rests on them", lambda: finish(world))
    _look_over()
    _keep_worlds(kept, [world, answered], before)


def _look_over() -> None:
    """Let PostgreSQL look over its tables, as its own upkeep does within minutes."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _keep_worlds(kept: Path, worlds: list[Any], before: "_Walked") -> None:
    """Write down what the worlds are made of, what visitors' browsers hold, and what they were answered."""
    own = [{name: thing.pk for name, thing in vars(world).items() if name != "visitors"} for world in worlds]
    held = {
        name: {key: cookie.value for key, cookie in client.cookies.items()}
        for name, client in worlds[0].visitors.items()
    }
    answers = [[*key, *astuple(answer)] for key, answer in before.items()]
    kept.write_text(json.dumps({"own": own, "held": held, "before": answers}))


def _read_worlds(kept: Path) -> tuple[list[Any], "_Walked"]:
    from django.test import Client

    from tests.routes import World

    told = json.loads(kept.read_text())
    kinds: dict[str, Any] = {field.name: field.type for field in fields(World)}
    visitors = {name: Client(raise_request_exception=False) for name in told["held"]}
    for name, cookies in told["held"].items():
        visitors[name].cookies.load(cookies)
    worlds = [
        World(**{name: kinds[name].objects.get(pk=pk) for name, pk in own.items()}, visitors=visitors)
        for own in told["own"]
    ]
    return worlds, {(page, visitor): _Answer(*rest) for page, visitor, *rest in told["before"]}


def _timed(words: str, act: Callable[[], Any]) -> Any:
    started = time.process_time()
    made = act()
    print(f"{words}: {time.process_time() - started:.1f} s", flush=True)
    return made


@dataclass(frozen=True)
class _Answer:
    """What one page took: status, processor seconds of both requests, queries and bytes of the second."""

    status: int
    first: float
    second: float
    queries: int
    size: int


# By the page and by who asks.
_Walked = dict[tuple[str, str], _Answer]


def _walk(worlds: list[Any], names: list[str]) -> _Walked:
    """Ask every page and list that answers to GET, or those alone that are named, as each who may see it."""
    found = {}
    for page, visitors, address in _pages(worlds):
        if names and re.split(r"[ ?]", page)[0] not in names:
            continue
        for visitor in visitors:
            _stay_signed_in(worlds[0].visitors[visitor])
            found[page, visitor] = _ask(worlds[0], visitor, address)
    return found


def _pages(worlds: list[Any]) -> Iterator[tuple[str, list[str], str]]:
    """Yield each page by its name, who asks for it, and its address.

    Of the second world those that it has another address for; with queries those that tell more by them.
    """
    from tests.policy import POLICY
    from tests.routes import find_routes

    for route in find_routes():
        methods, may = POLICY[route.name]
        if methods == "POST":
            continue
        visitors = [
            visitor for visitor in (DRAWN_FOR if DRAWN.search(route.name) else ASKED_BY) if visitor in may
        ]
        addresses = [world.address_of(route) for world in worlds]
        yield route.name, visitors, addresses[0]
        if addresses[1] != addresses[0]:
            yield f"{route.name} of what was answered", visitors, addresses[1]
        for query in QUERIES.get(route.name, ()):
            yield f"{route.name}?{query}", visitors, f"{addresses[1]}?{query.format_map(named_in(worlds[1]))}"


def _stay_signed_in(client: Any) -> None:
    """Let the session be one in use, of which no request writes down that it is, and newly signed in."""
    from django.conf import settings

    from weighting.services.sessions import TOUCHED

    if settings.SESSION_COOKIE_NAME in client.cookies:
        session = client.session
        session[TOUCHED] = int(time.time())
        for method in session.get("account_authentication_methods", []):
            method["at"] = time.time()
        session.save()


def _ask(world: Any, visitor: str, address: str) -> _Answer:
    from django.db import connection, transaction

    queries, size, status = 0, 0, 0
    seconds: list[float] = []

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    for _turn in range(2):
        queries = 0
        with transaction.atomic():
            spent, slowed = _stopwatch(), _slowed()
            started = spent()
            try:
                with connection.execute_wrapper(count):
                    answer = world.ask(visitor, "GET", address)
                    # Of what is streamed, the first pieces.
                    parts = iter(answer) if answer.streaming else iter([answer.content])
                    size = len(next(parts, b"")) + len(next(parts, b""))
            except Exception as error:
                print(f"{address} as {visitor}: {error!r}", flush=True)
                return _Answer(500, 0, 0, 0, 0)
            seconds.append((spent() - started) / min(slowed, _slowed()))
            status = answer.status_code
            answer.close()
    return _Answer(status, seconds[0], seconds[1], queries, size)


def _slowed() -> float:
    """Return how many times longer than at its quick pace the processor takes now."""
    started = time.process_time()
    sum(map(len, {str(number): (number,) for number in range(60_000)}))
    return (time.process_time() - started) / QUICK_PACE


def _stopwatch() -> Callable[[], float]:
    """Return what tells the processor seconds of this process and of the database's that serves it."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return time.process_time
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0])
    return lambda: time.process_time() + server.cpu_times().user + server.cpu_times().system


def _print(before: _Walked, after: _Walked, *, is_all: bool) -> None:
    print(f"{'page':48} {'asked by':14} {'status':>6} {'first':>7} {'second':>7} {'queries':>12} {'KB':>8}")
    slow = more = 0
    for key, now in after.items():
        # A kept world was not asked for the pages that there are since.
        then = before.get(key, now)
        is_slow, is_more = max(now.first, now.second) > MOST_SECONDS, now.queries > then.queries
        slow, more = slow + is_slow, more + is_more
        if is_slow or is_more or now.status >= 500 or is_all:
            times = f"{now.first:6.2f}s {now.second:6.2f}s"
            queries = f"{then.queries:5} {now.queries:6}"
            print(f"{key[0]:48} {key[1]:14} {now.status:6} {times} {queries} {now.size / 1e3:8,.0f}")
    print(f"{len(after)} answers: {slow} above {MOST_SECONDS} s, {more} with more queries than before")


if __name__ == "__main__":
    main()
