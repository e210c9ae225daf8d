"""``manage.py export_site``: a whole static copy of a published index."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from indexer.management.released import released_edition
from indexer.management.static_files import require_static_files
from indexer.views.public.static_copy import MOST_PROFILES, StaticCopy


class Command(BaseCommand):
    """What strangers see of an edition, in files that need no server but one for files."""

    help = "Write a static copy of a published index: pages, profiles, sliders, package; links are relative."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the index, as in its address /i/NAME/")
        parser.add_argument("--edition", type=int, help="number of the edition; the newest without it")
        parser.add_argument("--out", required=True, type=Path, help="folder to write, new or empty")
        parser.add_argument(
            "--profiles",
            type=int,
            default=MOST_PROFILES,
            help=f"how many units, the first in rank, get a page of their own (default {MOST_PROFILES})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_static_files()
        edition = released_edition(options["name"], options["edition"])
        out: Path = options["out"]
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise CommandError(f"{out} is there and not an empty folder: choose another --out.")
        copy = StaticCopy(edition, options["profiles"])
        draft = out.with_name(f"{out.name}.draft")
        if draft.exists():
            raise CommandError(f"{draft} is left over from an attempt that was broken off: remove it first.")
        count, size = _write(copy, draft)
        if out.exists():
            out.rmdir()
        # Whoever serves the folder never sees half of it.
        draft.rename(out)
        self.stdout.write(f"Wrote {count} files, {size / 1e6:.1f} MB, to {out}.")
        if copy.tried is None:
            self.stdout.write("Without sliders: no browser can compute this index.")
        if (left := len(copy.ranking.cities) - len(copy.profiled)) > 0:
            self.stdout.write(f"{left} units have no page of their own (--profiles); the package has all.")


def _write(copy: StaticCopy, folder: Path) -> tuple[int, int]:
    """Write all files; return how many, and their bytes."""
    count = size = 0
    for name, content in copy.files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        count, size = count + 1, size + len(content)
    return count, size
