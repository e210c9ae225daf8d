"""Which build of the program this is: a fingerprint of everything that decides what an answer says."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

# The translations compiled from the catalogues say the same as these; packages are pinned by name.
SOURCES = {
    "config": "*.py",
    "weighting": "*.py",
    "indexer": "*.py",
    "templates": "*",
    "static": "*",
    "locale": "*.po",
    ".": "requirements*.txt",
}


def build_fingerprint(root: Path) -> str:
    """Return the SHA-256 of the program's files by name and content, the same wherever they lie."""
    digest = hashlib.sha256()
    for path in _files(root):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for folder, pattern in SOURCES.items():
        found = (root / folder).glob(pattern) if folder == "." else (root / folder).rglob(pattern)
        yield from sorted(path for path in found if path.is_file())
