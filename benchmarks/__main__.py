"""``python -m benchmarks``: the product beside its floors; a table, and build/bench.json.

On two free cores it takes about ten minutes; on busy ones, a multiple of that.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path


def main() -> None:
    """Run everything on a database of its own, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="quanheng-bench-") as folder:
        os.environ |= {
            "QUANHENG_VAR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
            "REDIS_URL": f"redis+socket://{folder}/no-broker.sock",
            "DJANGO_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        import django

        django.setup()
        from django.core.management import call_command

        from benchmarks import autosave, bulk, coherence, import_pages, imports, mixed, studies
        from benchmarks.engine import growth_rows, peer_rows
        from benchmarks.recompute import recompute_rows
        from benchmarks.uncertainty import rows

        call_command("migrate", verbosity=0)
        steps: list[Callable[[], list[dict[str, object]]]] = [
            partial(peer_rows, Path(folder)),
            growth_rows,
            recompute_rows,
            bulk.rows,
            imports.rows,
            import_pages.rows,
            rows,
            mixed.rows,
            studies.rows,
            coherence.rows,
            partial(autosave.rows, Path(folder)),
        ]
        results = _run(steps)
    target = Path(__file__).resolve().parent.parent / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    print(f"\nWritten to {target}")


def _run(steps: Sequence[Callable[[], list[dict[str, object]]]]) -> list[dict[str, object]]:
    """Take step after step and print its rows at once, with the time and the load of the machine."""
    started, results = time.monotonic(), []
    print(f"{'':72} {'ours':>10} {'reference':>13} {'ratio':>7} {'goal':>6}")
    for step in steps:
        for row in step():
            _print(row)
            results.append(row)
        minutes, load = (time.monotonic() - started) / 60, os.getloadavg()[0]
        print(f"  after {minutes:.1f} minutes, at a load of {load:.1f}", flush=True)
    return results


def _print(row: dict[str, object]) -> None:
    print(
        f"{row['name']:72} {row['ours']:>8.2f} {row.get('unit', 'ms')} {row['reference']:>10.2f}"
        f" {row.get('unit', 'ms')} {row['ratio']:>7.2f} {row['goal']:>6} ({row['better']} is better)"
    )


if __name__ == "__main__":
    main()
