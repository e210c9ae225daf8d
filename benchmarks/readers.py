"""``python -m benchmarks.readers``: strangers read a published index while experts save their answers.

Each reader comes from an address of its own on the loopback network, and a third of them come back with
the tag of what they had. Requests start at their times, whatever became of those before, and are timed
from there.
"""

import argparse
import http.client
import os
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.installations import prepare

if TYPE_CHECKING:
    from benchmarks.serving import ExpertAtWork

EXPERTS, ITEMS = 50, 90
PAUSE = 3.0
READERS, THREADS = 3_000, 48
LANGUAGES = ("zh-CN,zh;q=0.9", "en-GB,en;q=0.9")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
# How often each kind of page is asked for.
SHARES = {"index": 0.5, "home": 0.2, "unit": 0.3}
UNITS = 40
WARMINGS = 12


@dataclass
class Tally:
    """What was answered, and how long it took."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    saves: list[float] = field(default_factory=list)
    upserts: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def main() -> int:
    """Run on a database of its own that holds the demonstration; return 1 after an error."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="quanheng-readers-") as name:
        os.environ |= {
            "QUANHENG_VAR": name,
            "DATABASE_URL": f"sqlite:///{name}/readers.sqlite3",
            "REDIS_URL": f"redis+socket://{name}/no-broker.sock",
            "DJANGO_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        import django

        django.setup()
        return read(Path(name), options.seconds, options.rate)


def read(folder: Path, seconds: float, rate: int) -> int:
    """Measure the saves alone first, then beside the readers; print both."""
    from django.db import connections

    from benchmarks.serving import PRODUCT, enrol, serving

    prepare(demo=True)
    pages = _pages()
    experts = enrol(EXPERTS, ITEMS)
    connections.close_all()
    with serving(PRODUCT, folder / "product.log") as port:
        quiet, turns = Tally(), [count() for _expert in experts]
        together(savers(experts, turns, port, time.monotonic() + seconds / 3, quiet))
        _warm(port, pages)
        busy = Tally()
        end = time.monotonic() + seconds
        together([*savers(experts, turns, port, end, busy), *_readers(port, pages, end, rate, busy)])
    _print(quiet, busy, seconds, rate)
    return int(bool(busy.errors or quiet.errors))


def _pages() -> dict[str, list[str]]:
    """Return the addresses of each kind: the first page, the index, and some of its units."""
    from django.urls import reverse

    from indexer.selectors.cities import ranked_cities_of_run
    from indexer.selectors.published import released_editions
    from indexer.views.public.addresses import Shelf

    edition = released_editions().get()
    shelf, cities = Shelf(edition.index.slug), ranked_cities_of_run(edition.run)
    return {
        "home": [reverse("home")],
        "index": [shelf.index],
        "unit": [shelf.unit(cities[place]) for place in range(min(UNITS, len(cities)))],
    }


def _warm(port: int, pages: dict[str, list[str]]) -> None:
    """Ask for every page some times, one after the other, so that each process has it."""
    for address in [address for addresses in pages.values() for address in addresses]:
        for turn in range(2 * WARMINGS):
            get(port, address, f"127.1.0.{turn + 1}", LANGUAGES[turn % 2], "")


def savers(
    experts: Sequence["ExpertAtWork"], turns: Sequence["count[int]"], port: int, end: float, tally: Tally
) -> list[threading.Thread]:
    return [
        threading.Thread(target=_save, args=(expert, turn, port, end, tally))
        for expert, turn in zip(experts, turns, strict=True)
    ]


def _save(expert: "ExpertAtWork", turns: "count[int]", port: int, end: float, tally: Tally) -> None:
    time.sleep(random.uniform(0, PAUSE))  # noqa: S311
    while time.monotonic() < end:
        turn = next(turns)
        try:
            answer = expert.save(port, f"i{turn % ITEMS}", turn // ITEMS % 5 + 1, turn // ITEMS)
        except (OSError, http.client.HTTPException) as error:
            tally.errors.append(f"save: {error!r}")
            continue
        tally.saves.append(answer.seconds)
        if answer.status != 200:
            tally.errors.append(f"save: {answer.status} {answer.body}")
        time.sleep(max(0, PAUSE - answer.seconds))


def upserters(
    experts: Sequence["ExpertAtWork"], port: int, end: float, tally: Tally
) -> list[threading.Thread]:
    return [threading.Thread(target=_upsert, args=(expert, port, end, tally)) for expert in experts]


def _upsert(expert: "ExpertAtWork", port: int, end: float, tally: Tally) -> None:
    time.sleep(random.uniform(0, PAUSE))  # noqa: S311
    turns = count()
    while time.monotonic() < end:
        turn = next(turns)
        answer = expert.upsert(port, f"i{turn % ITEMS}", turn // ITEMS % 5 + 1)
        tally.upserts.append(answer.seconds)
        time.sleep(max(0, PAUSE - answer.seconds))


def _readers(
    port: int, pages: dict[str, list[str]], end: float, rate: int, tally: Tally
) -> list[threading.Thread]:
    """Return threads that take one request after the other from one timetable."""
    started, places = time.monotonic(), count()
    tags: dict[tuple[int, str], str] = {}

    def work(chance: random.Random) -> None:
        while (due := started + next(places) / rate) < end:
            time.sleep(max(0, due - time.monotonic()))
            kind = chance.choices(list(SHARES), list(SHARES.values()))[0]
            reader, address = chance.randrange(READERS), chance.choice(pages[kind])
            # A browser that has the page asks whether it still holds; two in three readers are new.
            tag = tags.get((reader, address), "") if reader % 3 == 0 else ""
            source = f"127.{2 + reader // 250}.0.{1 + reader % 250}"
            try:
                status, etag = get(port, address, source, LANGUAGES[reader % 2], tag)
            except (OSError, http.client.HTTPException) as error:
                tally.errors.append(f"{address}: {error!r}")
                continue
            tags[reader, address] = etag
            tally.seconds.append(time.monotonic() - due)
            tally.statuses[status] += 1
            if status not in (200, 304):
                tally.errors.append(f"{address}: {status}")

    return [threading.Thread(target=work, args=(random.Random(seed),)) for seed in range(THREADS)]  # noqa: S311


def get(port: int, address: str, source: str, language: str, tag: str) -> tuple[int, str]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    try:
        headers = {"User-Agent": BROWSER, "Accept-Language": language, "Accept": "text/html,*/*;q=0.8"}
        link.request("GET", address, headers=headers | ({"If-None-Match": tag} if tag else {}))
        response = link.getresponse()
        response.read()
    finally:
        link.close()
    return response.status, response.getheader("ETag", "")


def together(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _print(quiet: Tally, busy: Tally, seconds: float, rate: int) -> None:
    print(f"{rate} readers a second and {EXPERTS} experts for {seconds:g} s, load {os.getloadavg()[0]:.1f}")
    print(f"read {len(busy.seconds)} ({len(busy.seconds) / seconds:.0f} a second), {dict(busy.statuses)}")
    print(f"errors {len(busy.errors)}, of the saves alone before {len(quiet.errors)}")
    for name, taken in (("pages", busy.seconds), ("saves", busy.saves), ("saves alone", quiet.saves)):
        print(f"{name:12} {percentiles(taken)} of {len(taken)}")
    for error, times in Counter(busy.errors + quiet.errors).most_common(5):
        print(f"{times} x {error}")


def percentiles(taken: list[float]) -> str:
    from benchmarks.autosave import percentile

    return "   ".join(f"p{share} {percentile(taken, share) * 1000:7.1f} ms" for share in (50, 95, 99))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=int, default=300)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
