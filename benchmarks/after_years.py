"""An installation after years of use: ``python -m benchmarks.after_years [--database postgres] [page ...]``.

A thousand frozen versions, ten thousand runs, five hundred rounds, a panel of five thousand experts and two
hundred thousand rows of the log grow, through the product's own services, around the world whose every route
the tests ask. Each page and list is asked for by each who may see it, before and after: printed are those
that take longer than 300 ms of processor time, the database's included, more queries than before, or fail.
A folder that is named keeps the world, and pages are asked for again there without making it anew.
"""

import argparse
import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks.processes import postgres

# Everything stands in one proportion, so that a small try is possible.
SCALE = float(os.environ.get("QUANHENG_YEARS", "1"))
VERSIONS, EDITIONS, ROUNDS = int(1_000 * SCALE), 10, int(500 * SCALE)
UNITS, FEWER_UNITS, EXPERTS, ACTS = int(3_000 * SCALE), 100, int(5_000 * SCALE), int(200_000 * SCALE)
MOST_SECONDS = 0.3
# Made once, by a process apart, and kept.
DRAWN = re.compile("pictures?$|-pdf$|embed$")
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
            world, before = _read_world(kept)
            _print(before, _walk(world, asked.pages), is_all=asked.all)


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
    from django.db import transaction

    from benchmarks.installations import prepare
    from tests.routes import make_world

    prepare()
    with transaction.atomic():
        world = _timed("a small world", make_world)
        _timed("published", lambda: _publish(world))
    before = _walk(world, [])
    steps: dict[str, Callable[[Any], None]] = {
        "panel and its round": _grow_panel,
        "rounds": _grow_rounds,
        "data sets and versions": _grow_versions,
        "acts": _grow_log,
    }
    for words, grow in steps.items():
        with transaction.atomic():
            _timed(words, partial(grow, world))
    # As a worker does, who keeps a lease meanwhile.
    _timed("runs", lambda: _compute(world))
    _look_over()
    _keep_world(kept, world, before)


def _look_over() -> None:
    """Let PostgreSQL look over its tables, as its own upkeep does within minutes."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _keep_world(kept: Path, world: Any, before: "_Walked") -> None:
    """Write down what the world is made of, what its visitors' browsers hold, and what they were answered."""
    own = {name: thing.pk for name, thing in vars(world).items() if name != "visitors"}
    held = {
        name: {key: cookie.value for key, cookie in client.cookies.items()}
        for name, client in world.visitors.items()
    }
    answers = [[*key, *astuple(answer)] for key, answer in before.items()]
    kept.write_text(json.dumps({"own": own, "held": held, "before": answers}))


def _read_world(kept: Path) -> tuple[Any, "_Walked"]:
    from django.test import Client

    from tests.routes import World

    told = json.loads(kept.read_text())
    kinds: dict[str, Any] = {field.name: field.type for field in fields(World)}
    world = World(**{name: kinds[name].objects.get(pk=pk) for name, pk in told["own"].items()})
    for name, cookies in told["held"].items():
        world.visitors[name] = Client(raise_request_exception=False)
        world.visitors[name].cookies.load(cookies)
    return world, {(route, visitor): _Answer(*rest) for route, visitor, *rest in told["before"]}


def _timed(words: str, act: Callable[[], Any]) -> Any:
    started = time.process_time()
    made = act()
    print(f"{words}: {time.process_time() - started:.1f} s", flush=True)
    return made


def _publish(world: Any) -> None:
    from indexer.services.published import describe_index, publish_edition

    terms = {
        "name_en": "Liveability",
        "description_en": "How liveable cities are.",
        "licence": "CC-BY-4.0",
        "contact": "index@example.org",
    }
    index = describe_index(world.published, terms=terms, actor=world.manager)
    world.published = index
    publish_edition(index, run=world.run, actor=world.manager)


def _grow_panel(world: Any) -> None:
    """Bring in a large panel, and open a round on it."""
    from tests.factories import make_invitation, make_round
    from weighting.services.panels import import_panel

    lines = ["code,name,email", *(f"X{n:05d},Expert {n},x{n}@large.example" for n in range(EXPERTS))]
    world.panel = import_panel(
        source="\n".join(lines).encode(), filename="panel.csv", name="Large", actor=world.manager
    )
    world.round = make_round(manager=world.manager, framework=world.framework, panel=world.panel, sealed=3)
    world.invitation = make_invitation(world.round, place=5)


def _grow_rounds(world: Any) -> None:
    """Draft, open, close and aggregate rounds, most of them open."""
    from tests.factories import make_panel, make_round
    from weighting.enums import RoundState

    panel = make_panel(6, owner=world.manager)
    states = [RoundState.OPEN] * 7 + [RoundState.DRAFT, RoundState.CLOSED, RoundState.AGGREGATED]
    for number in range(ROUNDS):
        state = states[number % len(states)]
        make_round(manager=world.manager, framework=world.framework, panel=panel, state=state)


def _grow_versions(world: Any) -> None:
    """Store editions, one of them large, and freeze versions, each of which queues a run of every edition."""
    import numpy as np

    from indexer.selectors.data_sets import data_sets_visible_to
    from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
    from indexer.services.methods import use_method
    from tests.indexer.factories import make_cities
    from weighting.selectors.frameworks import indicators_of, tree_of
    from weighting.services.versions import draft_imported_version, freeze_version

    rng, actor = np.random.default_rng(1), world.manager
    cities = [city.pk for city in make_cities(UNITS, actor=actor)]
    tree = tree_of(indicators_of(world.framework.pk))
    for number in range(EDITIONS):
        units = cities if number == EDITIONS - 1 else cities[:FEWER_UNITS]
        made = add_data_set(
            terms=EditionTerms(
                framework=world.framework,
                name_zh="年鉴",
                name_en="Yearbook",
                year=2001 + number,
                method=use_method(),
            ),
            matrix=Matrix(
                units, list(tree.leaf_codes), rng.lognormal(0, 1, (len(units), len(tree.leaf_codes))), {}
            ),
            actor=actor,
        )
    for number in range(VERSIONS):
        local = np.empty(len(tree))
        for group in tree.groups:
            parts = rng.random(len(group)) + 0.1
            local[group] = parts / parts.sum()
        draft = draft_imported_version(
            framework=world.framework,
            local_weights=dict(zip(tree.codes, local.tolist(), strict=True)),
            label_zh=f"历年{number}",
            label_en=f"Of years {number}",
            actor=actor,
        )
        world.version = freeze_version(draft, actor=actor)
    world.data_set = data_sets_visible_to(actor).get(pk=made.pk)


def _compute(world: Any) -> None:
    from indexer.models import DataSet, Run
    from indexer.services.runs import compute_waiting_runs

    for pk in DataSet.objects.filter(framework=world.framework).values_list("pk", flat=True):
        compute_waiting_runs(pk)
    runs = Run.objects.select_related("weight_version").filter(data_set=world.data_set)
    world.run = runs.order_by("pk")[runs.count() // 2]


def _grow_log(world: Any) -> None:
    """Write acts as services write them, by the thousand."""
    from weighting.models import AuditEntry

    for start in range(0, ACTS, 5_000):
        AuditEntry.objects.bulk_create(
            AuditEntry(
                actor=world.manager, act="freeze", subject_type="weightversion", subject_id=str(number)
            )
            for number in range(start, min(start + 5_000, ACTS))
        )


@dataclass(frozen=True)
class _Answer:
    """What one page took: status, processor seconds of both requests, queries and bytes of the second."""

    status: int
    first: float
    second: float
    queries: int
    size: int


# By the name of the route and by who asks.
_Walked = dict[tuple[str, str], _Answer]


def _walk(world: Any, names: list[str]) -> _Walked:
    """Ask every page and list that answers to GET, or those alone that are named, as each who may see it."""
    from tests.policy import POLICY
    from tests.routes import OF_THE_MACHINE, find_routes

    found = {}
    for route in find_routes():
        methods, visitors = POLICY[route.name]
        named = names and route.name not in names
        if named or route.name in OF_THE_MACHINE or methods == "POST" or DRAWN.search(route.name):
            continue
        address = world.address_of(route)
        for visitor in ASKED_BY:
            if visitor in visitors:
                _stay_signed_in(world.visitors[visitor])
                found[route.name, visitor] = _ask(world, visitor, address)
    return found


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
            spent = _stopwatch()
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
            seconds.append(spent() - started)
            status = answer.status_code
            answer.close()
    return _Answer(status, seconds[0], seconds[1], queries, size)


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
        then = before[key]
        is_slow, is_more = max(now.first, now.second) > MOST_SECONDS, now.queries > then.queries
        slow, more = slow + is_slow, more + is_more
        if is_slow or is_more or now.status >= 500 or is_all:
            times = f"{now.first:6.2f}s {now.second:6.2f}s"
            queries = f"{then.queries:5} {now.queries:6}"
            print(f"{key[0]:48} {key[1]:14} {now.status:6} {times} {queries} {now.size / 1e3:8,.0f}")
    print(f"{len(after)} answers: {slow} above {MOST_SECONDS} s, {more} with more queries than before")


if __name__ == "__main__":
    main()
