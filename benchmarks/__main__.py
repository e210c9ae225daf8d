"""``python -m benchmarks``: the product beside its floors; a table, and build/bench.json."""

import json
import os
import tempfile
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

        from benchmarks import autosave, studies
        from benchmarks.engine import growth_rows, peer_rows
        from benchmarks.recompute import recompute_rows
        from benchmarks.uncertainty import rows

        call_command("migrate", verbosity=0)
        results = [
            *peer_rows(Path(folder)),
            *growth_rows(),
            *recompute_rows(),
            *rows(),
            *studies.rows(),
            *autosave.rows(Path(folder)),
        ]
    _print(results)
    target = Path(__file__).resolve().parent.parent / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    print(f"\nWritten to {target}")


def _print(results: list[dict[str, object]]) -> None:
    print(f"{'':64} {'ours':>10} {'reference':>10} {'ratio':>7} {'goal':>6}")
    for row in results:
        print(
            f"{row['name']:64} {row['ours']:>8.2f} ms {row['reference']:>7.2f} ms {row['ratio']:>7.2f}"
            f" {row['goal']:>6} ({row['better']} is better)"
        )


if __name__ == "__main__":
    main()
