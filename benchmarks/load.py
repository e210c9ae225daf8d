"""``python -m benchmarks.load``: three hundred experts at once, on each database, beside a bare view.

Served as Compose has it, but for the proxy: everybody opens their link within ten seconds and goes on to the
ballot, then saves every two seconds for ten minutes, then seals within ten seconds. Rushes are timed from the
moment each expert is due. Saves and upserts of the bare view take turns, so that whatever else the machine
does falls on each. Four experts who save without a pause come last.
"""

import argparse
import gzip
import http.client
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import psutil

from benchmarks.installations import prepare

if TYPE_CHECKING:
    from benchmarks.serving import Answer, ExpertAtWork
    from weighting.models import Round

ITEMS, PAUSE = 90, 2.0
RUSH_SECONDS, RUSH_GOAL = 10.0, 2.0
TAIL_GOAL, RATE_GOAL = 3.0, 0.97
# Of a turn the bare view gets a third.
TURN_SECONDS = 30.0
SEEN = re.compile(r'name="seen" value="(\w+)"')
DATABASES = ("sqlite", "postgres")
Save = Callable[["ExpertAtWork", int], "Answer"]


@dataclass
class Browser:
    """An expert's browser behind a proxy, which connects anew for each request."""

    # The moments at which anybody was told to ask again.
    sent_away: ClassVar[list[float]] = []
    port: int
    cookies: SimpleCookie = field(default_factory=SimpleCookie)

    def get(self, path: str, expected: int = 200) -> str:
        return self._ask("GET", path, "", expected)

    def post(self, path: str, fields: dict[str, str]) -> str:
        return self._ask("POST", path, urllib.parse.urlencode(fields), 302)

    def _ask(self, method: str, path: str, body: str, expected: int) -> str:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Accept-Encoding": "gzip",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items()),
            "X-CSRFToken": self.cookies["csrftoken"].value if "csrftoken" in self.cookies else "",
        }
        try:
            link.request(method, path, body, headers)
            response = link.getresponse()
            content = response.read()
        finally:
            link.close()
        if response.status == 429 and "Refresh" in response.headers:
            self.sent_away.append(time.monotonic())
            time.sleep(float(response.headers["Refresh"]))
            return self._ask(method, path, body, expected)
        if response.status != expected:
            raise AssertionError(f"{method} {path.partition('/in/')[0] or '/in/'}: {response.status}")
        for value in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(value)
        packed = response.headers.get("Content-Encoding") == "gzip"
        return (gzip.decompress(content) if packed else content).decode()


@dataclass
class Taken:
    """Seconds of what was answered, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def main() -> int:
    """Load one database, or both, each in a process of its own; return 1 after an error or a loss."""
    options = _options()
    if not options.database:
        asked = [sys.executable, "-m", "benchmarks.load", *sys.argv[1:], "--database"]
        return max(subprocess.run([*asked, name], check=False).returncode for name in DATABASES)
    from benchmarks.soak import database

    with (
        tempfile.TemporaryDirectory(prefix="quanheng-load-") as name,
        database(options.database, Path(name)) as url,
    ):
        os.environ |= {
            "QUANHENG_VAR": name,
            "QUANHENG_STATIC": f"{name}/static",
            "DATABASE_URL": url,
            "REDIS_URL": f"redis+socket://{name}/no-broker.sock",
            "DJANGO_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "OPENBLAS_NUM_THREADS": "1",
        }
        import django

        django.setup()
        return load(Path(name), options)


def load(folder: Path, options: argparse.Namespace) -> int:
    """Let the experts come, save and seal; print what each step took beside its goal."""
    from django.db import connections

    from benchmarks import autosave
    from benchmarks.serving import BARE, PRODUCT, enrol, open_large_round, serving

    prepare()
    tokens = _links(open_large_round(options.experts, ITEMS))
    experts, others = enrol(options.experts, ITEMS), enrol(options.experts, ITEMS)
    connections.close_all()
    print(f"{options.database}: {options.experts} experts, {ITEMS} items, load {os.getloadavg()[0]:.1f}")
    with serving(PRODUCT, folder / "product.log") as ours, serving(BARE, folder / "bare.log") as bare:
        opened = _rush("link to ballot", [_opening(ours, token) for token in tokens])
        saved, lost = _save(experts, others, ours, bare, options)
        _answer_all(experts)
        sealed = _rush("review, seal, receipt", [_sealing(ours, expert) for expert in experts])
    errors = [*opened.errors, *saved.errors, *sealed.errors]
    for error in errors[:5]:
        print(f"  {error}")
    for row in autosave.rows(folder):
        print(f"  {row['name']}: ratio {row['ratio']:.2f} (goal {row['goal']})", flush=True)
    return int(bool(errors or lost))


def _rush(name: str, acts: Sequence[Callable[[], None]]) -> Taken:
    """Begin all acts within ten seconds, and say how long after it was due each had ended."""
    taken, began = Taken(), time.monotonic()
    Browser.sent_away.clear()

    def work(act: Callable[[], None], due: float) -> None:
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            act()
        except (AssertionError, OSError, http.client.HTTPException) as error:
            taken.errors.append(f"{name}: {error!r}")
        else:
            taken.seconds.append(time.monotonic() - due)

    dues = [began + random.uniform(0, RUSH_SECONDS) for _act in acts]  # noqa: S311
    with _processors() as used:
        _together([threading.Thread(target=work, args=pair) for pair in zip(acts, dues, strict=True)])
    each = 1000 * used[0] / len(acts)
    away = len(Browser.sent_away)
    _say(name, taken, f"processors {each:.0f} ms each, sent away {away}; goal of p95 {RUSH_GOAL:g} s")
    return taken


def _opening(port: int, token: str) -> Callable[[], None]:
    def act() -> None:
        browser = Browser(port)
        browser.get(f"/in/{token}/", 302)
        browser.get("/in/")
        browser.post("/in/", {"interest": "none", "consent": "on"})
        if 'id="ballot-form"' not in browser.get("/ballot/"):
            raise AssertionError("no ballot")

    return act


def _sealing(port: int, expert: "ExpertAtWork") -> Callable[[], None]:
    from django.conf import settings

    def act() -> None:
        browser = Browser(port)
        browser.cookies[settings.BALLOT_COOKIE_NAME] = expert.keys
        browser.cookies["csrftoken"] = expert.csrf
        seen = SEEN.search(browser.get("/ballot/review/"))
        browser.post("/ballot/seal/", {"seen": seen[1] if seen else ""})
        browser.get("/ballot/receipt/")

    return act


def _save(
    experts: list["ExpertAtWork"],
    others: list["ExpertAtWork"],
    ours: int,
    bare: int,
    options: argparse.Namespace,
) -> tuple[Taken, int]:
    """Save in turns with the bare view; return what was taken, and how many answers were lost."""
    turns = [count() for _expert in experts], [count() for _expert in others]
    saved, upserted, left = Taken(), Taken(), options.minutes * 60
    asked, used = 0.0, [0.0]
    while left > 0:
        seconds = min(left, TURN_SECONDS)
        with _processors(used):
            _work(experts, turns[0], lambda e, n: e.save(ours, *_turn(n), n // ITEMS), seconds, saved)
        _work(others, turns[1], lambda e, n: e.upsert(bare, *_turn(n)), max(seconds / 3, 2 * PAUSE), upserted)
        asked, left = asked + seconds * len(experts) / PAUSE, left - seconds
    rate = len(saved.seconds) / asked
    lost = _count_lost(experts, turns[0]) if not saved.errors else 0
    each = 1000 * used[0] / max(1, len(saved.seconds))
    _say(
        "saves",
        saved,
        f"processors {each:.1f} ms each; {rate:.0%} of all that were due (goal {RATE_GOAL:.0%})",
    )
    _say("bare upserts", upserted, f"lost {lost}")
    from benchmarks.autosave import percentile

    ratio = percentile(saved.seconds, 95) / percentile(upserted.seconds, 95)
    print(f"  p95 of saves to bare: {ratio:.1f} (goal {TAIL_GOAL:g})", flush=True)
    return saved, lost


def _turn(turn: int) -> tuple[str, int]:
    return f"i{turn % ITEMS}", turn // ITEMS % 5 + 1


def _work(
    experts: Sequence["ExpertAtWork"],
    turns: Sequence["count[int]"],
    save: Save,
    seconds: float,
    taken: Taken,
) -> None:
    end = time.monotonic() + seconds

    def work(expert: "ExpertAtWork", turn: "count[int]") -> None:
        due = time.monotonic() + random.uniform(0, PAUSE)  # noqa: S311
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                answer = save(expert, next(turn))
            except (OSError, http.client.HTTPException) as error:
                taken.errors.append(f"save: {error!r}")
                return
            taken.seconds.append(answer.seconds)
            if answer.status != 200:
                taken.errors.append(f"save: {answer.status} {answer.body}")
            due = max(due + PAUSE, time.monotonic())

    _together([threading.Thread(target=work, args=pair) for pair in zip(experts, turns, strict=True)])


def _count_lost(experts: Sequence["ExpertAtWork"], turns: Sequence["count[int]"]) -> int:
    """Count the saves that are not stored: every one of them was acknowledged."""
    from django.db.models import Sum

    from weighting.models import Score

    rows = Score.objects.filter(ballot__in=[expert.ballot for expert in experts])
    stored = rows.aggregate(saves=Sum("revision"))["saves"] or 0
    return sum(next(turn) for turn in turns) - stored


def _answer_all(experts: Sequence["ExpertAtWork"]) -> None:
    """Answer what the time of saving did not reach, straight in the database."""
    from django.db import connections

    from weighting.models import Score

    rows = [
        Score(ballot_id=expert.ballot, indicator_id=item, value=3, revision=1, client="benchmark")
        for expert in experts
        for item in expert.items.values()
    ]
    Score.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    connections.close_all()


def _links(round_: "Round") -> list[str]:
    from weighting.services.access import replace_unsealed_links

    return [token for _invitation, token in replace_unsealed_links(round_, actor=round_.managers.get())]


@contextmanager
def _processors(used: list[float] | None = None) -> Iterator[list[float]]:
    """Add up the seconds of the processors that the servers below this process use meanwhile."""
    used = [0.0] if used is None else used
    servers = psutil.Process().children(recursive=True)
    before = sum(sum(each.cpu_times()[:2]) for each in servers)
    yield used
    used[0] += sum(sum(each.cpu_times()[:2]) for each in servers) - before


def _together(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _say(name: str, taken: Taken, further: str) -> None:
    from benchmarks.readers import percentiles

    said = percentiles(taken.seconds) if taken.seconds else "nothing"
    print(f"  {name:22} {said} of {len(taken.seconds)}, errors {len(taken.errors)}; {further}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument(
        "--database", choices=DATABASES, help="both, one after the other, where none is named"
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--experts", type=int, default=300)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
