"""``python -m benchmarks.soak``: a hundred experts save every three seconds; nothing fails or is lost."""

import argparse
import http.client
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.serving import ExpertAtWork

EXPERTS, ITEMS = 100, 90
PAUSE = 3.0


class Record:
    """What was acknowledged, by ballot and item, and how long it took."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], tuple[int, int]] = {}
        self.seconds: list[float] = []
        self.bare_seconds: list[float] = []
        self.errors: list[str] = []


def main() -> int:
    """Run on a database of its own; return 1 after an error or a loss."""
    options = _options()
    with (
        tempfile.TemporaryDirectory(prefix="quanheng-soak-") as name,
        database(options.database, Path(name)) as url,
    ):
        os.environ |= {
            "QUANHENG_VAR": name,
            "DATABASE_URL": url,
            "REDIS_URL": f"redis+socket://{name}/no-broker.sock",
            "DJANGO_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        import django

        django.setup()
        return soak(Path(name), options.minutes * 60, options.database)


def soak(folder: Path, seconds: float, database: str) -> int:
    """Load both servers at once, with the same saves; print what came of them."""
    from django.core.management import call_command
    from django.db import connections

    from benchmarks.serving import BARE, PRODUCT, enrol, serving

    call_command("migrate", verbosity=0)
    experts, others = enrol(EXPERTS, ITEMS), enrol(EXPERTS, ITEMS)
    connections.close_all()
    record = Record()
    with serving(PRODUCT, folder / "product.log") as ours, serving(BARE, folder / "bare.log") as bare:
        end = time.monotonic() + seconds
        threads = [
            threading.Thread(target=_work, args=(expert, other, ours, bare, end, record))
            for expert, other in zip(experts, others, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lost = _count_lost(record)
    _print(record, lost, seconds, database)
    return int(bool(lost or record.errors))


def _work(
    expert: "ExpertAtWork", other: "ExpertAtWork", ours: int, bare: int, end: float, record: Record
) -> None:
    """Save now to the product and half a pause later to the bare view, until the end."""
    time.sleep(random.uniform(0, PAUSE))  # noqa: S311
    turn = 0
    while time.monotonic() < end:
        code, value, seen = f"i{turn % ITEMS}", turn // ITEMS % 5 + 1, turn // ITEMS
        try:
            answer = expert.save(ours, code, value, seen)
            record.seconds.append(answer.seconds)
            if answer.status == 200:
                record.stored[expert.ballot, code] = (value, seen + 1)
            else:
                record.errors.append(f"{answer.status} {answer.body}")
            time.sleep(max(0, PAUSE / 2 - answer.seconds))
            answer = other.upsert(bare, code, value)
            record.bare_seconds.append(answer.seconds)
            time.sleep(max(0, PAUSE / 2 - answer.seconds))
        except (OSError, http.client.HTTPException) as error:
            record.errors.append(repr(error))
        turn += 1


def _count_lost(record: Record) -> int:
    """Count the acknowledged answers that are not stored as they were acknowledged."""
    from weighting.models import Score

    rows = Score.objects.values_list("ballot_id", "indicator__code", "value", "revision")
    stored = {(str(ballot), code): (value, revision) for ballot, code, value, revision in rows}
    return sum(stored.get(key) != acknowledged for key, acknowledged in record.stored.items())


def _print(record: Record, lost: int, seconds: float, database: str) -> None:
    from benchmarks.autosave import percentile

    print(f"{EXPERTS} experts, one save every {PAUSE:g} s, {seconds / 60:g} minutes on {database}")
    print(f"saves {len(record.seconds)}, errors {len(record.errors)}, lost {lost}")
    for name, taken in (("autosave", record.seconds), ("bare upsert", record.bare_seconds)):
        p50, p95, p99 = (percentile(taken, share) * 1000 for share in (50, 95, 99))
        print(f"{name:12} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms   p99 {p99:7.1f} ms   of {len(taken)} saves")
    for error in record.errors[:5]:
        print(error)


@contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    if name == "sqlite":
        yield f"sqlite:///{folder}/soak.sqlite3"
        return
    from benchmarks.processes import postgres

    with postgres(folder / "postgres") as url:
        yield url


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
