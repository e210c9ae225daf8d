"""``python -m benchmarks.flood``: strangers ask for what costs most without a pause while experts save.

Sixteen at once for ten minutes in all, in a process of their own, each with an address of its own on the
loopback network. Of each kind of flood the saves are timed beside it, and alone just before, since other
programs may keep the machine busy. As many experts save to a bare view that nobody floods, on the same
processors and the same file: what slows it is the machine.
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
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path

from benchmarks.installations import prepare
from benchmarks.readers import EXPERTS, ITEMS, LANGUAGES, Tally, get, percentiles, savers, together, upserters

CLIENTS = 16


def main() -> int:
    """Run on a database of its own that holds the demonstration; return 1 where the promise was missed."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="quanheng-flood-") as name:
        os.environ |= {
            "QUANHENG_VAR": name,
            "DATABASE_URL": f"sqlite:///{name}/flood.sqlite3",
            "REDIS_URL": f"redis+socket://{name}/no-broker.sock",
            "DJANGO_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        import django

        django.setup()
        return flood(Path(name), options.seconds)


def flood(folder: Path, seconds: float) -> int:
    """Measure the saves alone, then beside each kind of flood; print both, and whether the promise held."""
    from django.db import connections

    from benchmarks.serving import BARE, PRODUCT, enrol, serving

    prepare(demo=True)
    floods = _floods()
    experts, others = enrol(EXPERTS, ITEMS), enrol(EXPERTS, ITEMS)
    connections.close_all()
    turns, missed = [count() for _expert in experts], 0
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as strangers,
        serving(PRODUCT, folder / "product.log") as port,
        serving(BARE, folder / "bare.log") as bare,
    ):
        # The process is there before anything is timed.
        strangers.submit(os.getpid).result()

        def saving(end: float, tally: Tally) -> list[threading.Thread]:
            return [*savers(experts, turns, port, end, tally), *upserters(others, bare, end, tally)]

        for kind, addresses in floods.items():
            quiet, busy = Tally(), Tally()
            together(saving(time.monotonic() + seconds / 2, quiet))
            asking = strangers.submit(ask_without_a_pause, port, addresses, seconds)
            together(saving(time.monotonic() + seconds, busy))
            missed += not _print(kind, asking.result(), quiet, busy)
    return int(missed > 0)


def _floods() -> dict[str, list[str]]:
    """Return addresses of each kind; those of units are many, so that what is kept helps little."""
    from django.urls import reverse

    from indexer.models import Run
    from indexer.selectors.published import released_editions

    run = Run.objects.get(pk=released_editions().get().run_id)
    units, export = run.data_set.city_ids, reverse("indexer:run-export", args=[run.pk])
    return {
        "one picture": [reverse("indexer:run-picture", args=[run.pk, "composition", "svg"])],
        "pictures of units": [reverse("indexer:run-city-picture", args=[run.pk, pk, "svg"]) for pk in units],
        "files": [f"{export}?format={kind}" for kind in ("csv", "xlsx")],
        "packages, reports": [
            reverse("indexer:run-package", args=[run.pk]),
            reverse("indexer:run-audit-pdf", args=[run.pk]),
            reverse("indexer:api-run-report-pdf", args=[run.pk]),
            reverse("indexer:api-run-report-files", args=[run.pk]),
        ],
        "pages": [reverse("indexer:run-city", args=[run.pk, pk]) for pk in units],
        "other weights": [reverse("indexer:run-what-if", args=[run.pk])],
    }


def ask_without_a_pause(port: int, addresses: Sequence[str], seconds: float) -> Counter[str]:
    """Return what was answered to all strangers: how often each status, and each error without one."""
    end, answers = time.monotonic() + seconds, Counter[str]()

    def work(number: int) -> None:
        chance = random.Random(number)  # noqa: S311
        source, language = f"127.3.0.{number + 1}", LANGUAGES[number % 2]
        while time.monotonic() < end:
            try:
                status, _tag = get(port, chance.choice(addresses), source, language, "")
            except (OSError, http.client.HTTPException) as error:
                answers[repr(error)] += 1
            else:
                answers[str(status)] += 1

    together([threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)])
    return answers


def _print(kind: str, answers: Counter[str], quiet: Tally, busy: Tally) -> bool:
    """Print what was measured; return whether the promise held and every save was taken."""
    from benchmarks.autosave import percentile

    alone, beside = (percentile(tally.saves, 95) for tally in (quiet, busy))
    is_held = beside <= 2 * alone + 0.05
    bare_alone, bare_beside = (percentile(tally.upserts, 95) for tally in (quiet, busy))
    held = "held" if is_held else "missed"
    print(f"{kind} (load {os.getloadavg()[0]:.1f}): {dict(answers)}, promise {held}")
    for name, tally in (("alone", quiet), ("beside", busy)):
        print(
            f"  saves {name:6} {percentiles(tally.saves)} of {len(tally.saves)}, errors {len(tally.errors)}"
        )
        print(f"  bare  {name:6} {percentiles(tally.upserts)} of {len(tally.upserts)}")
    print(f"  p95 beside to alone: saves {beside / alone:.1f}, bare {bare_beside / bare_alone:.1f}")
    print(f"  p95 of saves to bare: alone {alone / bare_alone:.1f}, beside {beside / bare_beside:.1f}")
    errors = Counter(quiet.errors + busy.errors)
    for error, times in errors.most_common(3):
        print(f"  {times} x {error}")
    return is_held and not errors


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flood", description=__doc__)
    parser.add_argument("--seconds", type=float, default=100, help="of each kind")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
